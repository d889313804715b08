# The application for the tests of places, and of what a request leaves behind:
#
#   micropython places.py PORT [ARGUMENTS OF App AS JSON]
import asyncio
import json
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), **(json.loads(sys.argv[2]) if sys.argv[2:] else {}))


@app.get("/")
def index(r):
    return "index"


@app.get("/clock")
def clock(r):
    return {"ticks": app.clock}


@app.get("/slow/<int:ms>")
async def slow(r, ms):
    await asyncio.sleep_ms(ms)
    return "slow"


@app.get("/whole/<int:n>")
async def whole(r, n):
    for _ in range(n):
        yield "0123456789" * 40
        await asyncio.sleep_ms(1)


@app.get("/limits")
def limits(r):
    return {"connections": app.most_connections, "streams": app.most_streams}


# -- what lasts


@app.websocket("/ws")
async def ws(r, ws):
    async for message in ws:
        await ws.send(message)


@app.route("/raw-ws")
async def raw_ws(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    async for message in ws:
        await ws.send(message)


@app.sse("/events")
async def events(r, events):
    await events.send("hello")
    await asyncio.Event().wait()


@app.get("/endless")
async def endless(r):
    while True:
        yield "piece"
        await asyncio.sleep_ms(100)


# -- what is set on a request


@app.get("/set")
def set_user(r):
    r.user = "ada"
    r.params = {"name": "ada"}
    return "set"


@app.get("/set-late")
async def set_user_late(r):
    await asyncio.sleep_ms(0)
    r.user = "ada"
    return "set"


@app.post("/set")
async def set_user_with_body(r):
    r.user = await r.json()
    return "set"


@app.get("/get")
def get_user(r):
    return {"user": getattr(r, "user", None), "params": r.params}


@app.post("/get")
async def get_user_with_body(r):
    return {"user": getattr(r, "user", None), "body": (await r.body()).decode()}


# -- copies


copies = []


@app.post("/copy")
async def copy(r):
    r.user = "ada"
    if r.args.get("read"):
        await r.body()
    copies.append(r.copy())
    return "copied"


@app.get("/copied")
async def copied(r):
    c = copies.pop()
    found = {
        "method": c.method,
        "path": c.path,
        "target": c.target,
        "query": c.query,
        "args": dict(c.args.items()),
        "cookies": c.cookies,
        "x": c.headers["x"],
        "user": c.user,
        "addr": c.addr == r.addr or c.addr[0] == r.addr[0],
    }
    try:
        found["body"] = (await c.body()).decode()
    except OSError as e:
        found["body"] = "OSError {}".format(e.errno)
    return found


# -- tasks that are cancelled


async def forever():
    await asyncio.Event().wait()


@app.get("/cancels")
async def cancels(r):
    t = asyncio.create_task(forever())
    await asyncio.sleep_ms(0)
    t.cancel()
    await t


@app.get("/cancelled-at-once")
async def cancelled_at_once(r):
    raise asyncio.CancelledError


@app.get("/cancels-plainly")
def cancels_plainly(r):
    raise asyncio.CancelledError


@app.get("/cancelled-late")
async def cancelled_late(r):
    yield "a piece"
    await asyncio.sleep_ms(0)  # which sends it
    raise asyncio.CancelledError


@app.route("/cancelled-raw")
async def cancelled_raw(r, w):
    raise asyncio.CancelledError


@app.route("/cancelled-ws")
async def cancelled_ws(r, w):
    await web.WebSocket.upgrade(r, w)
    t = asyncio.create_task(forever())
    await asyncio.sleep_ms(0)
    t.cancel()
    await t


@app.get("/cancels-me")
async def cancels_me(r):
    task = asyncio.current_task()

    async def cancel():
        task.cancel()

    asyncio.create_task(cancel())
    await asyncio.sleep(5)


@app.post("/waits")
async def waits(r):
    return await asyncio.wait_for(r.body(), 30)


@app.post("/waits-in-a-task")
async def waits_in_a_task(r):
    return await asyncio.create_task(r.body())


app.run()
