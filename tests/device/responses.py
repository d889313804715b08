# What responses are made of, for tests/test_responses.py:
#
#   micropython responses.py PORT
import array
import asyncio
import json
import sys

import web
import web.streaming

app = web.App("127.0.0.1", int(sys.argv[1]), write_timeout=2)
gate = asyncio.Event()
lock = asyncio.Lock()
flag = asyncio.ThreadSafeFlag()
LONE = json.loads('"x\\ud83d"')  # half a surrogate pair
WIDE = memoryview(array.array("H", range(300)))


def pieces(*given):
    yield from given


@app.get("/")
def index(r):
    return "index"


# -- gathered pieces


@app.get("/log.csv")
def log(r):
    def lines():
        for i in range(1000):
            yield "{},{}\n".format(i, i * i)

    return web.Response(lines(), type="text/csv")


@app.get("/sizes/<path:sizes>")
def sizes(r, sizes):
    for i, size in enumerate(sizes.split("/")):
        yield bytes([i + 65]) * int(size)


@app.get("/large")
def large(r):
    piece = b"0123456789" * 30000
    for _ in range(3):
        yield piece


@app.get("/gated/<int:n>")
async def gated(r, n):
    for _ in range(n):
        yield b"x" * 100
        await asyncio.sleep_ms(0)
    await gate.wait()
    yield "end"


@app.get("/open")
def open_gate(r):
    gate.set()
    gate.clear()


@app.get("/trickle/<int:most>")
def trickle(r, most):
    """From now on the socket takes so many bytes at once of what leaves while a
    generator waits."""
    web.streaming.send_now = lambda conn, data, n: send_now(conn, data, min(n, most))


send_now = web.streaming.send_now


@app.get("/long-head/<int:n>")
def long_head(r, n):
    return web.Response(pieces("a", "b"), headers={"X-A": "x" * n})


@app.get("/nothing")
def nothing(r):
    while True:
        yield ""


@app.get("/fails/<int:n>")
async def fails(r, n):
    for i in range(n):
        yield "piece {} ".format(i)
        if i == 0:
            await asyncio.sleep_ms(0)
    raise ValueError("after {}".format(n))


# -- what gives nothing, or waits for nothing


class Iterator:
    def __init__(self, *items):
        self.items = list(items)

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep_ms(0)
        if not self.items:
            raise StopAsyncIteration
        item = self.items.pop(0)
        if isinstance(item, Exception):
            raise item
        return item


@app.get("/none/plain")
def none_plain(r):
    yield None


@app.get("/none/plain-later")
def none_plain_later(r):
    yield "a"
    yield None


@app.get("/none/response")
def none_response(r):
    return web.Response(pieces(None))


@app.get("/none/iterator")
def none_iterator(r):
    return Iterator("a", None)


@app.get("/none/bare")
async def none_bare(r):
    yield


@app.get("/none/bare-after-waiting")
async def none_bare_after_waiting(r):
    await asyncio.sleep_ms(1)
    yield


@app.get("/none/bare-without-pieces")
async def none_bare_without_pieces(r):
    await asyncio.sleep_ms(0)
    await pieces(None)
    return "text"


@app.get("/none/sent")
async def none_sent(r):
    yield "a"
    await asyncio.sleep_ms(0)
    yield None


async def later(result):
    await asyncio.sleep_ms(2)
    return result


async def set_flag():
    flag.set()


async def take_lock():
    async with lock:
        await asyncio.sleep_ms(2)


@app.get("/waits/<kind>")
async def waits(r, kind):
    """In every way that asyncio knows."""
    if kind == "sleep":
        for _ in range(5):
            await asyncio.sleep_ms(0)
    elif kind == "event":
        event = asyncio.Event()
        asyncio.create_task(later(None)).state = lambda task, e: event.set()
        await event.wait()
    elif kind == "lock":
        asyncio.create_task(take_lock())
        await asyncio.sleep_ms(0)
        async with lock:
            pass
    elif kind == "task":
        await asyncio.create_task(later(None))
    elif kind == "gather":
        await asyncio.gather(later(1), later(2))
    elif kind == "wait_for":
        await asyncio.wait_for_ms(later(1), 500)
    elif kind == "timeout":
        try:
            await asyncio.wait_for_ms(gate.wait(), 5)
        except asyncio.TimeoutError:
            pass
    elif kind == "flag":
        asyncio.create_task(set_flag())
        await flag.wait()
    elif kind == "stream":
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        await writer.drain()
        assert b"index" in await reader.read(1000)
        writer.close()
        await writer.wait_closed()
    if r.query:
        yield "first "
        await asyncio.sleep_ms(0)
    yield kind


# -- failing before the first piece


def failing(closed):
    try:
        if closed:
            raise ValueError("before the first piece")
        yield ""
    finally:
        print("closed", closed)


@app.get("/early/function")
def early_function(r):
    if r:
        raise ValueError("before the first piece")
    yield ""


@app.get("/early/response")
def early_response(r):
    return web.Response(failing(1))


@app.get("/early/length")
def early_length(r):
    return web.Response(failing(2), headers={"Content-Length": 10})


@app.get("/early/iterator")
def early_iterator(r):
    return Iterator(ValueError("before the first piece"))


# -- text that can't be UTF-8

RESULTS = {
    "text/str": lambda: LONE,
    "text/long": lambda: "x" * 3000 + LONE,
    "text/status": lambda: (LONE, 202),
    "text/dict": lambda: {"a": LONE},
    "text/key": lambda: {LONE: 1},
    "text/list": lambda: ["x" * 3000, {"b": [LONE]}],
    "text/piece": lambda: pieces(LONE),
    "text/later-piece": lambda: pieces("x", LONE),
    "text/long-piece": lambda: pieces("x" * 3000 + LONE),
    "text/field": lambda: ("x", {"X-A": LONE}),
    "text/type": lambda: web.Response("x", type=LONE),
    "text/cookie": lambda: web.Response("x").set_cookie("a", LONE),
    "text/location": lambda: web.redirect("/" + LONE),
    "text/abort": lambda: web.abort(404, LONE),
    "text/abort-field": lambda: web.abort(404, "x", {"X-A": LONE}),
    "text/overlong": lambda: str(b"x\xc0\x80", "utf-8"),
    "text/above": lambda: str(b"x\xf5\x80\x80\x80", "utf-8"),
    "number/nan": lambda: {"a": float("nan")},
    "number/inf": lambda: [1, float("inf")],
    "number/-inf": lambda: [{"a": (1, -float("inf"))}],
    "buffer/array": lambda: array.array("H", [1, 2]),
    "buffer/array-piece": lambda: pieces(array.array("H", [1, 2])),
    "good/text": lambda: "한글 \ufffd \U0010ffff é",
    "good/long": lambda: "한" * 3000,
    "good/piece": lambda: pieces("한" * 300, "é"),
    "good/field": lambda: ("x", {"X-A": "한é"}),
    "good/json": lambda: {"nan": "inf", "한": [1e300, -0.5, "nan", True, None], "information": 1},
    "good/wide": lambda: WIDE,
    "good/wide-piece": lambda: pieces("a", WIDE, memoryview(b"b")),
    "good/wide-slice": lambda: WIDE[100:],
    "good/empty-wide": lambda: WIDE[:0],
}


@app.get("/result/<path:kind>")
def result(r, kind):
    return RESULTS[kind]()


@app.route("/raw/<kind>")
async def raw(r, w):
    kind = r.params["kind"]
    if kind == "lone":
        w.write("HTTP/1.1 200 OK\r\n\r\n" + LONE)
    elif kind == "array":
        await w.send(b"HTTP/1.1 200 OK\r\n\r\n", array.array("H", [1]))
    else:
        w.write("HTTP/1.1 200 OK\r\nContent-Length: 1802\r\n\r\n")
        w.write(WIDE)
        await w.send(WIDE, "é", WIDE)


app.run()
