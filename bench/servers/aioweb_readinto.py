# The same with one buffer for all messages, as a handler that echoes large ones has it.
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.websocket("/")
async def echo(r, ws):
    view = memoryview(bytearray(65536))
    while True:
        n = await ws.readinto(view)
        if n is None:
            break
        await ws.send(view[:n])


asyncio.run(app.serve())
