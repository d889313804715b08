# What answers while allocations fail, for tests/test_starvation.py:
#
#   micropython starved.py PORT FOLDER [session]
import os
import sys

import web

app = web.App(
    "127.0.0.1",
    int(sys.argv[1]),
    max_connections=8,
    head_timeout=0.5,
    body_timeout=0.5,
    idle_timeout=0.5,
    write_timeout=0.5,
)
folder = sys.argv[2]
app.static("/static", folder)
if sys.argv[3:]:
    session = web.Session(app, b"0123456789abcdef")

    @app.get("/in")
    def sign_in(r):
        r.session["user"] = "ada"
        return "in"

    @app.get("/private", before=session.required)
    def private(r):
        return r.user


@app.get("/")
def index(r):
    return "index"


@app.get("/dict")
def data(r):
    return {"name": "value", "list": [1, 2, 3]}


@app.get("/item/<int:n>")
def item(r, n):
    return "item {}".format(n)


@app.post("/body")
async def body(r):
    return "{} bytes".format(len(await r.body()))


@app.post("/save/<name>")
async def save(r, name):
    return "{} bytes".format(await r.save(folder + "/" + name))


@app.get("/left")
def left(r):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


@app.post("/parts")
async def parts(r):
    found = []
    async for part in r.parts():
        found.append(part.name + "=" + await part.text())
    return " ".join(found)


@app.get("/pieces")
async def pieces(r):
    for i in range(3):
        yield "piece {} ".format(i)


@app.get("/basic", before=web.basic(lambda name, password: web.same(password, "geheim")))
def known(r):
    return r.user


@app.websocket("/ws")
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


@app.sse("/events")
async def events(r, stream):
    await stream.send("first", event="news", id="1")
    await stream.send({"n": 2})


app.run()
