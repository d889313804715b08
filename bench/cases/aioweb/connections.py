# What holds connections: a handler that waits, a response that nobody takes, WebSockets.
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=80)
PIECE = bytes(1000)


@app.get("/")
async def index(r):
    return "Hello"


@app.get("/wait")
async def wait(r):
    await asyncio.sleep(1000)


@app.get("/stream")
def stream(r):
    while True:
        yield PIECE


@app.websocket("/socket")
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


app.run()
