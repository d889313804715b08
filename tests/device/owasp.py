# An application with all that has to do with who somebody is, as a program would have it:
#
#   micropython owasp.py PORT [CERT KEY]
import sys

import web

KEY = b"key-geheim-0123456789"
TOKEN = "token-geheim"
users = {"ada": web.hash_password("pass-geheim", 50)}
app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=6)
secure = len(sys.argv) > 3
name = "__Host-session" if secure else "session"
session = web.Session(app, KEY, 1000, name, login="/login", secure=secure)


def check(name, password):
    if password == "fault-geheim":
        raise ValueError("the database is away")
    return web.check_password(password, users.get(name))


@app.get("/login")
def page(r):
    return "sign in"


@app.post("/login", before=web.paced)
async def login(r):
    form = await r.form()
    name = form.get("user", "")
    if not web.check_password(form.get("password"), users.get(name)):
        await web.failed(r)
        web.abort(403, "wrong name or password")
    r.session = {"user": name}
    return web.redirect("/", 303)


@app.post("/logout")
def logout(r):
    r.session.clear()
    return web.redirect("/login", 303)


@app.on("/", ("GET", "POST"), before=session.required)
def index(r):
    return "Hello " + r.user


@app.get("/cached", before=session.required)
def cached(r):
    return "Hello", {"cache-control": "private, max-age=5"}


@app.get("/before")
def before(r):
    """A page that begins a session before anybody has signed in."""
    r.session["cart"] = r.args.get("cart", "1")
    return "before"


@app.get("/public")
def public(r):
    return "public"


@app.get("/basic", before=web.basic(check))
@app.get("/bearer", before=web.bearer(lambda token: web.same(token, TOKEN)))
def guarded(r):
    return "in"


@app.get("/link", before=session.required)
def link(r):
    return session.sign("report", 60)


@app.get("/report")
def report(r):
    if session.verify(r.args.get("token")) != "report":
        web.abort(403)
    return 1 / 0  # after it has seen the token


@app.post("/set")
async def set_cookie(r):
    """What a client sent becomes a cookie, a field, a place."""
    data = await r.json()
    response = web.Response("set")
    if data["what"] == "cookie":
        response.set_cookie("secret", data["value"])
    elif data["what"] == "field":
        response.headers["X-Secret"] = data["value"]
    elif data["what"] == "session":
        r.session["secret"] = data["value"]
    else:
        response = web.redirect(data["value"])
    return response


@app.get("/hash")
def make_hash(r):
    return web.hash_password("pass-geheim")


@app.websocket("/ws", before=web.basic(check))
async def talk(r, ws):
    await ws.send(r.user)


web.ota(app, "ota-geheim", file="image.bin")
web.protect(app, ["board.local"])
context = None
if secure:
    try:
        import ssl
    except ImportError:
        import tls as ssl  # all that some firmware has

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with open(sys.argv[2], "rb") as cert, open(sys.argv[3], "rb") as key:
        context.load_cert_chain(cert.read(), key.read())
app.run(ssl=context)
