# The application for the tests of what goes wrong around WebSockets:
#
#   micropython faults.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import json
import sys

import web

limits = json.loads(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2][0] == "{" else {}
app = web.App("127.0.0.1", int(sys.argv[1]), **limits)
go = asyncio.Event()
# more than a socket's buffers hold
BIG = bytes(range(256)) * 12000 if sys.argv[-1] == "big" else b""


@app.websocket("/echo")
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


@app.websocket("/go")
async def let_go(r, ws):
    async for message in ws:
        go.set()
        await ws.send(message)


@app.websocket("/pieces")
async def pieces(r, ws):
    await ws.send(await ws.receive())
    async for piece in ws.stream():
        go.clear()
        await ws.send("a piece")
        await go.wait()
        await ws.send(piece)


@app.websocket("/into")
async def into(r, ws):
    buf = bytearray(100)
    while True:
        try:
            n = await asyncio.wait_for_ms(ws.readinto(buf), 30)
        except asyncio.TimeoutError:
            continue
        if n is None:
            break
        await ws.send(str(n))


@app.websocket("/into-then-receive")
async def into_then_receive(r, ws):
    try:
        await asyncio.wait_for_ms(ws.readinto(bytearray(100)), 1)
    except asyncio.TimeoutError:
        await ws.send("nothing")
    await ws.send(await ws.receive())


@app.websocket("/into-then-receive-limited")
async def into_then_receive_limited(r, ws):
    try:
        await ws.readinto(bytearray(100), timeout=0.001)
    except asyncio.TimeoutError:
        await ws.send("nothing")
    await ws.send(await ws.receive())


@app.websocket("/into-nothing")
async def into_nothing(r, ws):
    n = 0
    while n is not None:
        n = await ws.readinto(bytearray(0))
        if ws.open:
            await ws.send(str(n))


@app.websocket("/fields")
async def fields(r, ws):
    await ws.receive()
    await ws.send("{} {} {} {}".format(" ".join(r.headers), r.target, r.args["q"], r.cookies["c"]))


@app.websocket("/stream", compress=15)
async def stream(r, ws):
    pieces = ws.stream()
    got = b""
    while True:
        try:
            got += bytes(await asyncio.wait_for_ms(pieces.__anext__(), 30))
        except asyncio.TimeoutError:
            pass
        except StopAsyncIteration:
            break
    await ws.send(got)


@app.websocket("/rest-of-stream")
async def rest_of_stream(r, ws):
    async for _ in ws.stream():
        break
    await ws.send((await ws.recv())["data"])


@app.websocket("/bomb", compress=15)
async def bomb(r, ws):
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep_ms(0)

    task = asyncio.create_task(tick())
    n = 0
    async for piece in ws.stream():
        if not n:
            ticks = 0
        n += len(piece)
    task.cancel()
    await ws.send("{} {}".format(n, ticks > 20))


@app.websocket("/news/<int:n>", ping_interval=0.5, ping_timeout=5)
async def news(r, ws, n):
    async def tell():
        for i in range(n):
            await ws.send(str(i))

    asyncio.create_task(tell())
    async for message in ws:
        await ws.send(message)


@app.websocket("/tidy", ping_interval=0.5, ping_timeout=0.5)
async def tidy(r, ws):
    async for _ in ws:
        pass
    try:
        await asyncio.sleep(2)
        print("tidied", r.query)
    except asyncio.CancelledError:
        print("cancelled", r.query)
        raise


@app.websocket("/later")
async def later(r, ws):
    # begun, but awaited when other messages have left
    message = await ws.receive()
    await ws.send("begun")
    large = ws.send(BIG)
    await ws.receive()
    await ws.send(message)
    await large
    await ws.send("end")


@app.websocket("/turns/<int:n>")
async def turns(r, ws, n):
    # a send now and then lets other tasks go first: here to one that sends what takes its time
    async def large():
        await ws.send(BIG)

    await ws.receive()
    for i in range(n):
        await ws.send(str(i))
    task = asyncio.create_task(large())
    await ws.send(b"m" * 500)
    await task
    await ws.send("end")


@app.websocket("/order")
async def order(r, ws):
    # short answers are collected while another task's message keeps the socket
    async def large():
        await ws.send(BIG)

    await ws.receive()
    task = asyncio.create_task(large())
    await asyncio.sleep_ms(1)
    await ws.send(await ws.receive())
    while not task.done():
        await asyncio.sleep_ms(0)
    await ws.send("end")


@app.websocket("/write", ping_interval=0.5, ping_timeout=0.5)
async def write(r, ws):
    async def large():
        try:
            await ws.send(BIG)
            print("sent", r.query)
        except OSError as e:
            print("failed", r.query, repr(e))

    asyncio.create_task(large())
    async for _ in ws:
        pass


@app.websocket("/memory", max_message=10000000)
async def memory(r, ws):
    while True:
        try:
            message = await ws.receive()
        except MemoryError:
            print("no memory", r.query)
            continue
        if message is None:
            break
        await ws.send(message)


@app.get("/")
def index(r):
    return "index"


app.run()
