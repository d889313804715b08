# The board asks another server, and tells its browsers what it got: at most once a minute,
# and never for longer than five seconds.
import asyncio
import json
import time
import web

HOST, PORT, PATH = '192.168.1.2', 8000, '/weather.json'
MOST = 4096  # bytes of an answer
app = web.App(port=80)
cache = {}  # the last answer, and when it came

async def fetch(host, port, path):
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # HTTP/1.0: the body ends with the connection, and comes in no chunks
        writer.write('GET {} HTTP/1.0\r\nHost: {}\r\n\r\n'.format(path, host).encode())
        await writer.drain()
        answer = b''
        while len(answer) <= MOST:
            piece = await reader.read(512)
            if not piece:
                break
            answer += piece
        head, found, body = answer.partition(b'\r\n\r\n')
        if len(answer) > MOST or not found or head.split(b' ', 2)[1] != b'200':
            raise OSError('no answer to use')
        return json.loads(body)
    finally:
        writer.close()

@app.get('/weather')
async def weather(r):
    now = time.ticks_ms()
    if not cache or time.ticks_diff(now, cache['time']) > 60_000:
        try:
            cache.update(value=await asyncio.wait_for(fetch(HOST, PORT, PATH), 5), time=now)
        except (OSError, ValueError, IndexError, asyncio.TimeoutError) as e:
            print('no weather:', e)
            web.abort(502, {'error': 'no answer'})
    return {'weather': cache['value']}

app.run()
