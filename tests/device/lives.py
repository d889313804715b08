# The application whose clients and handlers end wherever they can:
#
#   micropython lives.py PORT CONTROL-PORT PARTS [CERTIFICATE KEY]
#
# PARTS are http for what answers requests, streams for WebSockets and event streams.
# A path that ends in the number of a life is one whose handler is at fault. An App of its
# own, on the other port, tells what is left of them.
import asyncio
import gc
import sys
from asyncio import core
from time import ticks_add, ticks_diff, ticks_ms

import web
from micropython import const

app = web.App(
    "127.0.0.1",
    int(sys.argv[1]),
    head_timeout=0.25,
    body_timeout=0.25,
    idle_timeout=0.25,
    write_timeout=0.25,
    max_drain=4000,
)
control = web.App("127.0.0.1", int(sys.argv[2]))
_SOL_SOCKET = const(1)
_SO_SNDBUF = const(7)
PIECE = b"a piece of what takes more than a socket's buffers, " * 20
room = web.Broadcast()
never = asyncio.Event()


# -- what is there

tasks = {}  # how many have begun and not ended, by their coroutines' names
create = core.create_task


async def counted(name, coroutine):
    tasks[name] = tasks.get(name, 0) + 1
    try:
        return await coroutine
    finally:
        tasks[name] -= 1


def create_task(coroutine):
    # what were kept of a task itself would be in memory after its end
    return create(counted(repr(coroutine).split("'")[1], coroutine))


core.create_task = asyncio.create_task = create_task


handlers = {}  # how many have begun and not ended, by path


class Inside:
    """Where a handler is, with a statement: one that is lost in silence never leaves."""

    def __init__(self, r):
        self.path = r.path

    def __enter__(self):
        handlers[self.path] = handlers.get(self.path, 0) + 1

    def __exit__(self, *_):
        n = handlers.pop(self.path)
        if n > 1:
            handlers[self.path] = n - 1


def overwrite_stack(n):
    return n and overwrite_stack(n - 1)


async def measure():
    # the collector takes what calls left on the stack for references
    overwrite_stack(40)
    await asyncio.sleep_ms(0)
    gc.collect()
    return gc.mem_alloc()


@control.get("/settled/<int:most>/<int:ms>/<int:mark>")
async def settled(r, most, ms, mark):
    """What there is once there is no connection, no handler and at most so many tasks, or
    after so long. The mark ends what the console has of that."""
    until = ticks_add(ticks_ms(), ms)
    while ticks_diff(until, ticks_ms()) > 0:
        if not app.connections and not handlers and sum(tasks.values()) <= most:
            break
        await asyncio.sleep_ms(5)
    print("settled", mark)
    return {
        "ports": [conn.addr[2] << 8 | conn.addr[3] for conn in app.connections],
        "handlers": handlers,
        "tasks": {name: n for name, n in tasks.items() if n},
        "memory": await asyncio.create_task(measure()),
    }


# -- what handlers do


@app.get("/")
def index(r):
    return "index"


async def sleep():
    await asyncio.sleep(1)


async def cancel(task):
    await asyncio.sleep_ms(5)
    task.cancel()


async def be_cancelled(r):
    with Inside(r):
        asyncio.create_task(cancel(asyncio.current_task()))
        await asyncio.sleep(1)


async def await_cancelled(r):
    with Inside(r):
        task = asyncio.create_task(sleep())
        await asyncio.sleep_ms(0)
        task.cancel()
        await task


# what is decorated may be the wrong kind of function


def returns_none(r, w, life=0):
    pass


def returns_str(r, w, life=0):
    return "a response"


def gives_pieces(r, w, life=0):
    yield "piece"
    yield "piece"


def gives_none(r, w, life=0):
    yield None


async def gives_later(r, w, life=0):
    await asyncio.sleep_ms(5)
    yield "piece"


async def takes_less(r):
    pass


WRONG = (returns_none, returns_str, gives_pieces, gives_none, gives_later, takes_less)


async def main(ssl=None):
    await app.start(ssl=ssl)
    # what is accepted inherits it: who takes nothing is waited for soon, as on a board
    app.listener.setsockopt(_SOL_SOCKET, _SO_SNDBUF, 8192)
    await control.serve()


def load(path):
    with open(path, "rb") as f:
        return f.read()


for part in sys.argv[3].split(","):
    __import__("lives_" + part)
context = None
if sys.argv[4:]:
    try:
        import ssl
    except ImportError:
        import tls as ssl  # what ssl is made of; this is all that some firmware has

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(load(sys.argv[4]), load(sys.argv[5]))
asyncio.run(main(context))
