# A chat by WebSocket, and a clock by server-sent events
import asyncio
import time

import web

app = web.App(port=80)
room = web.Broadcast()

@app.websocket('/chat')
async def chat(r, ws):
    room.join(ws)
    async for message in ws:
        room.send(message)

@app.sse('/clock')
async def clock(r, sse):
    while True:
        await sse.send({'time': time.time()})
        await asyncio.sleep(1)

app.run()
