"""Short lives of clients and handlers: what a client sends and expects step by step, and
where and how it ends. A seed and a number make a life, always the same one."""

import asyncio
import contextlib
import itertools
import random
from dataclasses import dataclass

from wire import frame, handshake, post, request
from wire.many import Client, Unserved

PATIENCE = 5  # seconds for a step; the server's limits are a quarter of one
CLOSE = frame(8, b"\x03\xe8")
HELLO = frame(1, b"hello")
CHUNKED = "Transfer-Encoding: chunked"


# -- what a client does and expects


async def HANDSHAKE(client):
    await client.shake()


async def BODILESS(client):
    await client.response(200, "HEAD")


async def OPENED(client):
    head = await client.until(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Unserved(f"instead of a WebSocket: {head}")


async def STREAM(client):
    head = await client.until(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Unserved(f"instead of a stream: {head}")


async def END(client):
    """The end, whatever comes before it."""
    while await client.more():
        client.received = b""


def text(expected):
    async def step(client):
        await client.until(expected)

    step.__name__ = repr(expected)
    return step


def gets(opcode, payload=b""):
    """A frame that begins so, whatever comes before it."""

    async def step(client):
        while True:
            first, got = await client.frame()
            if first & 15 == opcode and got.startswith(payload):
                return

    step.__name__ = f"frame {opcode} {payload}"
    return step


# -- the kinds of lives


@dataclass
class Kind:
    steps: list
    fault: bool = False  # of the handler, which the console has a line about
    lasting: int = 99  # steps after which a client may be silent as long as it likes,
    reading: int = 99  # and read on for as long when it has closed its side


def get(path, *lines):
    return request(path, "GET", *lines)


def parts(data, n):
    size = len(data) // n + 1
    return [data[i : i + size] for i in range(0, len(data), size)]


def keeps(path):
    """Two requests on a connection."""
    return Kind([get(path), 200, get(path), 200])


def ws(path, *steps, lasting=99, **options):
    return Kind([handshake(path), OPENED, *steps], lasting=lasting, **options)


def sse(path, *steps, **options):
    return Kind([get(path), STREAM, *steps], **options)


KINDS = {
    "get": keeps("/"),
    "get and close": Kind([get("/", "Connection: close"), 200, END]),
    "get in parts": Kind([*parts(get("/"), 3), 200]),
    "pipeline": Kind([get("/slow") * 2 + get("/"), 200, 200, 200]),
    "slow": keeps("/slow"),
    "large": keeps("/large"),
    "head": Kind([request("/pieces", "HEAD"), BODILESS, get("/"), 200]),
    "options": Kind([request("/", "OPTIONS"), 204]),
    "not found": Kind([get("/no/such"), 404, get("/"), 200]),
    "not allowed": Kind([post("/", b"1234"), 405]),
    "malformed": Kind([b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, END]),
    "long target": Kind([get("/" + "x" * 2000), 414, END]),
    "long head": Kind([*parts(get("/", "A: " + "x" * 8000), 2), 431, END]),
    "post": Kind([*parts(post("/read", b"x" * 3000), 3), 200, get("/"), 200]),
    "post chunked": Kind(
        [request("/read", "POST", CHUNKED), b"5\r\n12", b"345\r\n", b"0\r\n\r\n", 200]
    ),
    "post malformed": Kind([request("/read", "POST", CHUNKED), b"x\r\n12", 400, END]),
    "post expected": Kind(
        [
            request("/read", "POST", "Content-Length: 5", "Expect: 100-continue"),
            text(b"100 Continue\r\n\r\n"),
            b"12345",
            200,
        ]
    ),
    "post too large": Kind([request("/read", "POST", "Content-Length: 100000"), 413]),
    "post ignored": Kind([*parts(post("/ignore", b"x" * 3000), 2), 200, get("/"), 200]),
    "post ignored, large": Kind([*parts(post("/ignore", b"x" * 30000), 3), 200, END]),
    "post first": Kind([*parts(post("/first", b"x" * 2000), 2), 200, get("/"), 200]),
    "post limited": Kind(
        [request("/limited", "POST", "Content-Length: 10") + b"12", b"34", text(b"late"), END]
    ),
    "outlived": keeps("/outlived"),
    "pieces": keeps("/pieces"),
    "slow pieces": keeps("/pieces-slow"),
    "endless pieces": Kind([get("/pieces-endless"), STREAM, text(b"piece"), b"x"], reading=1),
    "raw": Kind([get("/raw"), 200, END]),
    "raw post": Kind([*parts(post("/raw", b"x" * 3000), 2), 200, END]),
    "raw close": Kind([get("/raw-close"), STREAM, END]),
    "ws": ws("/ws", HELLO, gets(1), CLOSE, gets(8), END, lasting=1),
    "ws refused": Kind([handshake("/ws", Sec_WebSocket_Version="12"), 426]),
    "ws fragments": ws(
        "/ws",
        frame(1, b"hel", fin=False),
        frame(9, b"?") + frame(0, b"lo"),
        gets(10),
        gets(1, b"hello"),
        lasting=1,
    ),
    "ws wrong": ws("/ws", frame(3), gets(8, b"\x03\xea"), END, lasting=1),
    "ws pings": ws("/ws-ping", HELLO, gets(1), gets(9), frame(10), HELLO, gets(1)),
    "ws waits": ws("/ws-wait", CLOSE, gets(8), END, lasting=1),
    "ws waits, pings": ws("/ws-ping-wait", gets(9), frame(10), gets(9), CLOSE, gets(8), END),
    "ws room": ws("/ws-room", HELLO, CLOSE, gets(8), END, lasting=1),
    "ws member": ws("/ws-member", HELLO, gets(1, b'{"said"'), CLOSE, gets(8), END, lasting=1),
    "ws returns": ws("/ws-return", gets(8), CLOSE, END),
    "ws closes": ws("/ws-close", gets(1), gets(8, b"\x03\xe9bye"), CLOSE, END),
    "ws closes, waits": ws("/ws-close-wait", gets(8), CLOSE, END),
    "ws sends": ws("/ws-send", gets(1), CLOSE, gets(8), END, lasting=1),
    "ws sends on": ws("/ws-send-on", gets(2), CLOSE, END, reading=1),
    "ws helper": ws("/ws-helper", gets(1), HELLO, gets(1), CLOSE, gets(8), END, lasting=1),
    "ws pieces": ws(
        "/ws-pieces",
        frame(1, b"hel", fin=False),
        frame(0, b"lo"),
        gets(1, b"5"),
        CLOSE,
        gets(8),
        END,
        lasting=1,
    ),
    "ws into": ws("/ws-into", HELLO, gets(2, b"hello"), frame(2, b"x" * 20), gets(8), lasting=1),
    "ws limited": ws("/ws-limited", gets(1), HELLO, gets(1), CLOSE, gets(8), END, lasting=1),
    "ws raw": ws("/ws-raw", HELLO, gets(9), CLOSE, gets(8), END, lasting=1),
    "ws raw, aborts": ws("/ws-raw-abort", HELLO, END, lasting=1),
    "hooked": keeps("/hooked/page"),
    "hooked, pieces": keeps("/hooked/pieces/x"),
    "hooked, before": keeps("/hooked/before"),
    "hooked, handler": Kind([get("/hooked/handler"), 418, get("/"), 200]),
    "sse": sse("/sse", text(b"id: 2\ndata: event\n\n"), END),
    "sse ticks": sse("/sse-ticks", text(b"tick"), text(b"tick"), lasting=1),
    "sse waits": sse("/sse-wait", text(b": \n\n"), lasting=1),
    "sse floods": sse("/sse-flood", text(b"piece"), text(b"piece")),
    "sse room": sse("/sse-room", lasting=1),
    "sse tidies": sse("/sse-tidy", lasting=1),
    "sse deaf": sse("/sse-deaf", text(b"tick"), lasting=1),
    "sse raw": sse("/sse-raw", text(b"event"), lasting=1),
}

FAULTS = {
    **dict.fromkeys(("raise", "raise-later", "result", "parameters", "await-cancelled"), 500),
    **dict.fromkeys(("raise-cancelled", "cancelled"), END),
    **dict.fromkeys(("pieces-raise-first", "pieces-none-first"), END),
    **dict.fromkeys(("pieces-raise", "pieces-none", "pieces-number"), END),
    **dict.fromkeys(("pieces-cancelled", "pieces-await-cancelled", "raw-raise-half"), END),
    **dict.fromkeys(("raw-nothing", "raw-raise"), 500),
    **dict.fromkeys(("raw-cancelled", "raw-await-cancelled"), END),
    **dict.fromkeys(("hooked/raise-before", "hooked/raise-after"), 500),
    **dict.fromkeys(("hooked/raise-handler", "hooked/cancelled"), 500),
    "hooked/pieces/raise-after": 500,
}
for name, last in FAULTS.items():
    KINDS[name] = Kind([f"/{name}/", last], fault=True)
KINDS["raise-read"] = Kind(["/raise-read/", b"12", b"34", 500], fault=True)
WRONG = ("returns_none", "returns_str", "gives_pieces", "gives_none", "gives_later", "takes_less")
for name in WRONG:
    KINDS["raw-" + name] = Kind([f"/raw-{name}/", END], fault=True)
for name in (
    *("raises", "raises_later", "raises_cancelled", "is_cancelled", "awaits_cancelled"),
    *("sends_wrong", *WRONG),
):
    KINDS["ws-" + name] = Kind([f"/ws-{name}/", END], fault=True)
    KINDS["sse-" + name] = Kind([f"/sse-{name}/", END], fault=True)

ENDINGS = ("FIN", "RST", "half-close", "silence")


# -- a life


@dataclass
class Life:
    seed: int
    number: int
    name: str
    cut: int  # the step after which the client ends,
    within: bool  # or in which it does
    ending: str  # None: it lives to its natural end
    secure: bool

    def __post_init__(self):
        self.kind = KINDS[self.name]
        self.steps = [self._step(step) for step in self.kind.steps]
        if self.secure:
            self.steps[:0] = ["hello", HANDSHAKE]

    def _step(self, step):
        if not isinstance(step, str):
            return step
        path = f"{step}{self.number}"
        if step.startswith("/ws-"):
            return handshake(path)
        return request(path, "POST", "Content-Length: 4") if "-read/" in step else get(path)

    def __str__(self):
        how = "lives to its end"
        if self.ending:
            step = ["connecting", *self.steps][self.cut]
            step = getattr(step, "__name__", step)
            how = f"{self.ending} {'in' if self.within else 'after'} step {self.cut}, {step!s:.50}"
        return f"LIVES={self.seed}:{self.number} ({self.name}, {how})"

    async def play(self, server, ports, kept):
        """Play it. ports learns of the client's, kept of a client that is still there."""
        rng = random.Random(f"{self.seed}:{self.number}")
        client = Client(server.port, server.trust, 4096 if self.ending == "silence" else None)
        try:
            ports[await client.connect()] = self
            steps = self.steps if self.ending is None else self.steps[: self.cut]
            for i, step in enumerate(steps, 1):
                if client.last and step is not END:
                    return  # a further request is for another connection
                within = self.within and i == self.cut
                await self._take(client, step, rng if within else None)
            await self._end(client, rng, kept)
        finally:
            if client not in kept:
                client.close()

    async def _take(self, client, step, within):
        if isinstance(step, (bytes, str)):
            data = client.hello() if step == "hello" else client.sealed(step)
            await client.send(data[: within.randrange(len(data))] if within else data)
        elif within:
            if not client.received:
                await client.more(10)
        elif isinstance(step, int):
            await client.response(step)
        else:
            await step(client)

    async def _end(self, client, rng, kept):
        whole = self.cut - self.within - 2 * self.secure
        if self.ending == "RST":
            client.reset()
        elif self.ending == "half-close":
            client.half_close()
            if whole >= self.kind.reading:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(END(client), rng.uniform(0, 0.2))
            else:
                await END(client)
        elif self.ending == "silence" and whole >= self.kind.lasting:
            await asyncio.sleep(rng.uniform(0.1, 0.3))
        elif self.ending == "silence":
            await client.left(0.6)
            kept.append(client)


PARTS = ("http", "streams", "hooks")


def part(name):
    """The part of the application that a kind's handler is in."""
    if name.startswith("hooked"):
        return "hooks"
    return "streams" if name.startswith(("ws", "sse")) else "http"


def lives(seed, parts=PARTS, secure=False):
    """The lives of a seed, without end: first one of each kind to its natural end, then
    all that there are in any order, but for half of those that take long. Other parts
    leave gaps in their numbers."""
    rng = random.Random(seed)
    whole = [(name, 0, False, None) for name in KINDS]
    numbers = itertools.count()
    deck = whole[:]
    while True:
        rng.shuffle(deck)
        for name, *entry in deck:
            number = next(numbers)
            if part(name) in parts:
                yield Life(seed, number, name, *entry, secure)
        deck = 2 * whole
        for name, kind in KINDS.items():
            steps = range(len(kind.steps) + 2 * secure + 1)
            for cut, within, ending in itertools.product(steps, (False, True), ENDINGS):
                slow = ending == "silence" or "pings" in name
                if (cut or not within) and (rng.random() < 0.5 or not slow):
                    deck.append((name, cut, within, ending))
