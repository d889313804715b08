# Echoes WebSocket messages, and holds nothing else in a small heap:
#
#   micropython echo.py PORT
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.websocket("/ws", max_message=100000)
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


asyncio.run(app.serve())
