# An application that is started and stopped by another one in the same event loop:
#
#   micropython lifecycle.py PORT-OF-THE-OTHER PORT
import asyncio
import sys
from time import ticks_diff, ticks_ms

import web

port = int(sys.argv[2])
app = web.App("127.0.0.1", port, head_timeout=1.5)
control = web.App("127.0.0.1", int(sys.argv[1]))
gate = asyncio.Event()


@app.get("/")
def index(r):
    return "app"


@app.get("/gated")
async def gated(r):
    print("gated begins")
    try:
        await gate.wait()
    except asyncio.CancelledError:
        print("gated cancelled")
        raise
    return "gated"


@app.get("/stubborn")
async def stubborn(r):
    print("stubborn begins")
    try:
        await gate.wait()
    except asyncio.CancelledError:
        print("stubborn goes on")
    return "stubborn"


@app.post("/upload")
async def upload(r):
    return str(len(await r.body()))


@app.get("/stop-me")
async def stop_me(r):
    await app.stop(1)
    return "stopped"


@app.get("/stop-me-late")
async def stop_me_late(r):
    await asyncio.sleep_ms(1)
    await app.stop(1)
    await asyncio.sleep_ms(1)
    return "stopped"


@app.route("/ws")
async def ws(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    await ws.send("hello")
    while True:
        event = await ws.recv()
        if event is None or event["type"] == "close":
            print("ws closed", ws.close_code)
            break


@app.sse("/events")
async def events(r, events):
    await events.send("hello")
    try:
        await gate.wait()
    finally:
        print("events ended")


@app.websocket("/pushing")
async def pushing(r, ws):
    await ws.send("hello")
    await gate.wait()


@control.get("/")
def control_index(r):
    return "control"


@control.get("/start")
async def start(r):
    gate.clear()
    try:
        await app.start()
    except OSError as e:
        return "OSError {}".format(e.errno)
    return "started"


@control.get("/stop")
async def stop(r):
    started = ticks_ms()
    print("stopping")
    await app.stop(r.args.get("timeout", 10, type=float))
    return str(ticks_diff(ticks_ms(), started))


serving = []


@control.get("/serve")
async def serve(r):
    serving.append(asyncio.create_task(app.serve()))
    await asyncio.sleep_ms(0)
    return "serving"


@control.get("/cancel")
async def cancel(r):
    serving.pop().cancel()
    await asyncio.sleep_ms(0)
    return "cancelled"


@control.get("/open")
def open_gate(r):
    gate.set()
    return "open"


@control.get("/start-on/<int:other>")
async def start_on(r, other):
    """Another App on a port that may be in use."""
    second = web.App("127.0.0.1", 1)
    second.get("/")(lambda r: "second")
    try:
        await second.start(port=other)
    except OSError as e:
        return "OSError {}".format(e.errno)
    return "started"


# what is kept from before the server has started
KEPT = app.get, app.get("/kept"), app.route("/kept-raw"), app.errorhandler(418)


@control.get("/use-kept")
def use_kept(r):
    get, kept, raw, handles = KEPT
    get("/kept-method")(lambda r: "method")
    kept(lambda r: web.abort(418))
    handles(lambda r: "handler")

    @raw
    async def kept_raw(r, w):
        await w.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw")

    return "used"


async def main():
    await app.start()
    await control.serve()


asyncio.run(main())
