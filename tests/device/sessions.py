# Sessions and tokens:
#
#   micropython sessions.py PORT [CERT KEY]
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
FIRST = b"0123456789abcdef first"
SECOND = b"0123456789abcdef second"
session = web.Session(app, FIRST, max_age=100, login="/login")

# the clock of the board
clock = [800000000]
web.sessions.time = lambda: clock[0]


@app.get("/clock/<int:seconds>")
def set_clock(r, seconds):
    clock[0] = seconds
    return "set"


@app.post("/set")
async def set_values(r):
    r.session.update(await r.json())
    return r.session


@app.post("/replace")
async def replace(r):
    r.session = await r.json()
    return "replaced"


@app.get("/get")
def get(r):
    return r.session


SHARED = web.Response("shared")


@app.get("/shared")
def shared(r):
    if r.args.get("user"):
        r.session["user"] = r.args["user"]
    if "clear" in r.args:
        r.session.clear()
    return SHARED


@app.get("/append")
def append(r):
    r.session["list"].append(1)
    return r.session


@app.get("/clear")
def clear(r):
    r.session.clear()
    return r.session


@app.get("/set-and-fail")
def fail(r):
    r.session["failed"] = True
    web.abort(409)


@app.get("/cookies")
def cookies(r):
    r.session["n"] = 1
    response = web.Response("two")
    response.set_cookie("other", "1")
    return response


@app.get("/pieces")
def pieces(r):
    r.session["late"] = 1  # before the first piece
    yield "a"
    yield "b"


@app.get("/mine", before=session.required)
@app.post("/mine", before=session.required)
def mine(r):
    return r.user


@app.websocket("/ws", before=session.required)
async def talk(r, ws):
    await ws.send(r.session["user"])


@app.sse("/events")
async def events(r, stream):
    await stream.send(r.session.get("user"))


@app.post("/small", max_body=1)
def small(r):
    return "small"


# -- tokens


@app.get("/sign")
def sign(r):
    return session.sign(r.args["text"], int(r.args["seconds"]))


@app.get("/verify")
def verify(r):
    return {"text": session.verify(r.args.get("token"))}


# -- other apps: with two keys, with another name, with another key

rotated = web.App()
web.Session(rotated, [SECOND, FIRST], max_age=100)
named = web.App()
other = web.Session(named, FIRST, max_age=100, name="other", secure=True)
foreign = web.App()
web.Session(foreign, [SECOND], max_age=100)
for each in (rotated, named, foreign):
    each.get("/get")(get)
    each.post("/set")(set_values)


@named.get("/verify")
def verify_other(r):
    return {"text": other.verify(r.args["token"])}


# each serves by itself, for the hooks of one app are called before those mounted in it
async def main():
    context = None
    if len(sys.argv) > 3:
        try:
            import ssl
        except ImportError:
            import tls as ssl  # all that some firmware has

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with open(sys.argv[2], "rb") as cert, open(sys.argv[3], "rb") as key:
            context.load_cert_chain(cert.read(), key.read())
    port = int(sys.argv[1])
    for i, each in enumerate((rotated, named, foreign)):
        if context is None:
            while True:
                try:
                    port += 1
                    await each.start("127.0.0.1", port)
                    break
                except OSError:
                    pass
            print(("rotated", "named", "foreign")[i], port)
    await app.serve(ssl=context)


asyncio.run(main())
