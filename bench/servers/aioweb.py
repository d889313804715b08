# ROUTES literal routes, of which "/" is one: aioweb.py PORT [ROUTES]
import asyncio
import sys

import web

# more than the most that the measures hold open
app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=80)


@app.route("/", methods=("GET", "POST"))
async def index(r, w):
    if r.length:
        await r.read()
    w.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nHello")
    await w.drain()


for i in range(int(sys.argv[2]) - 1 if len(sys.argv) > 2 else 0):
    app.add_handler("/page/{}".format(i), index)

asyncio.run(app.serve())
