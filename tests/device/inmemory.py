# Whole connections through a stream in memory, for targets without sockets: what
# the server sends must be the same bytes on each.
import asyncio
import gc
import io
from asyncio import core

import web
from web.conn import Connection, Queue, register

HEAD = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
HEAD += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


class Stream(io.IOBase):
    """Gives the client's parts one a read, then the end of the stream; always ready."""

    def __init__(self, parts):
        self.parts = list(parts)
        self.sent = b""
        self.closed = False

    def readinto(self, buf):
        if not self.parts:
            return 0
        part = self.parts.pop(0)
        n = min(len(buf), len(part))
        buf[:n] = part[:n]
        if n < len(part):
            self.parts.insert(0, part[n:])
        return n

    def write(self, data, n=None):
        data = bytes(data)[:n]
        self.sent += data
        return len(data)

    def ioctl(self, request, argument):
        return argument if request == 3 else 0  # MP_STREAM_POLL

    def close(self):
        self.closed = True


app = web.App(max_target=100)


@app.route("/", methods=["GET", "POST"])
async def index(r, w):
    body = await r.read()
    w.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    w.write("{} {} {} {}\n".format(r.method, r.path, r.query, r.headers.get("x-a")))
    w.write(repr(web.parse_qs(body)))


@app.route("/ws")
async def ws(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    while True:
        event = await ws.recv()
        if event is None or event["type"] == "close":
            break
        await ws.send(event["data"])


@app.get("/hello")
async def hello(r):
    return "Hällo " + r.args.get("name", "world")


@app.get("/pins/<int:pin>/<name>")
def pin(r, pin, name):
    return [pin, name, r.cookies.get("b")]


@app.post("/upload")
async def upload(r):
    size = 0
    async for piece in r:
        size += len(piece)
    return str(size), 201, {"X-Size": size}


@app.get("/pieces")
async def pieces(r):
    for i in range(3):
        yield "piece {}\n".format(i)
        await asyncio.sleep_ms(1)


@app.route("/events")
async def events(r, w):
    stream = await web.EventSource.upgrade(r, w)
    await stream.send("one\ntwo", id=1, event="tick")


def frame(opcode, data, key=b"\x01\x80\xff\x42", fin=True):
    masked = bytes([c ^ key[i & 3] for i, c in enumerate(data)])
    return bytes([opcode | (128 if fin else 0), 128 | len(data)]) + key + masked


GET = b"GET /?a=%20&b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\nname=Z%C3%B6&b=1"
FRAMES = frame(1, b"Hello", fin=False) + frame(9, b"ping") + frame(0, " wörld 😀".encode())
FRAMES += frame(2, bytes(range(100))) + frame(8, b"\x03\xe8bye")
UPLOAD = b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CONNECTIONS = (
    (GET,),
    [bytes([b]) for b in GET],
    (POST,),
    (POST[:60], POST[60:]),
    (b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n",),
    (b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n",),
    (b"GET / HTTP/1.1\r\n\r\n",),
    (b"GET /" + b"x" * 200,),
    (b"GET / HTTP/9.9\r\n\r\n",),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 5000,),
    (b"GET / HT",),
    (HEAD + FRAMES,),
    [HEAD] + [FRAMES[i : i + 1] for i in range(len(FRAMES))],
    (HEAD, frame(1, b"\xc0\xaf")),
    (HEAD, b"\x81\x01x"),
    (b"GET /hello?name=Z%C3%B6 HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"GET /none HTTP/1.1\r\n\r\n",),
    (b"GET /pins/7/a%2Fb HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\n\r\n",),
    (b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS /upload HTTP/1.1\r\nHost: a\r\n\r\n",),
    (UPLOAD, b"5;x=y\r\nHello\r\n1a\r\n", bytes(26), b"\r\n0\r\nX: y\r\n\r\n" + UPLOAD, b"g\r\n"),
    (b"GET /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /pieces HTTP/1.0\r\n\r\n",),
    (b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n",),
)


async def main():
    core._io_queue = app.queue = Queue()
    app.buf = bytearray(768)
    app.begin()
    for parts in CONNECTIONS:
        gc.collect()
        stream = Stream(parts)
        conn = Connection(app, stream, ("memory", 0))
        app.connections.append(conn)
        register(app, stream, conn)
        while conn.sock:
            await asyncio.sleep_ms(1)
        print(stream.closed, stream.sent)


asyncio.run(main())
