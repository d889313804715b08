# Guards of single routes:
#
#   micropython guards.py PORT
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_body=1000)


def trace(name):
    """A guard that leaves its name."""

    def guard(r):
        r.trace = getattr(r, "trace", "") + name

    return guard


def signed_in(r):
    r.user = r.args.get("user")
    if r.user is None:
        return {"error": "who are you?"}, 401, {"WWW-Authenticate": "Test"}
    if r.user == "raise":
        web.abort(403, "not you")
    if r.user == "fault":
        raise ValueError("in the guard")


async def slowly(r):
    await asyncio.sleep_ms(1)
    return signed_in(r)


@app.get("/free")
@app.get("/", before=signed_in)
@app.get("/slowly", before=slowly)
@app.get("/users/<name>", before=signed_in)
def index(r, name=""):
    return "hello {} {}".format(getattr(r, "user", "nobody"), name)


@app.get("/waits", before=slowly)
async def waits(r):
    await asyncio.sleep_ms(1)
    return "waited for " + r.user


@app.get("/pieces", before=signed_in)
def pieces(r):
    yield "a piece for "
    yield r.user


@app.get("/pieces-slowly", before=slowly)
async def pieces_slowly(r):
    yield "a piece for "
    await asyncio.sleep_ms(1)
    yield r.user


@app.get("/order", before=[trace("1"), trace("2"), trace("3")])
@app.get("/order/slowly", before=(trace("1"), slowly, trace("2")))
def order(r):
    return r.trace


@app.post("/read", before=signed_in)
@app.put("/read", before=signed_in, max_body=5000)
@app.patch("/read", before=slowly)
@app.delete("/read", before=slowly)
async def read(r):
    return await r.body()


async def first_bytes(r):
    r.trace = str(await r.read(2), "utf-8")


@app.post("/guard-reads", before=first_bytes)
async def guard_reads(r):
    return r.trace + "|" + str(await r.read(), "utf-8")


@app.on("/on", ("get", "Post", "PURGE"), before=signed_in, max_body=10)
@app.on("/on-free", methods=["PURGE"])
async def on(r):
    return r.method + (await r.body()).decode()


@app.route("/raw", before=signed_in)
async def raw(r, w):
    w.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + r.user)


async def raw_slowly(r, w):
    await raw(r, w)


app.add_handler("/raw-slowly", raw_slowly, ("GET", "PURGE"), before=slowly)


@app.route("/raw-generator", before=signed_in)
async def raw_generator(r, w):
    yield "a piece"


@app.websocket("/ws", before=signed_in, max_message=100)
@app.websocket("/ws-slowly", before=slowly)
async def talk(r, ws):
    await ws.send("hello " + r.user)
    async for message in ws:
        await ws.send(message)


@app.sse("/events", before=signed_in, retry=0.007)
@app.sse("/events-slowly", before=slowly)
async def events(r, stream):
    await stream.send("hello " + r.user)


app.static("/files", sys.argv[0].rsplit("/", 1)[0], before=signed_in)
app.static("/files-slowly", sys.argv[0].rsplit("/", 1)[0], before=[slowly])


# -- hooks, errors and mounted apps


@app.before_request
def count(r):
    if "hooked" in r.args:
        r.trace = "hook "


@app.errorhandler(401)
def unauthorized(r):
    return "handled", 401


@app.errorhandler(403)
def forbidden(r):
    return "handled " + r.path, 403


inner = web.App()
inner.before_request(trace("inner "))


@inner.get("/x", before=trace("route "))
@inner.get("/y")
def inside(r):
    return r.trace


app.mount(inner, "/mounted", before=[trace("mount "), signed_in])
outer = web.App()
outer.mount(inner, "/inner")
app.mount(outer, "/outer", before=trace("outer "))


@inner.get("/later")
def later(r):
    return r.trace


# -- what can't be


@app.get("/refused")
def refused(r):
    tries = {
        "str": lambda: app.on("/a", "GET"),
        "route": lambda: app.route("/a", "GET"),
        "callable": lambda: app.get("/a", before="guard"),
        "callables": lambda: app.get("/a", before=[signed_in, None]),
        "option": lambda: app.post("/a", befor=signed_in),
        "mount": lambda: app.mount(web.App(), "/m", befor=signed_in),
    }
    try:
        tries[r.args["what"]]()
    except TypeError as e:
        return str(e)


app.run()
