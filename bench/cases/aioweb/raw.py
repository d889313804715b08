import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.route("/")
async def index(r, w):
    w.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello")
    await w.drain()


app.run()
