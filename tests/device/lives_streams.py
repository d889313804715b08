# The WebSockets and event streams of lives.py, for it to import.
import asyncio

import web

from __main__ import (
    PIECE,
    WRONG,
    Inside,
    app,
    await_cancelled,
    be_cancelled,
    control,
    never,
    room,
)

# -- WebSockets


@app.websocket("/ws")
async def ws_echo(r, ws):
    with Inside(r):
        async for message in ws:
            await ws.send(message)


@app.websocket("/ws-ping", ping_interval=0.25, ping_timeout=0.25)
async def ws_ping(r, ws):
    with Inside(r):
        async for message in ws:
            await ws.send(message)


@app.websocket("/ws-wait")
async def ws_wait(r, ws):
    with Inside(r):
        await never.wait()


@app.websocket("/ws-ping-wait", ping_interval=0.25, ping_timeout=0.25)
async def ws_ping_wait(r, ws):
    with Inside(r):
        await never.wait()


@app.websocket("/ws-room")
async def ws_room(r, ws):
    with Inside(r):
        await room.join(ws)


members = web.Broadcast()


@app.websocket("/ws-member")
async def ws_member(r, ws):
    with Inside(r):
        members.join(ws)
        async for message in ws:
            members.send({"said": message})


@app.websocket("/ws-return")
async def ws_return(r, ws):
    pass


@app.websocket("/ws-close")
async def ws_close(r, ws):
    with Inside(r):
        await ws.send("bye")
        await ws.close(1001, "bye")
        async for _ in ws:
            pass


@app.websocket("/ws-close-wait")
async def ws_close_wait(r, ws):
    with Inside(r):
        await ws.close()
        await never.wait()


@app.websocket("/ws-send")
async def ws_send(r, ws):
    with Inside(r):
        while ws.open:
            await ws.send("tick")
            await asyncio.sleep_ms(20)


@app.websocket("/ws-send-on")
async def ws_send_on(r, ws):
    with Inside(r):
        while ws.open:
            try:
                await ws.send(PIECE)
            except OSError:
                pass


@app.websocket("/ws-helper")
async def ws_helper(r, ws):
    async def tell():
        with Inside(r):
            try:
                while True:
                    await ws.send("tick")
                    await asyncio.sleep_ms(10)
            except OSError:
                pass

    asyncio.create_task(tell())
    async for _ in ws:
        pass


@app.websocket("/ws-pieces", compress=9)
async def ws_pieces(r, ws):
    with Inside(r):
        try:
            while not ws.closed:
                n = 0
                async for piece in ws.stream():
                    n += len(piece)
                await ws.send(str(n))
        except OSError:
            pass


@app.websocket("/ws-into")
async def ws_into(r, ws):
    buf = bytearray(10)
    with Inside(r):
        while await ws.readinto(buf) is not None:
            await ws.send(buf, more=True)
            await ws.send(buf)


@app.websocket("/ws-limited")
async def ws_limited(r, ws):
    with Inside(r):
        while not ws.closed:
            try:
                await asyncio.wait_for_ms(ws.receive(), 5)
            except asyncio.TimeoutError:
                await ws.send("nothing")


@app.route("/ws-raw")
async def ws_raw(r, w):
    with Inside(r):
        ws = await web.WebSocket.upgrade(r, w)
        while await ws.recv():
            await ws.ping()


@app.route("/ws-raw-abort")
async def ws_raw_abort(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    await ws.receive()
    ws.abort()


# -- event streams


@app.sse("/sse")
async def sse(r, events):
    for i in range(3):
        await events.send("event", id=i)


@app.sse("/sse-ticks")
async def sse_ticks(r, events):
    with Inside(r):
        while True:
            await events.send("tick")
            await asyncio.sleep_ms(20)


@app.sse("/sse-wait", heartbeat=0.1)
async def sse_wait(r, events):
    with Inside(r):
        await never.wait()


@app.sse("/sse-flood")
async def sse_flood(r, events):
    with Inside(r):
        while True:
            await events.send(PIECE)


@app.sse("/sse-room")
async def sse_room(r, events):
    with Inside(r):
        await room.join(events)


@app.sse("/sse-tidy")
async def sse_tidy(r, events):
    with Inside(r):
        try:
            await never.wait()
        finally:
            await asyncio.sleep_ms(20)


@app.sse("/sse-deaf")
async def sse_deaf(r, events):
    with Inside(r):
        try:
            while True:
                await events.send("tick")
                await asyncio.sleep_ms(20)
        except OSError:
            pass


@app.route("/sse-raw")
async def sse_raw(r, w):
    with Inside(r):
        events = await web.EventSource.upgrade(r, w)
        await events.send("event")
        await never.wait()


# -- faults


async def raises(r, stream, life):
    with Inside(r):
        raise ValueError("as said")


async def raises_later(r, stream, life):
    with Inside(r):
        await stream.send("data")
        await asyncio.sleep_ms(5)
        raise ValueError("as said")


async def raises_cancelled(r, stream, life):
    raise asyncio.CancelledError


async def is_cancelled(r, stream, life):
    await be_cancelled(r)


async def awaits_cancelled(r, stream, life):
    await await_cancelled(r)


async def sends_wrong(r, stream, life):
    with Inside(r):
        await stream.send("data", event="a\nb")


for fault in WRONG + (
    raises,
    raises_later,
    raises_cancelled,
    is_cancelled,
    awaits_cancelled,
    sends_wrong,
):
    app.websocket("/ws-" + fault.__name__ + "/<int:life>")(fault)
    app.sse("/sse-" + fault.__name__ + "/<int:life>")(fault)


@control.get("/tell")
def tell(r):
    room.send("news")
