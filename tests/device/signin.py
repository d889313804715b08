# Who may do what: passwords, tokens, sessions.
#
#   micropython signin.py PORT
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=6)
ADA = web.hash_password("geheim", 3)


def check(name, password):
    print("tried", name)
    if name == "fault":
        raise ValueError("in the check")
    return name == "ada" and web.check_password(password, ADA)


async def who(name, password):
    await asyncio.sleep_ms(1)
    if web.same(password, "pässword:with colon"):
        return {"name": name}


@app.get("/basic", before=web.basic(check, "the board"))
@app.get("/async", before=web.basic(who))
def index(r):
    return {"user": r.user}


@app.get("/bearer", before=web.bearer(lambda token: web.same(token, "abc-123") and "robot"))
def robot(r):
    return {"user": r.user}


@app.get("/true", before=web.bearer(lambda token: web.same(token, "abc-123")))
def true(r):
    return {"user": r.user}


@app.websocket("/ws", before=web.basic(check))
async def talk(r, ws):
    await ws.send(r.user)


@app.get("/free")
def free(r):
    return "free"


@app.post("/login", before=web.paced)
async def form(r):
    form = await r.form()
    print("tried a form")
    if not web.same(form.get("password"), "secret"):
        await web.failed(r)
        web.abort(403)
    return "in"


# -- what Python makes of it


@app.post("/same")
async def same(r):
    a, b = await r.json()
    return str(web.same(a, b))


@app.post("/check")
async def check_one(r):
    password, hashed = await r.json()
    try:
        return str(web.check_password(password, hashed))
    except (ValueError, TypeError) as e:
        return repr(e)


@app.post("/hash")
async def hash_one(r):
    password, iterations = await r.json()
    try:
        return web.hash_password(password, iterations)
    except ValueError as e:
        return repr(e)


@app.get("/refused")
def refused(r):
    tries = {
        "realm": lambda: web.basic(check, 'a"b'),
        "line": lambda: web.basic(check, "a\r\nb"),
        "key": lambda: web.Session(app, "short"),
        "keys": lambda: web.Session(app, [b"0123456789abcdef", b"short"]),
        "no key": lambda: web.Session(app, []),
        "none": lambda: web.Session(app, None),
        "password": lambda: web.hash_password(None),
    }
    try:
        tries[r.args["what"]]()
    except (ValueError, TypeError) as e:
        return type(e).__name__


app.run()
