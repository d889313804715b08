# The application that hostile clients talk to:
#
#   micropython hostile.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import gc
import json
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), **(json.loads(sys.argv[2]) if sys.argv[2:] else {}))
released = asyncio.Event()
# Names are interned in pools, each as large as all before it: now, and not when one of the
# modules that load later brings the name that needs another.
for i in range(500 if gc.mem_free() > 1000000 else 0):
    hasattr(gc, "name{}".format(i))


@app.get("/")
def index(r):
    return "index"


def overwrite_stack(n):
    return n and overwrite_stack(n - 1)


async def measure():
    # the collector takes what calls left on the stack for references
    overwrite_stack(40)
    await asyncio.sleep_ms(0)
    gc.collect()
    return gc.mem_alloc()


@app.get("/memory")
async def memory(r):
    used = await asyncio.create_task(measure())
    print("measured")
    return str(used)


@app.get("/bytes/<int:n>")
def some(r, n):
    return bytes(n)


@app.get("/files/<path:name>")
def file(r, name):
    return {"name": name}


@app.get("/pieces")
async def pieces(r):
    while True:
        yield bytes(2000)
        await asyncio.sleep_ms(0)


@app.get("/pieces/<int:n>")
def some_pieces(r, n):
    for _ in range(n):
        yield "piece"


@app.get("/sleep/<int:ms>")
async def sleep(r, ms):
    await asyncio.sleep_ms(ms)
    return "slept"


@app.get("/raise/<int:number>")
def raise_os_error(r, number):
    raise OSError(number)


@app.get("/raise-late/<int:number>")
async def raise_late(r, number):
    yield "a piece"
    await asyncio.sleep_ms(0)
    raise OSError(number)


@app.get("/no-memory")
def no_memory(r):
    raise MemoryError("as said")


@app.get("/no-memory-late")
async def no_memory_late(r):
    yield "a piece"
    await asyncio.sleep_ms(0)
    raise MemoryError("as said")


@app.get("/fault/<path:what>")
async def fault(r, what):
    await asyncio.sleep(0)
    raise ValueError(what)


@app.get("/wait")
async def wait(r):
    await released.wait()
    return "released"


@app.get("/release")
def release(r):
    released.set()
    released.clear()


@app.post("/read")
async def read(r):
    return await r.read()


@app.post("/small", max_body=10)
async def small(r):
    return await r.read()


@app.post("/ignore")
def ignore(r):
    return "ignored"


@app.post("/lines")
async def lines(r):
    n = 0
    while await r.readline():
        n += 1
    return str(n)


@app.post("/json")
async def decode(r):
    return {"got": await r.json()}


@app.post("/form")
async def form(r):
    return dict((await r.form()).items())


@app.route("/ws")
async def ws(r, w):
    ws = await web.WebSocket.upgrade(r, w, max_message=50000)
    while True:
        event = await ws.recv()
        if event is None or event["type"] == "close":
            break
        if event["type"] in ("text", "bytes"):
            await ws.send(event["data"])


@app.route("/events")
async def events(r, w):
    stream = await web.EventSource.upgrade(r, w)
    while True:
        await stream.send("x" * 2000)
        await asyncio.sleep_ms(0)


app.run()
