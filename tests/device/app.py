# The application that the server's tests talk to:
#
#   micropython app.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import gc
import json
import sys

import web

limits = {"max_head": 2048, "max_target": 200, "max_body": 300000}
if len(sys.argv) > 2 and sys.argv[2][0] == "{":
    limits.update(json.loads(sys.argv[2]))
app = web.App("127.0.0.1", int(sys.argv[1]), **limits)


def answer(w, body, content_type="text/plain"):
    if isinstance(body, str):
        body = body.encode()
    w.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {}\r\n".format(content_type))
    w.write("Content-Length: {}\r\n\r\n".format(len(body)))
    w.write(body)


@app.route("/")
async def index(r, w):
    answer(w, "index")
    await w.drain()


@app.route("/undrained")
async def undrained(r, w):
    answer(w, "sent all the same")


@app.route("/inspect", methods=["GET", "POST"])
async def inspect(r, w):
    body = await r.read()
    seen = {
        "method": r.method,
        "path": r.path,
        "query": r.query,
        "target": r.target,
        "headers": list(r.headers.items()),
        "names": list(r.headers),
        "x-a": r.headers.get("X-A"),
        "has": "x-a" in r.headers,
        "default": r.headers.get("x-none", "nothing"),
        "count": len(r.headers),
        "addr": list(r.addr) if isinstance(r.addr, tuple) else str(r.addr),
        "body": str(body, "utf-8"),
        "left": r.unread,
    }
    answer(w, json.dumps(seen))


@app.route("/a b/é")
async def decoded(r, w):
    answer(w, "decoded")


@app.route("/lines", methods=["POST"])
async def lines(r, w):
    got = []
    while True:
        line = await r.readline()
        if not line:
            break
        got.append(str(line, "utf-8"))
    answer(w, json.dumps(got))


@app.route("/exactly", methods=["POST"])
async def exactly(r, w):
    first = await r.readexactly(3)
    try:
        await r.readexactly(100)
        rest = "no error"
    except EOFError:
        rest = str(await r.read(), "utf-8")
    answer(w, json.dumps([str(first, "utf-8"), rest]))


@app.route("/count", methods=["POST"])
async def count(r, w):
    buf = bytearray(1000)
    total = 0
    while True:
        n = await r.readinto(buf)
        if not n:
            break
        total += n
    answer(w, str(total))


@app.route("/ignore", methods=["POST"])
async def ignore(r, w):
    answer(w, "ignored")


@app.route("/large")
async def large(r, w):
    answer(w, b"0123456789" * 50000)
    await w.drain()


@app.route("/endless-large")
async def endless_large(r, w):
    while True:
        await w.send(bytes(20000))


@app.route("/fault")
async def fault(r, w):
    w.write(b"HTTP/1.1 200 OK\r\n\r\nhalf an answer")
    raise ValueError("the handler's fault")


@app.route("/late-fault")
async def late_fault(r, w):
    w.write(b"HTTP/1.1 200 OK\r\n\r\nhalf an answer")
    await w.drain()
    raise ValueError("too late for a 500")


@app.route("/teapot")
async def teapot(r, w):
    raise web.HTTPException(418, None, "X-Pot: small\r\n")


@app.route("/memory")
async def memory(r, w):
    gc.collect()
    answer(w, str(gc.mem_alloc()))


@app.route("/ws")
async def ws(r, w):
    ws = await web.WebSocket.upgrade(r, w, max_message=100000)
    while True:
        event = await ws.recv()
        if event is None or event["type"] == "close":
            print("closed", ws.close_code)
            break
        if event["type"] in ("text", "bytes"):
            await ws.send(event["data"])


@app.route("/ws-messages")
async def ws_messages(r, w):
    ws = await web.WebSocket.upgrade(
        r, w, subprotocols=("chat", "log"), origins=(None, "http://here")
    )
    await ws.send("{} {}".format(ws.subprotocol, ws.closed))
    async for message in ws:
        await ws.send(type(message).__name__)
        if message == "ping":
            await ws.ping(b"are you there")
    print("ended", ws.closed, ws.close_code, ws.close_reason)


@app.route("/ws-watched")
async def ws_watched(r, w):
    ws = await web.WebSocket.upgrade(r, w, ping_interval=0.5, ping_timeout=0.5)
    async for message in ws:
        await ws.send(message)
    print("watched", ws.close_code)


room = web.Broadcast(most=4)


@app.websocket("/room/<name>")
async def enter(r, ws, name):
    joined = asyncio.create_task(room.join(ws))
    try:
        async for message in ws:
            for i in range(100 if message == "flood" else 1):
                room.send("{}: {} ".format(name, i) + "x" * 100000)
                await asyncio.sleep_ms(5)
    finally:
        joined.cancel()
        print("left", name, len(room))


@app.sse("/room-events", retry=1, heartbeat=0.2)
async def room_events(r, events):
    await events.send("last", id=events.last_event_id)
    try:
        await room.join(events)
    finally:
        print("left", "events", len(room))


@app.sse("/quiet", heartbeat=None)
async def quiet(r, events):
    print("quiet client came")
    try:
        await asyncio.sleep(1000)
    finally:
        print("quiet client left")


@app.post("/late")
async def late(r):
    await asyncio.sleep_ms(1200)
    return await r.body()


@app.get("/members")
def members(r):
    return str(len(room))


@app.route("/ws-leave")
async def ws_leave(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    await ws.send("bye")


@app.route("/ws-fault")
async def ws_fault(r, w):
    await web.WebSocket.upgrade(r, w)
    raise ValueError("in a WebSocket")


@app.route("/ws-close")
async def ws_close(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    await ws.close(4001, "done")
    print("answer", await ws.recv())


@app.route("/events")
async def events(r, w):
    stream = await web.EventSource.upgrade(r, w)
    await stream.send("plain")
    await stream.send("two\nlines\r\nor\rthree", id=7, event="note")
    await stream.send(b"bytes")
    for bad in ({"id": "1\n2"}, {"event": "a\rb"}, {"id": "\0"}):
        try:
            await stream.send("x", **bad)
        except ValueError:
            await stream.send("refused")
    await stream.send(stream.last_event_id)


@app.route("/endless")
async def endless(r, w):
    stream = await web.EventSource.upgrade(r, w)
    try:
        while True:
            await stream.send("tick")
            await asyncio.sleep_ms(10)
    finally:
        print("stream ended")


@app.sse("/events-aside")
async def events_aside(r, events):
    async def flood():
        try:
            while True:
                await events.send("x" * 10000)
        except OSError as e:
            print("flood", e.errno)

    task = asyncio.create_task(flood())
    try:
        await asyncio.sleep(600)
    finally:
        print("handler ended")
        await task


@app.route("/missing-file")
async def missing_file(r, w):
    open("/no/such/file")


@app.route("/silent")
async def silent(r, w):
    pass


@app.route("/no-content")
async def no_content(r, w):
    raise web.HTTPException(204)


@app.route("/bad-header")
async def bad_header(r, w):
    raise web.HTTPException(302, None, "Location: /x\r\nX: y\nZ: 1\r\n")


@app.route("/closes")
async def closes(r, w):
    # ends its connection itself and lives on for a while
    w.write("HTTP/1.1 200 OK\r\n\r\nclosed")
    await w.wait_closed()
    await asyncio.sleep_ms(300)
    try:
        await w.send(b"stray bytes")
    except OSError:
        print("send after close refused")


@app.route("/slow")
async def slow(r, w):
    await asyncio.sleep_ms(600)
    answer(w, "slow but whole")


@app.route("/ws-patient")
async def ws_patient(r, w):
    # gives recv() up again and again, as an application with timeouts does
    ws = await web.WebSocket.upgrade(r, w)
    while True:
        try:
            event = await asyncio.wait_for_ms(ws.recv(), 20)
        except asyncio.TimeoutError:
            continue
        if event is None or event["type"] == "close":
            break
        await ws.send(event["data"] + " for " + r.headers["x-user"] + " at " + r.target)


@app.route("/ws-impatient")
async def ws_impatient(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    try:
        await asyncio.wait_for_ms(ws.send(bytes(8000000)), 100)
    except asyncio.TimeoutError:
        pass
    try:
        await ws.send("more")
    except OSError:
        print("half a frame ends the connection")


@app.route("/ws-bad-close")
async def ws_bad_close(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    for code, reason in ((1005, ""), (999, ""), (1000, "x" * 124)):
        try:
            await ws.close(code, reason)
        except ValueError:
            await ws.send("refused")
    await ws.close(1000, "x" * 123)


@app.route("/two-writers")
async def two_writers(r, w):
    stream = await web.EventSource.upgrade(r, w)

    async def write(letter):
        for _ in range(20):
            await stream.send(letter * 40000)

    await asyncio.gather(write("a"), write("b"))


ticks = [0]


@app.route("/ticks")
async def count_ticks(r, w):
    answer(w, str(ticks[0]))


async def main():
    # the server is one task beside others
    asyncio.create_task(app.serve())
    while True:
        await asyncio.sleep_ms(5)
        ticks[0] += 1


asyncio.run(main())
