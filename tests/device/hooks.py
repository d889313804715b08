# Hooks, error handlers and mounted applications:
#
#   micropython hooks.py PORT
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
order = []  # of what happened in a request


def trace(name):
    """A before_request hook that leaves its name."""

    def hook(r):
        order.append(name)

    return hook


def stamp(name):
    """An after_request hook that does."""

    def hook(r, response):
        order.append(name)
        response.headers["X-Order"] = " ".join(order)

    return hook


@app.before_request
async def clear(r):
    order.clear()


@app.before_request
async def body_first(r):
    if r.path == "/hook-reads-body":
        order.append(str(len(await r.body())))


app.before_request(trace("first"))


@app.before_request
async def short_circuit(r):
    order.append("second")
    if "stop" in r.args:
        return {"stopped": r.args["stop"]}, 203
    if "abort" in r.args:
        web.abort(403, "by a hook")
    if "hook-fault" in r.args:
        raise ValueError("hook-fault")


app.before_request(trace("third"))


@app.before_request
def log_in(r):
    if "user" in r.args:
        r.user = r.args["user"]


@app.get("/who")
def who(r):
    return getattr(r, "user", "nobody")


@app.after_request
async def replace(r, response):
    if "replace" in r.args:
        return "replaced"
    if "replace-all" in r.args:
        return web.Response("replaced", 299, {"X-New": "1"})
    if "after-fault" in r.args:
        raise ValueError("after-fault")
    response.headers["X-After"] = str(response.status)
    response.set_cookie("seen", "1")


app.after_request(stamp("after"))


@app.get("/")
@app.get("/p/<x>")
@app.post("/")
async def index(r, x=None):
    order.append("handler")
    return "index"


@app.post("/hook-reads-body")
async def hook_reads_body(r):
    return await r.body()


@app.get("/none")
def none(r):
    return None


@app.get("/stream")
def stream(r):
    yield "a"
    yield "b"


@app.route("/raw")
async def raw(r, w):
    w.write("HTTP/1.1 200 OK\r\n\r\nraw")


# -- errors


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle):
    pass


class BadHandler(Exception):
    pass


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("what is said of it")


@app.errorhandler(404)
async def not_found(r):
    return {"missing": r.path}, 404


@app.errorhandler(405)
def not_allowed(r):
    return "not so"


@app.errorhandler(500)
def server_error(r):
    return "sorry"


@app.errorhandler(410)
def gone(r):
    raise ValueError("in the handler of 410")


@app.errorhandler(ArithmeticError)
def arithmetic(r, e):
    return "arithmetic " + type(e).__name__


@app.errorhandler(Base)
def base(r, e):
    return "base " + str(e)


@app.errorhandler(Middle)
async def middle(r, e):
    return "middle " + str(e), 409


@app.errorhandler(TypeError)
def unsendable(r, e):
    return object()


@app.errorhandler(BadHandler)
def bad_handler(r, e):
    raise KeyError("in the handler of BadHandler")


ERRORS = {
    "base": lambda: Base("b"),
    "middle": lambda: Middle("m"),
    "leaf": lambda: Leaf("l"),
    "zero": lambda: ZeroDivisionError("z"),
    "value": lambda: ValueError("v"),
    "bad": lambda: BadHandler("x"),
    "unspeakable": lambda: Unspeakable(),
    "unsendable": lambda: TypeError("u"),
    "410": lambda: web.HTTPException(410),
    "404": lambda: web.HTTPException(404),
    "418": lambda: web.HTTPException(418, None, "X-Pot: small\r\n"),
}


@app.get("/raise/<kind>")
async def raise_one(r, kind):
    raise ERRORS[kind]()


@app.get("/raise-late/<kind>")
async def raise_late(r, kind):
    await asyncio.sleep_ms(1)
    raise ERRORS[kind]()


@app.route("/raw-raise")
async def raw_raise(r, w):
    raise Leaf("raw")


# -- mounted apps: one with its routes before, one after, and one in another

early = web.App()


@early.get("/")
def early_index(r):
    order.append("handler")
    return "early"


@early.get("/<int:n>")
def early_n(r, n):
    return "early {}".format(n)


early.before_request(trace("early"))
early.after_request(stamp("after early"))
app.mount(early, "/early")

late = web.App()
app.mount(late, prefix="/late")
inner = web.App()
late.mount(inner, "/inner")


@late.get("/x")
@inner.get("/x")
@inner.post("/<name>")
def mounted(r, name=None):
    order.append("handler")
    return "mounted at " + r.path


@inner.get("/raise/<kind>")
def inner_raise(r, kind):
    raise ERRORS[kind]()


@inner.route("/raw")
async def inner_raw(r, w):
    w.write("HTTP/1.1 200 OK\r\n\r\ninner raw")


@inner.get("/stop")
def inner_stop(r):
    return "not reached"


late.before_request(trace("late"))
inner.before_request(trace("inner"))
inner.after_request(stamp("after inner"))
late.after_request(stamp("after late"))


@inner.before_request
def inner_short(r):
    if r.path.endswith("/stop"):
        return "stopped inside"


@inner.errorhandler(Base)
def inner_base(r, e):
    return "inner base " + str(e)


@inner.errorhandler(410)
def inner_gone(r):
    return "inner gone"


@late.errorhandler(418)
def late_teapot(r):
    return "late teapot"


app.mount(early, "/again/<name>")


# -- streams behind a hook that waits

waiting = web.App()


@waiting.before_request
async def wait_before(r):
    await asyncio.sleep_ms(1)


@waiting.sse("/events")
async def wait_for_good(r, stream):
    try:
        await asyncio.Event().wait()
    finally:
        print("left", r.path)


app.mount(waiting, "/waiting")


app.run()
