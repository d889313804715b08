# Handlers that wait, one where there is no memory for a buffer of its connection's own:
#
#   micropython held.py PORT
import asyncio
import gc
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), body_timeout=0.6)
go = asyncio.Event()
taken = [None] * 3000


@app.get("/warm")
async def warm(r):
    await asyncio.sleep_ms(1)
    return r.headers["x-a"]


@app.get("/fault")
def fault(r):
    raise ValueError("to load what tells of it")


@app.get("/headers")
async def holds_headers(r):
    headers = r.headers
    print("headers are held")
    await go.wait()
    return headers.get("x-a", "lost")


@app.get("/patient")
@app.post("/patient")
async def patient(r):
    while r.unread:
        try:
            await r.body()
        except OSError:
            print("the body is late")
    return {"POST": "patient"}[r.method]


@app.post("/gives-up")
async def gives_up(r):
    try:
        await asyncio.wait_for_ms(r.body(), 20)
    except asyncio.TimeoutError:
        pass
    await asyncio.sleep_ms(1500)
    return "gave up"


@app.get("/held")
async def held(r):
    gc.collect()
    i = 0
    try:
        while True:
            taken[i] = bytearray(600)
            i += 1
    except MemoryError:
        for k in range(1, 20, 2):
            taken[i - k] = None
    print("held")
    await go.wait()
    print("it reads", r.headers.get("x-a"))


@app.get("/open")
def let_go(r):
    for i in range(len(taken)):
        taken[i] = None
    go.set()
    return "went"


app.run()
