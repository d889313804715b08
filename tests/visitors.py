"""Clients of all kinds for the server of tests/device/soak.py. Those that behave tell a
report of what they got: see soak.Report."""

import asyncio
import base64
import json
import random
import time

from wire import chunked, frame, handshake, post, request
from wire.many import Client, Unserved
from wire.reading import Reading

PATIENCE = 20  # seconds for an answer
LATER = 10  # tries of what is told to come later, in
PAUSE = 0.5  # seconds: five, as Retry-After says
SIZES = {"small.txt": 300, "page.html": 3000, "image.png": 12000, "app.js": 30000}
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"


def content(n, seed=0):
    return random.Random(seed).randbytes(n)


class Visitor:
    """A client that behaves. It asks again on another connection, once, when one that was
    kept ended before anything of the answer came."""

    def __init__(self, board, report, number=0):
        self.board = board
        self.number = number  # no two have the same at once
        self.report = report
        self.client = None

    async def _connect(self):
        self.client = Client(self.board.port)
        await self.client.connect()

    def close(self):
        if self.client:
            self.client.close()
        self.client = None

    async def _try(self, data, method):
        kept = self.client is not None
        if not kept:
            await self._connect()
        await self.client.send(data)
        reading = Reading(method)
        whole = begun = False
        while not whole:
            more = await self.client.more()
            piece, self.client.received = self.client.received, b""
            if not more and not begun:
                self.close()
                if kept:
                    self.report.again += 1
                    return await self._try(data, method)
                raise AssertionError("the end instead of an answer")
            begun = True
            whole = reading.feed(piece)
        if reading.response.closes:
            self.close()
        return reading.response

    async def ask(self, kind, data, status=200, body=None, method="GET"):
        """Returns the response, or None for one that is not as it should be."""
        began = time.monotonic()
        try:
            response = await asyncio.wait_for(self._try(data, method), PATIENCE)
            for _ in range(LATER):
                if response.status != 503 or "retry-after" not in response:
                    break
                self.report.later += 1
                await asyncio.sleep(PAUSE)
                began = time.monotonic()
                response = await asyncio.wait_for(self._try(data, method), PATIENCE)
            right = response.status == status and body in (None, response.body)
            assert right, (response.status, response.fields, response.body[:80])
        except (AssertionError, OSError, TimeoutError) as e:
            self.report.lost.append(f"{kind}: {e!r}")
            self.close()
            return None
        self.report.times.append(time.monotonic() - began)
        self.report.asked[kind] += 1
        return response


# -- clients that behave: each does its work once


async def poll(v, chance):
    for _ in range(chance.randrange(1, 20)):
        n = chance.randrange(1000)
        response = await v.ask("poll", request(f"/state?n={n}"))
        if response and json.loads(response.body)["n"] != str(n):
            v.report.lost.append(f"poll: another's answer: {response}")
        await asyncio.sleep(chance.random() * 0.05)


async def browse(v, chance):
    await v.ask("page", request("/"), body=b"<h1>a board</h1>")
    for name, size in SIZES.items():
        await v.ask("static", request(f"/static/{name}"), body=content(size, name))
    lines = "".join(f"{i},{i * i}\n" * 5 for i in range(20))
    await v.ask("generator", request("/log.csv"), body=lines.encode())
    await v.ask("missing", request("/nothing"), 404)
    await v.ask("HEAD", request("/", "HEAD"), method="HEAD")
    await v.ask("slow", request("/slow?x"), body=b"x")


async def send(v, chance):
    body = content(chance.randrange(2000), chance.random())
    await v.ask("body", post("/echo", body), body=body)
    await v.ask(
        "chunked", chunked("/echo", body[:1000] or b"x", b"y"), body=(body[:1000] or b"x") + b"y"
    )
    await v.ask("form", post("/form", b"name=a%3Cb", FORM), body=b"a&lt;b")


async def upload(v, chance):
    body = content(chance.randrange(1, 60000), chance.random())
    name = f"upload{v.number}"  # two who write one file at once are told of a conflict
    await v.ask("upload", post(f"/files/{name}", body, method="PUT"), 201)
    await v.ask("uploaded", request(f"/static/{name}"), body=body)
    head = b'--b\r\nContent-Disposition: form-data; name=f; filename="part%d"\r\n\r\n'
    whole = head % v.number + body + b"\r\n--b--\r\n"
    await v.ask("multipart", post("/files", whole, MULTIPART))


async def sign_in(v, chance):
    secret = base64.b64encode(b"ada:geheim").decode()
    await v.ask("basic", request("/basic", "GET", f"Authorization: Basic {secret}"), body=b"ada")
    await v.ask("guarded", request("/admin/"), 303)
    response = await v.ask("sign-in", post("/admin/login", b"password=geheim", FORM), 303)
    if response:
        cookie = response["set-cookie"].partition(";")[0]
        await v.ask("session", request("/admin/", "GET", f"Cookie: {cookie}"), body=b"ada")


async def fail(v, chance):
    v.report.faults_untold += 1
    await v.ask("fault", request("/fault/1"), 500)


class Later(Exception):
    """There is no memory, or no place."""


async def _stream_once(v, kind, data, status, play):
    began = time.monotonic()
    v.close()
    try:
        async with asyncio.timeout(PATIENCE):
            await v._connect()
            await v.client.send(data)
            head = await v.client.until(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: " in head:
                raise Later
            assert head.startswith(b"HTTP/1.1 %d " % status), head
            v.report.times.append(time.monotonic() - began)
            await play(v.client)
            v.report.asked[kind] += 1
    finally:
        v.close()


async def _stream(v, kind, data, status, play):
    """Play with what an upgrade gives."""
    try:
        for _ in range(LATER):
            try:
                return await _stream_once(v, kind, data, status, play)
            except Later:
                v.report.later += 1
                await asyncio.sleep(PAUSE)
        raise AssertionError("there is never a place")
    except (AssertionError, OSError, TimeoutError, Unserved) as e:
        v.report.lost.append(f"{kind}: {e!r}")


async def _message(client, kinds=(1, 2)):
    while True:
        first, payload = await client.frame()
        if first & 15 in kinds:
            return payload
        if first & 15 == 9:
            await client.send(frame(10, payload))
        elif first & 15 == 8:
            if payload == b"\x03\xf3":  # 1011: the handler had no memory
                raise Later
            raise Unserved(f"closed: {payload}")


async def talk(v, chance):
    async def play(client):
        for _ in range(chance.randrange(1, 15)):
            message = content(chance.randrange(800), chance.random())
            await client.send(frame(2, message))
            assert await _message(client) == message
            await asyncio.sleep(chance.random() * 0.1)
        await client.send(frame(8, b"\x03\xe8"))
        assert await _message(client, (8,)) == b"\x03\xe8"

    await _stream(v, "WebSocket", handshake("/chat"), 101, play)


async def gather_in_room(v, chance):
    async def play(client):
        for i in range(5):
            text = f"{v.number} {i}"
            await client.send(frame(1, text.encode()))
            while text not in (await _message(client)).decode():
                pass
        await client.send(frame(8, b"\x03\xe8"))
        await _message(client, (8,))

    await _stream(v, "room", handshake("/room"), 101, play)


async def listen(v, chance):
    n = chance.randrange(1, 30)

    async def play(client):
        for i in range(n):
            await client.until(b"id: %d\n" % i)

    await _stream(v, "events", request(f"/events?{n}"), 200, play)


GOOD = [poll, poll, browse, browse, send, upload, sign_in, fail, talk, gather_in_room, listen]


# -- clients that do not, with a connection of their own

HALVES = [
    b"GET / HT",
    request("/")[:-2],
    request("/echo", "POST", "Content-Length: 100") + b"x",
    chunked("/echo", b"x" * 500)[:-300],
    request("/files/broken", "PUT", "Content-Length: 50000") + b"x" * 9000,
    post(
        "/files",
        b'--b\r\nContent-Disposition: form-data; name=f; filename="x"\r\n\r\nxx',
        MULTIPART,
    ),
    handshake("/chat") + frame(1, b"half a message", fin=False) + frame(0, b"and")[:-2],
    handshake("/room") + frame(1, b"I was here"),
    request("/events?50"),
    request("/log.csv"),
    request("/static/app.js"),
    request("/slow?x") * 3,
]
WRONG = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    request("/" + "x" * 3000),
    request("/", "GET", *["X: y"] * 100),
    request("/", "GET", "X: " + "y" * 9000),
    chunked("/echo", b"x" * 3000),
    request("/echo", "POST", "Transfer-Encoding: chunked") + b"zz\r\n",
    request("/echo", "POST", "Content-Length: 5", "Transfer-Encoding: chunked"),
    post("/files", b"no parts", MULTIPART),
    post("/files/a%2fb", b"x", method="PUT"),
    handshake("/chat", Sec_WebSocket_Version="8"),
    handshake("/chat") + frame(3, b"x"),
    handshake("/chat") + frame(1, b"\xff"),
    handshake("/chat") + frame(1, b"x" * 5000),
    handshake("/chat") + frame(1, b"x", key=None),
    request("/basic", "GET", "Authorization: Basic YTpi"),
    request("/admin/", "GET", "Cookie: session=forged"),
    post("/admin/login", b"password=wrong", FORM),
    request("/late/1"),
]


async def leave(client, chance, report):
    """In the midst of something."""
    await client.send(chance.choice(HALVES))
    if chance.random() < 0.5:
        await asyncio.sleep(chance.random() * 0.05)
    if chance.random() < 0.3:
        client.half_close()
        await client.left(0.5)


async def offend(client, chance, report):
    wrong = chance.choice(WRONG)
    report.faults_untold += b"/late/" in wrong
    await client.send(wrong)
    while await client.more():
        client.received = b""
        if chance.random() < 0.2:
            break


async def drip(client, chance, report):
    for byte in request("/", "GET", "X: y"):
        await client.send(bytes([byte]))
        await asyncio.sleep(0.02)


async def stall(client, chance, report):
    """Take nothing of a lot."""
    path = chance.choice(["/endless", "/static/app.js"])
    await client.send(request(path) * (1 if path == "/endless" else 50))
    await client.left(chance.random() * 2)


async def be_silent(client, chance, report):
    await client.left(chance.random() * 3)


async def flood(client, chance, report):
    await client.send(request("/state") * 200)
    await client.more()


BAD = [leave, leave, leave, offend, offend, offend, drip, stall, be_silent, flood]
