# The echo server that Autobahn|Testsuite talks to:
#
#   micropython autobahn.py PORT
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.route("/")
async def echo(r, w):
    ws = await web.WebSocket.upgrade(r, w, max_message=20000000, compress=15)
    while True:
        event = await ws.recv()
        if event is None or event["type"] == "close":
            break
        if event["type"] in ("text", "bytes"):
            await ws.send(event["data"])


app.run()
