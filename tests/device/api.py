# What an application can do, for tests/test_api.py and tests/test_protocol.py:
#
#   micropython api.py PORT [hooked] [ARGUMENTS OF App AS JSON]
#
# With "hooked" every request passes hooks that change nothing.
import asyncio
import json
import sys

import web

limits = {"max_body": 200000, "max_drain": 50000}
if sys.argv[-1][0] == "{":
    limits.update(json.loads(sys.argv[-1]))
app = web.App("127.0.0.1", int(sys.argv[1]), **limits)
gate = asyncio.Event()

if "hooked" in sys.argv:
    app.before_request(lambda r: None)
    app.after_request(lambda r, response: None)


# -- what handlers return


class Pieces:
    """An asynchronous iterator."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep_ms(0)
        if not self.pieces:
            raise StopAsyncIteration
        return self.pieces.pop(0)


def pieces(*given):
    for piece in given:
        yield piece


async def async_pieces(*given):
    for piece in given:
        yield piece
        await asyncio.sleep_ms(1)


RESULTS = {
    "str": lambda: "text",
    "unicode": lambda: "žluť 😀",
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"\x01\xfe"),
    "dict": lambda: {"name": "Zoë", "n": [1, None, True]},
    "list": lambda: [1, {"a": "b"}],
    "empty": lambda: "",
    "empty-dict": lambda: {},
    "status": lambda: ("made", 201),
    "status-only": lambda: (None, 404),
    "status-204": lambda: (None, 204),
    "dict-status": lambda: ({"error": "x"}, 422),
    "headers": lambda: ("x", 202, {"X-A": "1", "X-N": 5}),
    "headers-only": lambda: ("x", {"X-A": "1"}),
    "headers-list": lambda: ("x", 200, {"X-A": ["1", "2"]}),
    "own-type": lambda: ("a,b", 200, {"content-type": "text/csv"}),
    "none": lambda: None,
    "response": lambda: web.Response(
        "r", status=203, headers={"X-A": ["1", "2"], "X-B": "3"}, type="text/plain"
    ),
    "response-dict": lambda: web.Response({"a": 1}),
    "response-type": lambda: web.Response({"a": 1}, type="application/problem+json"),
    "response-none": lambda: web.Response(),
    "response-204": lambda: web.Response("ignored", 204),
    "response-304": lambda: web.Response("ignored", 304, {"ETag": '"1"'}),
    "strange-status": lambda: ("x", 299),
    "early-status": lambda: ("x", 100),
    "low-status": lambda: ("x", 42),
    "high-status": lambda: ("x", 1000),
    "text-status": lambda: web.Response("x", "200 OK"),
    "negative-length": lambda: web.Response(pieces("x"), headers={"Content-Length": -1}),
    "text-length": lambda: web.Response(pieces("x"), headers={"Content-Length": "x"}),
    "generator": lambda: pieces("one ", b"two ", "thrëe"),
    "async-generator": lambda: async_pieces("one ", b"two ", "thrëe"),
    "iterator": lambda: Pieces("one ", b"two ", "thrëe"),
    "response-generator": lambda: web.Response(
        pieces("one ", b"two ", "thrëe"), 203, {"X-A": "1"}, "text/plain"
    ),
    "response-iterator": lambda: web.Response(Pieces("one ", b"two ", "thrëe"), 203),
    "generator-status": lambda: (web.Response(pieces("a", "b")), 202),
    "empty-pieces": lambda: pieces("", "a", b"", "b", ""),
    "only-empty": lambda: pieces("", b""),
    "iterator-empty": lambda: Pieces(),
    "wrong-type": lambda: 5,
    "wrong-tuple": lambda: ("a", "b"),
    "wrong-piece": lambda: pieces("a", 5),
    "wrong-first-piece": lambda: Pieces(5),
}


@app.get("/plain/<kind>")
def plain(r, kind):
    return RESULTS[kind]()


@app.get("/async/<kind>")
async def immediate(r, kind):
    return RESULTS[kind]()


@app.get("/waits/<kind>")
async def waits(r, kind):
    await asyncio.sleep_ms(1)
    return RESULTS[kind]()


for kind in RESULTS:
    app.get("/literal/" + kind)(lambda r, result=RESULTS[kind]: result())


@app.get("/generator-function")
def generator_function(r):
    yield "a"
    yield b"b"


@app.get("/generator-function/<word>")
def generator_function_with_parameter(r, word):
    yield word


@app.get("/async-generator-function")
async def async_generator_function(r):
    await asyncio.sleep_ms(1)
    yield "a"
    await asyncio.sleep_ms(1)
    yield "ë"


@app.get("/gated")
async def gated(r):
    """The second piece comes only after /open."""
    gate.clear()
    yield "first"
    await gate.wait()
    yield "second"


@app.get("/reset/<kind>")
def reset_content(r, kind):
    return web.Response(RESULTS[kind](), 205)


@app.get("/connection")
def connection(r):
    return web.Response("x", headers={"Connection": (r.query or "").replace("+", " ")})


@app.get("/open")
def open_gate(r):
    gate.set()
    return "open"


@app.get("/broken-stream")
def broken_stream(r):
    yield "first"
    raise ValueError("in a stream")


@app.get("/late-stream")
def late_stream(r):
    yield from ()
    raise ValueError("before a stream")
    yield "never"


@app.get("/closed-stream")
async def closed_stream(r):
    try:
        while True:
            yield b"x" * 1000
            await asyncio.sleep_ms(1)
    finally:
        print("stream closed")


@app.get("/length/<int:given>/<int:sent>")
def own_length(r, given, sent):
    """A stream with a Content-Length of its own."""
    return web.Response(
        pieces(*["x"] * sent), headers={"Content-Length": given, "Transfer-Encoding": "gzip"}
    )


SIZES = {
    "str": lambda n: "s" * n,
    "unicode": lambda n: "é" * n,
    "bytes": lambda n: b"b" * n,
    "memoryview": lambda n: memoryview(bytes(n)),
    "stream": lambda n: pieces("s" * n),
    "unicode-stream": lambda n: pieces("é" * n),
    "list": lambda n: [0] * n,
}


@app.get("/size/<kind>/<int:n>")
def size(r, kind, n):
    return SIZES[kind](n)


@app.get("/fault/<int:n>")
def fault(r, n):
    raise ValueError("fault {}".format(n))


@app.errorhandler(LookupError)
async def lookup_error(r, e):
    return {"unknown": r.path}, 410


@app.errorhandler(422)
def unprocessable(r):
    return "see " + r.path


@app.get("/unprocessable")
def raise_unprocessable(r):
    web.abort(422)


# -- methods

for name in ("get", "post", "put", "patch", "delete"):
    getattr(app, name)("/method")(lambda r, name=name: name)


@app.post("/only-post")
async def only_post(r):
    return await r.body()


@app.get("/")
def index(r):
    return "index"


@app.get("/x")
def x(r):
    return "x"


# -- routes


@app.get("/users/me")
def me(r):
    return {"route": "me"}


@app.get("/users/<int:number>")
def user(r, number):
    return {"route": "int", "number": number}


@app.get("/users/<name>")
def named(r, name):
    return {"route": "name", "name": name, "params": r.params}


@app.get("/users/<name>/edit")
def edit(r, name):
    return {"route": "edit", "name": name}


@app.get("/users/<int:number>/x")
def user_x(r, number):
    return {"route": "int x", "number": number}


@app.get("/users/<path:rest>")
def rest(r, rest):
    return {"route": "path", "rest": rest}


@app.get("/only-int/<int:n>")
def only_int(r, n):
    return {"n": n}


@app.get("/a b/é/<name>")
def encoded(r, name):
    return {"route": "encoded", "name": name}


@app.get("/back/<a>/one")
def back_one(r, a):
    return {"route": "one", "a": a}


@app.get("/back/lit/<b>/two")
def back_two(r, b):
    return {"route": "two", "b": b}


@app.get("/back/<a>/<b>/three")
def back_three(r, a, b):
    return {"route": "three", "a": a, "b": b}


@app.get("/dots/a.b")
def dots(r):
    return "dots"


@app.get("/patterns")
def patterns(r):
    """Whether each of the patterns in a JSON list is accepted."""
    results = []
    for pattern in json.loads(r.args["p"]):
        try:
            web.App().get(pattern)(index)
            results.append(True)
        except ValueError:
            results.append(False)
    return results


@app.get("/other-names")
def other_names(r):
    other = web.App()
    other.get("/<a>")(index)
    try:
        other.post("/<b>")(index)
    except ValueError:
        return "refused"


# -- the request


@app.get("/inspect")
@app.get("/inspect/<a>")
def inspect(r, a=None):
    return {
        "method": r.method,
        "path": r.path,
        "query": r.query,
        "target": r.target,
        "length": r.length,
        "params": r.params,
        "host": r.headers["Host"],
        "x-a": r.headers.get("x-a"),
        "none": r.headers.get("x-none"),
        "cookies": r.cookies,
        "peer": type(r.addr).__name__,
    }


@app.get("/args")
def args(r):
    a = r.args
    try:
        a["missing"]
        missing = "found"
    except KeyError:
        missing = "KeyError"
    return {
        "a": a.get("a"),
        "item": a["a"] if "a" in a else None,
        "all": a.getlist("a"),
        "n": a.get("n", 7, type=int),
        "n-no-default": a.get("n", type=int),
        "none": a.getlist("none"),
        "missing": missing,
        "items": sorted(a.items()),
        "names": sorted(a),
        "same": r.args is a,
    }


@app.get("/unknown-attribute")
def unknown_attribute(r):
    try:
        return str(r.no_such_thing)
    except AttributeError as e:
        return "AttributeError " + str(e)


@app.get("/headers")
def headers(r):
    return [[n, v] for n, v in r.headers.items()]


# -- bodies


@app.post("/body")
async def body(r):
    first = await r.body()
    return {"length": r.length, "same": await r.body() is first, "body": str(first, "utf-8")}


@app.post("/echo")
@app.put("/echo/<name>")
async def echo(r, name=None):
    return await r.body()


@app.post("/slow-echo")
async def slow_echo(r):
    await asyncio.sleep_ms(50)
    return await r.body()


@app.get("/slow/<int:ms>")
async def slow(r, ms):
    await asyncio.sleep_ms(ms)
    return str(ms)


@app.post("/json")
async def read_json(r):
    return {"value": await r.json()}


@app.post("/form")
async def form(r):
    f = await r.form()
    return {"items": [[n, v] for n, v in sorted(f.items())], "a": f.get("a"), "all": f.getlist("a")}


@app.post("/iterate", max_body=4000000)
async def iterate(r):
    total = longest = 0
    async for chunk in r:
        total += len(chunk)
        longest = max(longest, len(chunk))
    return {"total": total, "longest": longest}


@app.post("/gated-upload", max_body=64000000)
async def gated_upload(r):
    """Takes nothing after the first piece until /open."""
    gate.clear()
    total = 0
    async for chunk in r:
        if not total:
            print("first piece")
            await gate.wait()
        total += len(chunk)
    return str(total)


@app.post("/save", max_body=2000000)
async def save(r):
    return str(await r.save(r.args["path"]))


@app.post("/small", max_body=10)
async def small(r):
    return await r.body()


@app.post("/stubborn")
async def stubborn(r):
    seen = [str(await r.read(1), "utf-8")]
    for _ in range(3):
        try:
            seen.append(str(await r.read(), "utf-8"))
        except web.HTTPException as e:
            seen.append(e.status)
    return seen + [r.unread]


@app.post("/ignore")
def ignore(r):
    return "ignored"


@app.post("/ignore-late")
async def ignore_late(r):
    await asyncio.sleep_ms(1)
    return "ignored"


@app.post("/part")
async def part(r):
    return await r.read(3)


@app.post("/read/<int:n>")
async def read(r, n):
    pieces = []
    while True:
        piece = await r.read(n)
        if not piece:
            break
        pieces.append(str(piece, "utf-8"))
    return pieces


@app.post("/readinto/<int:n>")
async def readinto(r, n):
    buf = bytearray(n)
    body = b""
    while True:
        got = await r.readinto(buf)
        if not got:
            break
        body += buf[:got]
    return body


@app.post("/readline")
async def readline(r):
    lines = []
    while True:
        line = await r.readline()
        if not line:
            return lines
        lines.append(str(line, "utf-8"))


@app.post("/readexactly")
async def readexactly(r):
    first = str(await r.readexactly(3), "utf-8")
    try:
        await r.readexactly(100)
    except EOFError:
        return [first, "EOFError"]


@app.post("/mixed")
async def mixed(r):
    return [
        str(await r.readline(), "utf-8"),
        str(await r.read(2), "utf-8"),
        str(await r.readexactly(3), "utf-8"),
        str(await r.body(), "utf-8"),
    ]


# -- cookies


@app.get("/cookies")
def cookies(r):
    response = web.Response("cookies")
    response.set_cookie("plain", "1")
    response.set_cookie(
        "all",
        "v",
        max_age=3600,
        expires="Wed, 09 Jun 2032 10:18:14 GMT",
        path="/p",
        domain="example.com",
        secure=True,
        http_only=True,
        same_site="Strict",
        partitioned=True,
    )
    response.set_cookie("pathless", "", path=None)
    response.delete_cookie("gone", path="/p", domain="example.com")
    return response


SHARED = {"Set-Cookie": ["theme=dark"], "X-Shared": "1"}


@app.get("/shared-headers/<name>")
def shared_headers(r, name):
    response = web.Response("x", headers=SHARED)
    response.headers["X-Name"] = name
    response.set_cookie("name", name)
    return response


@app.get("/cookie-after-str")
def cookie_after_str(r):
    response = web.Response("x", headers={"Set-Cookie": "a=1"})
    response.set_cookie("b", "2")
    return response


# -- what can't be sent


def cookie(*args, **kwargs):
    response = web.Response("x")
    response.set_cookie(*args, **kwargs)
    return response


INJECTIONS = (
    lambda: ("x", 200, {"X-A\r\nInjected": "1"}),
    lambda: ("x", 200, {"X-A: 1\r\nInjected": "1"}),
    lambda: ("x", 200, {"X A": "1"}),
    lambda: ("x", 200, {"": "1"}),
    lambda: ("x", 200, {"X-\0": "1"}),
    lambda: ("x", 200, {"X-é": "1"}),
    lambda: ("x", 200, {"X-A": "1\r\nInjected: 1"}),
    lambda: ("x", 200, {"X-A": "1\nInjected: 1"}),
    lambda: ("x", 200, {"X-A": "1\rInjected: 1"}),
    lambda: ("x", 200, {"X-A": "1\0"}),
    lambda: ("x", 200, {"X-A": ["1", "2\r\nInjected: 1"]}),
    lambda: web.Response("x", type="text/plain\r\nInjected: 1"),
    lambda: web.Response("x", headers={"Connection": "x\r\nInjected: 1"}),
    lambda: web.Response(pieces("x"), headers={"Content-Length": "1\r\nInjected: 1"}),
    lambda: cookie("a\r\nInjected", "1"),
    lambda: cookie("a=b;c", "1"),
    lambda: cookie("", "1"),
    lambda: cookie("a", "1\r\nInjected: 1"),
    lambda: cookie("a", "1; Domain=evil"),
    lambda: cookie("a", "1\0"),
    lambda: cookie("a", "1", path="/\r\nInjected: 1"),
    lambda: cookie("a", "1", path="/; Domain=evil"),
    lambda: cookie("a", "1", domain="a;b"),
    lambda: cookie("a", "1", expires="x; Domain=evil"),
    lambda: cookie("a", "1", same_site="Lax\nInjected: 1"),
    lambda: cookie("a", "1", max_age="1; Secure"),
    lambda: web.redirect("/\r\nInjected: 1"),
    lambda: web.redirect("/\nInjected: 1"),
    lambda: web.redirect("/\0"),
    lambda: web.abort(400, headers="X-A: 1\nInjected: 1\r\n"),
    lambda: web.abort(400, headers="X-A: 1\0\r\n"),
    lambda: web.abort(400, headers="Injected\r\n"),
    lambda: web.abort(400, headers={"X-A": "1\r\nInjected: 1"}),
)


@app.get("/inject/count")
def injections(r):
    return str(len(INJECTIONS))


@app.get("/inject/<int:n>")
def inject(r, n):
    return INJECTIONS[n]()


@app.get("/inject-location")
def inject_location(r):
    return web.redirect(r.args["to"])


@app.get("/mark/<name>")
def mark(r, name):
    print("mark", name)
    return ""


# -- redirect, abort

REDIRECTS = (
    lambda: web.redirect("/x"),
    lambda: web.redirect("https://example.com/a?b=c#d", 301),
    lambda: web.redirect("/x", status=303),
    lambda: web.redirect("/x", 308),
)


@app.get("/redirect/<int:n>")
def redirect(r, n):
    return REDIRECTS[n]()


ABORTS = (
    lambda: web.abort(404),
    lambda: web.abort(403, "no entry, Zoë"),
    lambda: web.abort(400, {"error": "x"}),
    lambda: web.abort(400, ["x"]),
    lambda: web.abort(401, headers="WWW-Authenticate: Basic\r\nX-A: 1\r\nX-A: 2\r\n"),
    lambda: web.abort(400, "<a/>", "Content-Type: application/xml\r\n"),
    lambda: web.abort(204),
    lambda: web.abort(503, ""),
    lambda: web.abort(400, b"\x00"),
    lambda: web.abort(429, headers={"Retry-After": 5, "X-A": "1"}),
)


@app.get("/abort/<int:n>")
async def abort(r, n):
    ABORTS[n]()
    return "not reached"


# -- raw handlers


@app.route("/raw", methods=["GET", "POST"])
async def raw(r, w):
    body = await r.read()
    w.write("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-A: 1\r\n\r\n".format(len(body) + 4))
    w.write(b"raw:")
    w.write(body)


@app.route("/raw-lines", methods=["POST"])
async def raw_lines(r, w):
    w.write("HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line = await r.readline()
        if not line:
            break
        w.write(b"[" + line.strip() + b"]")
        await w.drain()


@app.route("/raw-split")
async def raw_split(r, w):
    for piece in ("HTTP/1.1 200 OK\r", "\nX-A: 1\r\nContent-Length: 4\r\n", "\r", "\nbo", "dy"):
        w.write(piece)
        await w.drain()
    print("raw-split went on")


@app.route("/raw-echo", methods=["POST"])
async def raw_echo(r, w):
    w.write("HTTP/1.1 200 OK\r\n\r\n")
    buf = bytearray(100)
    while True:
        n = await r.readinto(buf)
        if not n:
            break
        w.write(buf[:n])


@app.route("/ws")
async def ws(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    await ws.close()


@app.post("/seen")
async def seen(r):
    print("seen begins")
    await r.body()
    print("seen whole")
    return "seen"


app.run()
