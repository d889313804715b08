# What a board may do for months, all of it at once:
#
#   micropython soak.py PORT CONTROL-PORT FOLDER
#
# FOLDER has static files, and takes uploads. An App of its own, on the other port, tells
# what is left when nobody is there any more.
import asyncio
import gc
import sys
from asyncio import core

import web

gc.threshold(4096)  # as the guide says: else what lives on lies scattered over all that is free
app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=8, backlog=64)
control = web.App("127.0.0.1", int(sys.argv[2]))
folder = sys.argv[3]
admin = web.App()
session = web.Session(admin, b"a key that only the tests know", login="/admin/login")
ADA = web.hash_password("geheim", 3)
room = web.Broadcast()
handlers = [0]


# -- pages and data


@app.get("/")
def index(r):
    return "<h1>a board</h1>"


@app.get("/state")
def state(r):
    return {"n": r.args.get("n"), "led": True, "values": [1.5, 2, None]}


@app.get("/slow")
async def slow(r):
    await asyncio.sleep_ms(20)
    return r.query


@app.get("/log.csv")
async def log(r):
    for i in range(20):
        yield "{},{}\n".format(i, i * i) * 5
        await asyncio.sleep_ms(1)


@app.post("/echo", max_body=2048)
async def echo(r):
    return await r.body()


@app.post("/form")
async def form(r):
    return web.escape((await r.form()).get("name", ""))


# -- files


def path_of(name):
    if not name or name[0] == "." or "/" in name or "\\" in name:
        web.abort(400, "no such name")
    return folder + "/" + name


@app.put("/files/<name>", max_body=1 << 20)
async def put_file(r, name):
    return {"size": await r.save(path_of(name))}, 201


@app.post("/files", max_body=1 << 20)
async def post_files(r):
    sizes = {}
    async for part in r.parts():
        if part.filename:
            sizes[part.filename] = await part.save(path_of(part.filename))
    return sizes


app.static("/static", folder)


# -- what lasts


@app.websocket("/chat", max_message=1024, ping_interval=2, ping_timeout=2)
async def chat(r, ws):
    handlers[0] += 1
    try:
        async for message in ws:
            await ws.send(message)
    finally:
        handlers[0] -= 1


@app.websocket("/room", ping_interval=2, ping_timeout=2)
async def enter(r, ws):
    room.join(ws)
    async for message in ws:
        room.send({"text": message})


@app.sse("/events")
async def events(r, sse):
    handlers[0] += 1
    try:
        for i in range(int(r.query)):
            await sse.send("tick", id=i)
            await asyncio.sleep_ms(20)
    finally:
        handlers[0] -= 1


@app.sse("/endless")
async def endless(r, sse):
    handlers[0] += 1
    try:
        while True:
            await sse.send("x" * 500)
            await asyncio.sleep_ms(0)
    finally:
        handlers[0] -= 1


# -- faults of the program


@app.get("/fault/<int:life>")
async def fault(r, life):
    await asyncio.sleep_ms(1)
    raise ValueError("a fault")


@app.get("/late/<int:life>")
async def late(r, life):
    yield "a piece"
    await asyncio.sleep_ms(1)
    raise OSError(5)


# -- who may do what


@app.get("/basic", before=web.basic(lambda name, word: web.check_password(word, ADA)))
def private(r):
    return r.user


@admin.get("/login")
def page(r):
    return "<form method=post><input name=password type=password></form>"


@admin.post("/login", before=web.paced)
async def login(r):
    form = await r.form()
    if not web.check_password(form.get("password"), ADA):
        await web.failed(r)
        return "no", 403
    r.session = {"user": "ada"}
    return web.redirect("/admin/", 303)


@admin.get("/", before=session.required)
def inside(r):
    return r.user


app.mount(admin, "/admin")


# -- what is left


def overwrite_stack(n):
    return n and overwrite_stack(n - 1)


def largest():
    """The largest block that can be had, to 64 bytes."""
    low, high = 0, gc.mem_free()
    while high - low > 64:
        size = (low + high) // 2
        gc.collect()
        try:
            bytearray(size)
            low = size
        except MemoryError:
            high = size
    gc.collect()
    return low


async def measure():
    # the collector takes what calls left on the stack for references
    overwrite_stack(40)
    await asyncio.sleep_ms(0)
    gc.collect()
    used = gc.mem_alloc()
    return {"used": used, "largest": largest()}


counts = {}
create = core.create_task


async def counted(name, coroutine):
    counts[name] = counts.get(name, 0) + 1
    try:
        return await coroutine
    finally:
        counts[name] -= 1


def create_task(coroutine):
    return create(counted(repr(coroutine).split("'")[1], coroutine))


core.create_task = asyncio.create_task = create_task


@control.get("/left")
async def left(r):
    for _ in range(500):
        if not app.connections and not handlers[0]:
            break
        await asyncio.sleep_ms(20)
    told = await asyncio.create_task(measure())
    told["connections"] = len(app.connections)
    told["handlers"] = handlers[0]
    told["members"] = len(room)
    told["tasks"] = sum(counts.values())
    return told


async def main():
    await app.start()
    await control.serve()


asyncio.run(main())
