import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.websocket("/")
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


asyncio.run(app.serve())
