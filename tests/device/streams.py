# The application for the tests of WebSockets and event streams from their first step to
# their last:
#
#   micropython streams.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import gc
import json
import sys
from array import array

import web

limits = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
app = web.App("127.0.0.1", int(sys.argv[1]), **limits)
room = web.Broadcast()
event = asyncio.Event()
ticks = 0


@app.get("/connections")
def connections(r):
    gc.collect()
    return "{} {}".format(len(app.connections) - 1, len(room))


@app.errorhandler(403)
def forbidden(r):
    return "not for you"


# -- how a handler begins


async def refuses(r, stream):
    web.abort(403)


def refuses_plainly(r, stream):
    web.abort(403)


async def fails(r, stream):
    raise ValueError("at once")


async def too_few(r):
    print("not reached")


async def too_many(r, stream, more):
    print("not reached")


def plain(r, stream):
    return "text"


def nothing(r, stream):
    pass


async def generator(r, stream):
    yield "piece"


async def gives_nothing(r, stream):
    yield


async def says_and_fails(r, stream):
    await stream.send("hello")
    raise ValueError("after hello")


async def says_and_returns(r, stream):
    await stream.send("hello")


async def returns(r, stream):
    pass


async def waits(r, stream):
    try:
        await event.wait()
    finally:
        print("waited", r.query)


async def sleeps_and_fails(r, stream):
    await asyncio.sleep_ms(1)
    raise ValueError("later")


async def cancels_itself(r, stream):
    task = asyncio.create_task(event.wait())
    await asyncio.sleep_ms(1)
    task.cancel()
    await task


async def joins(r, stream):
    try:
        await room.join(stream)
        print("joined", r.query, getattr(stream, "close_code", ""))
    finally:
        print("left", r.query)


for handler in (
    refuses,
    refuses_plainly,
    fails,
    too_few,
    too_many,
    plain,
    nothing,
    generator,
    gives_nothing,
    says_and_fails,
    says_and_returns,
    returns,
    waits,
    sleeps_and_fails,
    cancels_itself,
    joins,
):
    app.websocket("/ws/" + handler.__name__)(handler)
    app.sse("/sse/" + handler.__name__)(handler)


# -- how it goes on

app.websocket("/watched/waits", ping_interval=0.25, ping_timeout=1)(waits)
app.websocket("/watched/joins", ping_interval=0.25, ping_timeout=1)(joins)


@app.route("/raw/waits")
async def raw_waits(r, w):
    await waits(r, await web.WebSocket.upgrade(r, w))


@app.route("/raw/events")
async def raw_events(r, w):
    await waits(r, await web.EventSource.upgrade(r, w, heartbeat=None))


@app.websocket("/ws/slow")
async def slow(r, ws):
    got = []
    async for message in ws:
        got.append(message)
        await asyncio.sleep_ms(400)
    print("slow", r.query, ws.close_code, "".join(got))


@app.websocket("/ws/reads-aside")
async def reads_aside(r, ws):
    async def read():
        print("aside", r.query, await ws.receive())

    asyncio.create_task(read())
    await waits(r, ws)


@app.websocket("/ws/leaves-a-reader")
async def leaves_a_reader(r, ws):
    async def read():
        while await ws.receive() is not None:
            pass
        print("reader ended", r.query)

    asyncio.create_task(read())
    await asyncio.sleep_ms(10)


@app.websocket("/ws/joins-aside")
async def joins_aside(r, ws):
    asyncio.create_task(room.join(ws))
    await waits(r, ws)


# -- how it ends


@app.websocket("/ws/closes")
async def closes(r, ws):
    await ws.close(4000)
    if r.query == "return":
        return
    if r.query == "receive":
        print("closed", await ws.receive(), ws.close_code)
    elif r.query == "wait":
        await event.wait()
    elif r.query == "finish":
        await ws.finish()


@app.websocket("/ws/closes-aside")
async def closes_aside(r, ws):
    task = asyncio.create_task(ws.close(4000))
    print("closed aside", await ws.receive(), ws.close_code)
    await task


@app.websocket("/ws/sends-on")
async def sends_on(r, ws):
    n = 0
    while ws.open:
        try:
            await ws.send(b"x" * 1000)
        except OSError:
            n += 1
        if r.query != "fast":
            await asyncio.sleep_ms(20)
    print("sent on", r.query, n, ws.open, ws.closed, ws.close_code)


@app.websocket("/ws/sends-forever")
async def sends_forever(r, ws):
    try:
        while True:
            try:
                await ws.send(b"x" * 1000)
            except OSError:
                pass
    finally:
        print("sent forever", r.query, ws.open, ws.close_code)


@app.websocket("/ws/ticks")
async def tells_ticks(r, ws):
    while True:
        await ws.send("tick")
        await asyncio.sleep_ms(50)


# -- receiving with a time limit


@app.websocket("/ws/limited", ping_interval=30)
async def limited(r, ws):
    got = []
    gave_up = 0
    ms = int(r.query)
    while True:
        try:
            message = await ws.receive(timeout=ms / 1000)
        except asyncio.TimeoutError:
            gave_up += 1
            if len(got) == 600:
                break
            continue
        if message is None:
            break
        got.append(int(message))
        if message == "599":
            break
    await ws.send("{} {}".format(got == list(range(600)), gave_up))


@app.websocket("/ws/limits", compress=15)
async def limits_of_each(r, ws):
    buf = bytearray(10)
    for receive in (
        lambda: ws.receive(timeout=0.03),
        lambda: ws.recv(timeout=0.03),
        lambda: ws.readinto(buf, timeout=0.03),
        lambda: ws.json(timeout=0.03),
        lambda: ws.receive(timeout=0),
    ):
        gave_up = 0
        while True:
            try:
                message = await receive()
                break
            except asyncio.TimeoutError:
                gave_up += 1
        await ws.send("{} {}".format(gave_up > 0, message))
    pieces = ws.stream(timeout=0.03)
    got = b""
    gave_up = 0
    while True:
        try:
            got += bytes(await pieces.__anext__())
        except asyncio.TimeoutError:
            gave_up += 1
        except StopAsyncIteration:
            break
    await ws.send("{} {}".format(gave_up > 0, got))


@app.websocket("/ws/two")
async def two(r, ws):
    task = asyncio.create_task(ws.receive())
    await asyncio.sleep_ms(0)
    try:
        await ws.receive()
    except RuntimeError as e:
        await ws.send(str(e))
    await ws.send("first: " + await task)
    # one that was cancelled just now waits no more
    task = asyncio.create_task(ws.receive())
    await asyncio.sleep_ms(10)
    task.cancel()
    await ws.send("second: " + await ws.receive())


# -- what is sent


def attempt(send, *args, **kwargs):
    try:
        return send(*args, **kwargs)
    except (TypeError, ValueError) as e:
        return type(e).__name__


@app.websocket("/ws/bad-text", compress=15)
async def bad_text(r, ws):
    bad = json.loads('"\\ud83d"')
    said = []
    for send in (
        lambda: ws.send(bad),
        lambda: ws.send("x" * 2000 + bad),
        lambda: ws.send(bad, more=True),
        lambda: ws.send("😀" * 1000 + bad),
        lambda: ws.close(1000, bad),
        lambda: ws.send(5),
        lambda: ws.send(None),
        lambda: ws.send(array("H", [1])),
    ):
        try:
            await send()
            said.append("sent")
        except (TypeError, ValueError) as e:
            said.append(type(e).__name__)
    await ws.send(" ".join(said))
    await ws.send("Grüße 😀")


@app.websocket("/ws/buffers")
@app.websocket("/ws/buffers-compressed", compress=9)
async def buffers(r, ws):
    values = array("H", range(1000))
    view = memoryview(values)
    await ws.send(view[:3])
    await ws.send(view)
    await ws.send(view[10:20], more=True)
    await ws.send(view[:0])
    await ws.send(memoryview(array("I", range(40000))))
    await ws.ping(view[:2])
    try:
        await ws.ping(view[:100])
    except ValueError:
        await ws.send("refused")
    try:
        await ws.readinto(values)
    except TypeError:
        await ws.send("refused")


@app.websocket("/ws/json")
async def values(r, ws):
    while True:
        try:
            value = await ws.json()
        except ValueError:
            value = "no JSON"
        if value is None:
            break
        await ws.send(repr(value) if not isinstance(value, str) else value)
    print("json ended", ws.closed)


@app.sse("/sse/bad-text")
async def bad_events(r, events):
    bad = json.loads('"\\ud83d"')
    said = []
    for send in (
        lambda: events.send(bad),
        lambda: events.send("x", id=bad),
        lambda: events.send("x", event=bad),
        lambda: events.comment(bad),
        lambda: events.send(b"\xff"),
    ):
        try:
            await send()
            said.append("sent")
        except ValueError:
            said.append("ValueError")
    await events.send(" ".join(said))


@app.post("/say/<int:n>")
async def say(r, n):
    message = (json.loads('"\\ud83d"'), 5, None, b"\xff", memoryview(array("H", [1, 2])), "fine")[n]
    try:
        return str(room.send(message))
    except TypeError:
        return "TypeError"
    except ValueError:
        return "ValueError"


# -- further field lines

EXTRA = {"X-Board": "A", "Set-Cookie": ["a=1", "b=2"]}
app.websocket("/ws/headers", headers=EXTRA)(says_and_returns)
app.sse("/sse/headers", headers=EXTRA)(says_and_returns)
for i, wrong in enumerate(
    (
        {"X-A": "a\r\nX-B: b"},
        {"X A": "a"},
        {"Sec-WebSocket-Accept": "x", "Content-Length": "1"},
        {"Connection": "keep-alive"},
    )
):
    app.websocket("/ws/headers{}".format(i), headers=wrong)(says_and_returns)
    app.sse("/sse/headers{}".format(i), headers=wrong)(says_and_returns)

app.run()
