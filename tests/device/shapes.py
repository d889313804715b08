# What is sent and taken as JSON: `shapes.py PORT`; with a further argument without event
# streams.
import asyncio
import json
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
room = web.Broadcast(most=4)
others = [web.Broadcast() for _ in range(4)]
POINT = {"x": (float, -1, 1), "y?": float}
SHAPES = {
    "led": {"led": (int, 0, 39), "on": bool, "name?": (str, 1, 20)},
    "nested": {"at": POINT, "more?": ([POINT], 1, 3), "any?": None, "raw?": dict, "list?": list},
    "mode": {"mode": ("off", "on", 3), "least?": (int, 5), "names?": [str]},
    "list": [int],
    "number": (float, 0),
    "args": {"n": (int, 0, 100), "f?": float, "b?": bool, "s?": (str, 1, 3), "id?": ([int], 1, 2)},
    "choice": {"n": (1, 2.5, "x")},
}
VALUES = (
    {"a": [1, "ü\n", None]},
    [],
    [float("nan")],
    {"a": float("inf")},
    [json.loads('"\\ud83d"')],  # half a surrogate pair
    ({},),
)


@app.post("/json/<name>")
async def take(r, name):
    return [await r.json(SHAPES[name])]


@app.get("/args/<name>")
def args(r, name):
    return web.check(r.args, SHAPES[name])


@app.post("/form/<name>")
async def form(r, name):
    return web.check(await r.form(), SHAPES[name])


@app.websocket("/ws")
async def sends(r, ws):
    async for message in ws:
        try:
            await ws.send(VALUES[int(message)], more=r.query == "parts")
        except (TypeError, ValueError) as e:
            await ws.send(type(e).__name__, more=r.query == "parts")
        if r.query == "parts":
            await ws.send("")


@app.websocket("/ws/checks")
async def checks(r, ws):
    while True:
        try:
            led = web.check(await ws.json(), SHAPES["led"])
        except web.HTTPException as e:
            led = e.body
        await ws.send(led)


async def events(r, sse):
    for value in VALUES[:-1]:
        try:
            await sse.send(value, event="value", id=1)
        except ValueError as e:
            await sse.send(type(e).__name__)


# -- rooms


@app.websocket("/room")
async def enters(r, ws):
    room.join(ws)
    async for message in ws:
        if message == "leave":
            room.leave(ws)
            await ws.send("left")
        else:
            room.join(ws)
            room.send({"said": message})
    print("gone", r.query, len(room))


@app.websocket("/room/every")
async def enters_every(r, ws):
    room.join(ws)
    for other in others:
        other.join(ws)
    other.send("first")
    async for message in ws:
        room.send(message)
        other.send(message)


@app.websocket("/room/aside")
async def enters_aside(r, ws):
    task = asyncio.create_task(room.join(ws))
    room.send("hello")  # before that task's first step
    async for _ in ws:
        task.cancel()
        for _ in range(1000):  # it has its turn, on a busy machine too
            if len(room):
                await asyncio.sleep_ms(1)
        await ws.send(str(len(room)))


async def reads(r, sse):
    joined = room.join(sse)
    await sse.send("hello")
    await joined


@app.post("/say/<int:n>")
def say(r, n):
    try:
        return {"to": room.send(VALUES[n], id=r.args.get("id"), event=r.args.get("event"))}
    except (TypeError, ValueError) as e:
        return {"error": type(e).__name__}


@app.post("/long")
def say_much(r):
    return {"to": room.send({"text": "x" * 100000})}


@app.get("/members")
def members(r):
    every = len(room) + sum([len(other) for other in others])
    return {
        "members": len(room),
        "every": every,
        "loaded": [n for n in sys.modules if n[:4] == "web."],
    }


if len(sys.argv) < 3:
    app.sse("/sse")(events)
    app.sse("/room/events")(reads)
app.run()
