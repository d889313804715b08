# The application that other implementations talk to:
#
#   micropython interop.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import json
import sys

import web

limits = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=100, **limits)


@app.get("/")
def index(r):
    return "<!DOCTYPE html><title>aioweb</title>"


@app.get("/peer")
def peer(r):
    return {"addr": str(r.addr), "headers": dict(r.headers.items())}


@app.post("/echo", max_body=150000)
async def echo(r):
    return await r.body()


@app.post("/small", max_body=1000)
async def small(r):
    return await r.body()


@app.get("/pieces")
async def pieces(r):
    for i in range(50):
        yield "{} ".format(i) * 100
        await asyncio.sleep_ms(1)


@app.websocket("/deflate", max_message=1000000, compress=15)
@app.websocket("/ws", max_message=1000000, subprotocols=("chat", "log"))
async def ws_echo(r, ws):
    async for message in ws:
        if message == "ping":
            await ws.ping(b"are you there")
        elif message == "fault":
            raise ValueError("the handler's fault")
        elif message == "close":
            await ws.close(4001, "Schluß")
        else:
            await ws.send(message)
    print("ended", r.query, ws.close_code, ws.close_reason)


@app.sse("/events", retry=0.05)
async def events(r, sse):
    # two a connection; the browser comes again for more
    first = int(sse.last_event_id or 0) + 1
    await sse.send("one\nof {}".format(first), id=first)
    await sse.send("after {}".format(sse.last_event_id), id=first + 1, event="note")


@app.sse("/ticks")
async def ticks(r, sse):
    try:
        while True:
            await sse.send("tick")
            await asyncio.sleep_ms(50)
    finally:
        print("left", r.query)


@app.get("/streams")
def streams(r):
    return str(sum([bool(conn.upgraded) for conn in app.connections]))


asyncio.run(app.serve())
