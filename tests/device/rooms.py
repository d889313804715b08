# Programs that tests/test_loading.py has load rooms: `rooms.py PORT NAME`, where /rooms
# tells which there are.
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


def hello():
    @app.get("/x")
    async def index(r):
        return "Hello"


def a_dict():
    @app.get("/x")
    def value(r):
        return {"a": 1}


def parameter():
    @app.get("/<name>")
    def named(r, name):
        return name


def headers():
    @app.get("/x")
    def lines(r):
        return r.headers["host"] + r.args.get("a", "")


def status():
    @app.get("/x")
    def created(r):
        return "x", 201, {"X-A": "b"}


def missing():
    pass


def fault():
    @app.get("/x")
    def wrong(r):
        return 1 / 0


def hook():
    @app.before_request
    def before(r):
        pass

    hello()


def guard():
    @app.get("/x", before=lambda r: None)
    def index(r):
        return "Hello"


def password():
    right = web.basic(lambda name, password: web.same(password, "b"))

    @app.on("/x", ("POST",), before=right)
    def index(r):
        return r.user


def session():
    web.Session(app, bytes(16))

    @app.get("/x")
    def index(r):
        r.session["n"] = 1
        return "Hello"


def cors():
    web.cors(app, "*")
    hello()


def protect():
    web.protect(app, ("x",))
    hello()


def beside():
    @app.task
    async def waits():
        await asyncio.sleep(9)

    hello()


def captive():
    # the test's Host is the board's own; any port does, but only root may have 53
    web.captive(app, "127.0.0.1", hosts=("x",), port=int(sys.argv[1]))
    hello()


def after():
    @app.after_request
    def after(r, response):
        pass

    hello()


def waits():
    @app.get("/x")
    async def later(r):
        await asyncio.sleep_ms(1)
        return "x"


def generator():
    @app.get("/x")
    def pieces(r):
        yield "x"


def opened():
    @app.get("/x")
    def file(r):
        return open(sys.argv[0], "rb")


def static():
    with open("x", "w") as file:
        file.write("x")
    app.static("/", ".")


def body():
    @app.post("/x")
    async def take(r):
        return await r.body()


def late_body():
    body()


def json():
    @app.post("/x")
    async def take(r):
        return await r.json()


def shape():
    @app.post("/x")
    async def take(r):
        return await r.json([int])


def form():
    @app.post("/x")
    async def take(r):
        return (await r.form()).get("a", "")


def raw():
    @app.route("/x")
    async def write(r, w):
        await w.send("HTTP/1.0 200 OK\r\n\r\n")


def sse():
    @app.sse("/x")
    async def events(r, events):
        await asyncio.sleep_ms(1)
        await events.send("x")
        await asyncio.sleep(9)


def websocket():
    @app.websocket("/x")
    async def echo(r, ws):
        async for message in ws:
            await ws.send(message)


globals()[sys.argv[2]]()


@app.get("/rooms")
def rooms(r):
    return " ".join(sorted([name[4:] for name in sys.modules if name[:4] == "web."]))


app.run()
