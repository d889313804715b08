# What fuzzed conversations talk to: a handler of each kind that reads what clients send.
#
#   micropython conversations.py PORT FOLDER
#
# FOLDER has what is served as files.
import binascii
import sys

import web

app = web.App(
    "127.0.0.1",
    int(sys.argv[1]),
    max_target=200,
    max_head=2000,
    max_body=3000,
    max_drain=3000,
    max_fields=12,
)
app.static("/files", sys.argv[2], max_age=60)


@app.on("/echo", methods=("GET", "POST", "PUT"))
async def echo(r):
    body = await r.body()
    return [r.method, r.path, r.query, r.length, len(body), str(binascii.hexlify(body[:40]))]


@app.on("/ask/<name>", methods=("GET", "POST"))
def ask(r, name):
    return [name, sorted(r.args.items()), sorted(r.cookies.items()), r.headers.get("x-a")]


@app.post("/form")
async def form(r):
    return sorted((await r.form()).items())


@app.post("/json")
async def json(r):
    return [await r.json()]


@app.post("/parts")
async def parts(r):
    seen = []
    async for part in r.parts(max_parts=4, max_part=500):
        text = None if part.filename and part.filename[:1] == "s" else await part.text()
        seen.append([part.name, part.filename, part.type, text])
    return seen


@app.post("/pieces")
async def pieces(r):
    size = 0
    async for piece in r:
        size += len(piece)
    return str(size)


@app.route("/raw", methods=["GET", "POST"])
async def raw(r, w):
    buf = bytearray(20)
    size = 0
    while True:
        n = await r.readinto(buf)
        if not n:
            break
        size += n
    w.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%d" % size)


@app.websocket("/ws", max_message=500)
async def ws(r, ws):
    async for message in ws:
        await ws.send(message)


@app.websocket("/packed", max_message=500, compress=9)
async def packed(r, ws):
    async for message in ws:
        await ws.send(message)


app.run()
