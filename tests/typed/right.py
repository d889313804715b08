# What programs do, and the types that a checker gives it. It is not run.
import asyncio
import ssl
from collections.abc import AsyncIterator, Generator
from typing import Literal, assert_type

import web
from web.conn import Request
from web.forms import MultiDict
from web.headers import Headers
from web.pieces import Pieces
from web.raw import Writer
from web.streaming import Stream
from web.testing import Client, run

app = web.App("127.0.0.1", 8080, max_body=1 << 20, idle_timeout=0.5)
room = web.Broadcast(4, slow="skip")
assert_type(app.port, int)
assert_type(web.__version__, str)
assert_type(web.implementation, str)


@app.get("/")
async def text(r: Request) -> str:
    assert_type(r.method, str)
    assert_type(r.query, str | None)
    assert_type(r.headers, Headers)
    assert_type(r.headers["host"], str)
    assert_type(r.headers.get("x"), str | None)
    assert_type(r.headers.get("x", ""), str)
    assert_type(list(r.headers), list[str])
    assert_type(dict(r.headers.items()), dict[str, str])
    assert_type(r.args, MultiDict)
    assert_type(r.args["x"], str)
    assert_type(r.args.get("x"), str | None)
    assert_type(r.args.get("x", "1"), str)
    assert_type(r.args.get("x", type=int), int | None)
    assert_type(r.args.get("x", 0, int), int)
    assert_type(r.args.getlist("x"), list[str])
    assert_type(r.cookies, dict[str, str])
    assert_type(r.length, int | None)
    return "text"


@app.put("/files/<name>", max_body=4 << 20)
@app.patch("/files/<name>")
@app.post("/files/<name>")
async def save(r: Request, name: str) -> tuple[dict[str, int], int]:
    assert_type(await r.body(), bytes)
    assert_type(await r.read(10), bytes)
    assert_type(await r.readline(), bytes)
    assert_type(await r.readexactly(2), bytes)
    assert_type(await r.readinto(memoryview(bytearray(9))), int)
    assert_type(await r.form(), MultiDict)
    async for piece in r:
        assert_type(piece, bytes)
    return {"size": await r.save(name, bytearray(512))}, 201


@app.delete("/files/<name>")
async def delete(r: Request, name: str) -> None:
    assert_type(await text(r), str)  # a decorated function stays what it is
    if "/" in name:
        web.abort(404, {"error": name}, {"Retry-After": 5})
    elif name == "own":
        raise web.HTTPException(403, "no", {"X": "y", "Link": ["a", "b"]})
    raise web.HTTPException(403, "no", "X: y\r\n")


@app.get("/list")
def both(r: Request) -> tuple[list[int], dict[str, str]]:
    return [1], {"X-A": "b"}


@app.get("/all")
def three(r: Request) -> tuple[bytes, int, dict[str, list[str]]]:
    return b"", 200, {"Link": ["a", "b"]}


@app.get("/pieces")
def pieces(r: Request) -> Generator[str, None, None]:
    yield "piece"


@app.get("/more-pieces")
async def more_pieces(r: Request) -> AsyncIterator[bytes]:
    await asyncio.sleep(1)
    yield b"piece"


@app.get("/response")
def response(r: Request) -> web.Response:
    answer = web.redirect("/", 303)
    answer.set_cookie("n", 1, max_age=60, same_site="Lax", path=None)
    answer.delete_cookie("o")
    answer.headers["Vary"] = ["Cookie"]
    return web.Response(pieces(r), 200, {"X": 1}, "text/csv")


@app.get("/file")
def opened(r: Request) -> web.Response:
    if r.query:
        return web.send_file(r, "a.csv", "text/csv", 60, download="b.csv")
    return web.Response(open("a.csv", "rb"))


class Digest:
    def update(self, data: bytes | memoryview) -> None: ...


@app.post("/parts")
async def parts(r: Request) -> web.Response:
    async for part in r.parts(max_part=9, max_parts=1):
        assert_type(part.filename, str | None)
        assert_type(part.name + part.type + await part.text(), str)
        assert_type(await part.save("a", hash=Digest(), check=lambda: True), int)
        assert_type(await part.readinto(bytearray(8)), int)
    await r.save("a", hash=Digest(), check=None)
    page = web.render("a.html", {"a": web.escape(1), "b": [web.quote("c", "")]})
    return web.Response(page, headers={"X-Q": web.urlencode({"a": ["b"]})})


app.static("/", "www")
app.static("/www/", "www", index=None, fallback="app.html", max_age=None, types={"a": "b/c"})


@app.route("/raw", methods=["GET", "POST"])
async def raw(r: Request, w: Writer) -> None:
    form = web.parse_qs(await r.read(1024))
    assert_type(form, dict[str, str | Literal[True] | list[str | Literal[True]]])
    w.write("HTTP/1.0 200 OK\r\n\r\n")
    await w.drain()
    await w.send(b"a", bytearray(b"b"))


app.add_handler("/also-raw/<path:rest>", raw, ("GET",))


async def allowed(r: Request) -> tuple[str, int] | None:
    return None if r.args.get("user") else ("who are you?", 401)


def nobody(r: Request) -> None:
    web.abort(403)


@app.on("/guarded", ("GET", "PURGE"), before=allowed, max_body=10)
@app.put("/guarded", before=[allowed, nobody])
async def guarded(r: Request) -> str:
    return r.method


async def check(name: str, password: str) -> bool:
    return web.check_password(password, {"ada": web.hash_password("x")}.get(name))


session = web.Session(app, [b"0123456789abcdef"], max_age=60, login="/")


@app.post("/sign-in", before=[web.basic(check, "board"), web.paced, session.required])
@app.sse("/events", before=web.bearer(lambda token: web.same(token, b"x")))
async def sign_in(r: Request, *streams: web.EventSource) -> None:
    r.session["user"] = r.user
    await web.failed(r)
    assert_type(session.verify(session.sign("text", 60)), str | None)


web.cors(app, ["https://example.com"], headers=("X-A",), credentials=True, max_age=5)
web.cors(app, "*")
web.protect(app, hosts=["board.local"], origins=())
app.route("/guarded/raw", before=(nobody, allowed))(raw)
app.mount(web.App(), "/mounted", before=allowed)


@app.task
async def blink() -> None:
    await asyncio.sleep(1)


@app.task(restart=5)
async def measure() -> None:
    await blink()


app.task(blink, 0.5)
send = app.threadsafe(room.send, most=4)
send("text", event="a")
portal = web.captive(app, "192.168.4.1", "/setup", hosts=["board.local"], port=53)
portal.online = True


@app.post("/portal")
async def end_of_portal(r: Request) -> None:
    await portal.stop()


@app.before_request
def identify(r: Request) -> None:
    r.user = {"name": "ada"}
    r.session["seen"] = 1


@app.before_request
def before(r: Request) -> tuple[str, int] | None:
    return None if r.addr else ("who", 403)


@app.after_request
async def after(r: Request, response: web.Response) -> None:
    response.headers["X-Time"] = "1"
    if isinstance(response.body, Stream):
        response.body.close()


@app.errorhandler(404)
def missing(r: Request) -> str:
    return r.path


@app.errorhandler(KeyError)
async def wrong_key(r: Request, e: KeyError) -> tuple[str, int]:
    return str(e), 400


@app.websocket("/ws/<int:n>", subprotocols=("chat",), ping_interval=20)
async def socket(r: Request, ws: web.WebSocket, n: int) -> None:
    async for message in ws:
        assert_type(message, str | bytearray)
        await ws.send(message)
    assert_type(await ws.receive(), str | bytearray | None)
    await asyncio.wait_for(ws.receive(), 1)
    event = await ws.recv()
    if event is None:
        return
    elif event["type"] == "text":
        assert_type(event["data"], str)
    elif event["type"] == "bytes":
        assert_type(event["data"], bytearray)
    else:
        assert_type(event["data"], bytes)
    assert_type(await ws.readinto(bytearray(10)), int | None)
    assert_type(ws.stream(), Pieces)
    async for piece in ws.stream():
        await ws.send(piece, more=True)
    await ws.ping()
    await ws.close(1001, "bye")
    assert_type((ws.open, ws.closed), tuple[bool, bool])
    assert_type((ws.close_code, ws.close_reason), tuple[int | None, str])
    assert_type(ws.subprotocol, str | None)
    asyncio.create_task(ws.finish())
    ws.abort()


@app.route("/upgraded")
async def upgraded(r: Request, w: Writer) -> None:
    ws = await web.WebSocket.upgrade(r, w, 1024, origins=["http://a"])
    await room.join(ws)
    room.join(ws)
    asyncio.create_task(room.join(ws))
    await ws.send({"a": [1]})
    await ws.send([1], more=True)
    room.leave(ws)


@app.post("/checked")
async def checked(r: Request) -> list[int]:
    led = await r.json({"led": (int, 0, 39), "on": bool, "name?": (str, 1, 20), "all?": [float]})
    args = web.check(r.args, {"n": int, "mode?": ("on", "off"), "any?": None})
    return [led["led"], args["n"]]


def admitted(r: Request) -> tuple[str, int] | None:
    return None


async def also_admitted(r: Request) -> None: ...


web.ota(app, "secret")
web.ota(app, before=admitted, path="/x", file="a.bin", max_body=1 << 20, done=lambda: None)
web.ota(app, before=[admitted, also_admitted])


@app.sse("/events", retry=1.5, heartbeat=None)
async def events(r: Request, sse: web.EventSource) -> None:
    assert_type(sse.last_event_id, str | None)
    await sse.send({"n": 1}, id=3, event="tick")
    await sse.comment()
    await room.join(sse)


async def client() -> None:
    headers = {"Authorization": "Bearer secret"}
    try:
        ws = await web.connect("ws://a/", headers=headers, timeout=2.5, compress=10)
    except web.HandshakeError as e:
        assert_type(e.status, int)
        raise
    assert_type(ws, web.WebSocket)
    await web.connect("wss://a/", headers=[("A", "b")], ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    await web.connect("wss://a/", verify=False)


async def tested() -> None:
    client = Client(app, headers={"X": ["a", "b"]}, follow=False, raises=False, addr="10.0.0.1")
    response = await client.post("/", json={"a": 1}, params={"b": 2}, follow=True)
    assert_type(response.status, int)
    assert_type(response.headers.get("etag"), str | None)
    assert_type((response.text, response.body), tuple[str, bytes])
    assert_type(client.cookies["session"], str)
    client.cookies["theme"] = "dark"
    async with await client.request("PUT", "/", body=["a", b"b"], stream=True) as response:
        async for piece in response:
            assert_type(piece, bytes)
    async with client.websocket("/ws", subprotocols=("chat",)) as ws:
        assert_type(ws, web.WebSocket)
    assert_type(await client.websocket("/ws"), web.WebSocket)
    async for event in client.events("/events", last_event_id="3"):
        assert_type((event.data, event.id), tuple[str, str | None])
    wire = client.connect()
    await wire.send("GET / HTTP/1.0\r\n\r\n")
    assert_type(await wire.receive_all(), bytes)
    assert_type(client.faults, list[Exception])


def plain() -> None:
    assert_type(run(tested(), timeout=5), None)


async def main() -> None:
    inner = web.App()
    app.mount(inner, "/inner")
    assert_type(room.send("all"), int)
    room.send({"a": 1}, id=3, event="tick")
    assert_type(len(room), int)
    await inner.start(port=81)
    await inner.stop(0.5)
    await app.serve(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


app.run("0.0.0.0")
