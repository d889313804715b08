# Mistakes that a checker must refuse, each with the kind of its complaint.
import web
from web.conn import Request
from web.raw import Writer
from web.testing import Client

app = web.App(ports=80)  # error: call-arg
app = web.App("127.0.0.1", 80, 4096)  # error: call-arg
room = web.Broadcast(slow="wait")  # error: arg-type


@app.get  # error: arg-type
async def no_path(r: Request):
    return ""


@app.get("/a", method="POST")  # error: call-arg
async def no_such_option(r: Request):
    return ""


@app.get("/b")  # error: type-var
async def not_a_response(r: Request) -> int:
    return 200


@app.get("/c")  # error: type-var
def not_a_status(r: Request) -> tuple[str, str]:
    return "body", "200"


@app.route("/d", methods="POST")  # error: arg-type
async def letters(r: Request, w: Writer) -> None:
    w.write(200)  # error: arg-type
    w.drain()  # error: unused-coroutine


web.Session(app)  # error: call-arg
web.Session(app, 16)  # error: arg-type
web.cors(app, "https://example.com")  # error: arg-type
web.protect(app, "board.local")  # error: arg-type
web.basic(check=True)  # error: arg-type


@app.on("/o", "GET")  # error: arg-type
@app.get("/p", before="guard")  # error: arg-type
@app.get("/q", befor=no_path)  # error: call-arg
async def guarded(r: Request) -> None:
    pass


@app.route("/e")  # error: type-var
async def no_writer(r: Request) -> None:
    pass


@app.post("/f")
async def misread(r: Request) -> str:
    r.header["host"]  # error: attr-defined
    r.method = "GET"  # error: misc
    r.json()["x"]  # error: index
    r.args.get("x").upper()  # error: union-attr
    await r.read("10")  # error: arg-type
    web.failed(r)  # error: unused-coroutine
    await r.readinto(b"")  # error: arg-type
    web.parse_qs(r.query or "")["x"].upper()  # error: union-attr
    web.HTTPException(403, None, ["X: y"])  # error: arg-type
    web.abort("404")  # error: arg-type


@app.get("/g")
def respond(r: Request) -> web.Response:
    response = web.Response("", headers="X: y")  # error: arg-type
    response.set_cookie("a", "b", httponly=True)  # error: call-arg
    response.set_cookie("a", "b", same_site="lax")  # error: arg-type
    response.status = "404"  # error: assignment
    return web.redirect(303, "/")  # error: arg-type


@app.before_request  # error: type-var
def two_parameters(r: Request, response: web.Response) -> None:
    pass


@app.errorhandler(KeyError)  # error: arg-type
def one_parameter(r: Request) -> str:
    return ""


@app.websocket("/h", retry=5)  # error: call-arg
async def socket(r: Request, ws: web.WebSocket) -> None:
    ws.send("text")  # error: unused-coroutine
    await ws.send({1, 2})  # error: arg-type
    room.send(1)  # error: arg-type
    web.check(await ws.json(), "shape")  # error: arg-type
    web.ota(app, b"password")  # error: arg-type
    web.ota(app, "password", 80)  # error: arg-type
    await ws.send("text", True, 1)  # error: call-arg
    await ws.close("bye")  # error: arg-type
    ws.open = False  # error: misc
    event = await ws.recv()
    event["data"]  # error: index
    if event and event["type"] == "test":  # error: comparison-overlap
        pass
    if event and event["type"] == "bytes":
        event["data"].encode()  # error: attr-defined
    async with ws:  # error: attr-defined
        pass


@app.sse("/i")  # error: type-var
async def not_a_stream(r: Request, ws: web.WebSocket) -> None:
    await web.WebSocket.upgrade(r, ws)  # error: arg-type
    web.WebSocket(r)  # error: call-arg


@app.route("/j")
async def names(r: Request, w: Writer) -> None:
    await web.WebSocket.upgrade(r, w, subprotocols="chat")  # error: arg-type
    await web.EventSource.upgrade(r, w, ping_interval=1)  # error: call-arg
    await room.send("all")  # error: misc
    await web.connect("ws://a/", header={"A": "b"})  # error: call-arg
    await web.connect("ws://a/", headers="A: b")  # error: arg-type
    web.connect("ws://a/").receive()  # error: attr-defined


async def tested() -> None:
    client = Client("http://board/")  # error: arg-type
    client.get("/").json()  # error: attr-defined
    await client.request("GET", "/", data="a")  # error: call-arg
    (await client.get("/")).status = "200"  # error: assignment


app.mount("/k", web.App())  # error: arg-type
app.run(ssl=True)  # error: arg-type
print(web.Request)  # error: attr-defined
