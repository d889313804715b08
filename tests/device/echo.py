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


@app.websocket("/pieces")
async def echo_pieces(r, ws):
    while ws.open:
        async for piece in ws.stream():
            await ws.send(piece, more=True)
        if ws.open:
            await ws.send(b"")


asyncio.run(app.serve())
