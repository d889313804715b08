# What holds connections: a handler that waits, a response that nobody takes, WebSockets.
import asyncio
import sys

from microdot import Microdot
from microdot.websocket import with_websocket

app = Microdot()
PIECE = bytes(1000)


@app.get("/wait")
async def wait(request):
    await asyncio.sleep(1000)


@app.get("/stream")
async def stream(request):
    def pieces():
        while True:
            yield PIECE

    return pieces()


@app.get("/socket")
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())


app.run("127.0.0.1", int(sys.argv[1]))
