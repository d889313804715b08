# What web.testing does, tried by itself: tests/test_testing.py has the plugin run this.
import asyncio

import web
from web.testing import Client, run

app = web.App(max_body=5000, body_timeout=0.5, head_timeout=0.5)
client = Client(app)


def setup_function():
    client.cookies.clear()
    client.faults.clear()


def teardown_function():
    client.close()


async def raised(kind, coroutine):
    try:
        await coroutine
    except kind as e:
        return e
    raise AssertionError("nothing was raised")


# -- requests


@app.on("/echo", ("GET", "POST", "PUT", "PATCH", "DELETE"))
async def echo(r):
    return {
        "method": r.method,
        "query": r.query,
        "fields": dict(r.headers.items()),
        "addr": r.addr[0],
        "body": str(await r.body(), "utf-8"),
    }


async def test_methods():
    for method in ("get", "post", "put", "patch", "delete"):
        response = await getattr(client, method)("/echo")
        assert response.json()["method"] == method.upper()
    response = await client.request("HEAD", "/echo")
    assert (response.status, response.body) == (200, b"")
    assert int(response.headers["content-length"]) > 0
    assert (await client.request("OPTIONS", "/echo")).status == 204


def test_requests_out_of_a_plain_function():
    assert run(client.get("/echo")).status == 200
    assert run(client.get("/slow")).text == "slept"


async def test_query_and_fields():
    own = Client(app, headers={"X-Field": "own", "Host": "board.local"}, addr="10.0.0.9")
    got = (await own.get("/echo?a=1", params={"b": ["ä", 2]})).json()
    assert got["query"] == "a=1&b=%C3%A4&b=2"
    assert got["addr"] == "10.0.0.9"
    assert got["fields"]["host"] == "board.local"
    assert got["fields"]["x-field"] == "own"
    got = (await own.get("/echo", headers={"x-field": "request's", "X-Two": ["a", "b"]})).json()
    assert got["fields"]["x-field"] == "request's"
    assert (await client.get("/echo")).json()["fields"]["host"] == "localhost"
    await raised(ValueError, client.get("/echo", headers={"A": "b\r\nC: d"}))


async def test_bodies():
    async def sent(**what):
        got = (await client.post("/echo", **what)).json()
        return got["fields"].get("content-type"), got["body"]

    assert await sent(body="grün") == ("text/plain; charset=utf-8", "grün")
    assert await sent(body=b"abc") == (None, "abc")
    assert await sent(body=memoryview(b"abc"), headers={"Content-Type": "a/b"}) == ("a/b", "abc")
    assert await sent(body=["a", b"b", ""]) == (None, "ab")
    assert await sent(body=(str(n) for n in range(900))) == (
        None,
        "".join([str(n) for n in range(900)]),
    )
    assert await sent(json={"a": [1, None]}) == ("application/json", '{"a": [1, null]}')
    assert await sent(json="a") == ("application/json", '"a"')
    assert await sent(body="x" * 4990) == ("text/plain; charset=utf-8", "x" * 4990)
    await raised(ValueError, client.post("/echo", body="a", json=1))


@app.post("/form")
async def form(r):
    values = await r.form()
    return [values["a"], values.getlist("b")]


@app.post("/parts")
async def parts(r):
    found = []
    async for part in r.parts():
        found.append([part.name, part.filename, part.type, await part.text()])
    return found


async def test_forms():
    got = await client.post("/form", form={"a": "b & ü", "b": [1, 2]})
    assert got.json() == ["b & ü", ["1", "2"]]
    files = {"f": ("a b.txt", "text", "text/plain"), "g": b"\r\n--", "h": ("ü.bin", b"x")}
    got = await client.post("/parts", form={"a": ["1", "ü"]}, files=files)
    assert sorted(got.json(), key=lambda part: (part[0], part[3])) == [
        ["a", None, "text/plain", "1"],
        ["a", None, "text/plain", "ü"],
        ["f", "a b.txt", "text/plain", "text"],
        ["g", "g", "application/octet-stream", "\r\n--"],
        ["h", "ü.bin", "application/octet-stream", "x"],
    ]


# -- responses


@app.get("/slow")
async def slow(r):
    await asyncio.sleep_ms(5)
    return "slept"


@app.get("/long")
def long(r):
    return "ä" * 30000


gate = asyncio.Event()


@app.get("/pieces")
async def pieces(r):
    yield "one"
    await gate.wait()
    yield "two"


@app.route("/raw")
async def raw(r, w):
    w.write("HTTP/1.0 200 OK\r\nX-A: 1\r\nX-A: 2\r\n\r\nuntil the end")
    await w.drain()


async def test_responses():
    response = await client.get("/long")
    assert len(response.body) == 60000
    assert response.text == "ä" * 30000
    response = await client.get("/raw")
    assert (response.text, response.headers["x-a"]) == ("until the end", "1, 2")
    assert [v for n, v in response.headers.items() if n == "x-a"] == ["1", "2"]
    assert (await client.get("/nowhere")).status == 404
    assert (await client.get("/echo", headers={"Connection": "close"})).status == 200


async def test_pieces_come_as_they_are_sent():
    gate.clear()
    response = await client.get("/pieces", stream=True)
    assert await response.__anext__() == b"one"
    gate.set()
    assert await response.read() == b"two"
    gate.clear()
    async with await client.get("/pieces", stream=True) as response:
        assert await response.__anext__() == b"one"
    assert (await client.get("/slow")).text == "slept"


async def test_requests_at_the_same_time():
    got = await asyncio.gather(*[client.get("/slow") for _ in range(5)])
    assert [response.text for response in got] == ["slept"] * 5


async def test_a_connection_has_many_requests():
    await client.get("/echo")
    before = len(app.connections)
    for _ in range(5):
        await client.get("/echo")
    assert len(app.connections) == before


# -- redirects


@app.on("/to/<int:n>", ("GET", "POST"))
def to(r, n):
    return web.redirect(r.args.get("to", "/echo?done"), n)


@app.get("/round")
def round(r):
    return web.redirect("round")


async def test_redirects():
    response = await client.post("/to/303", form={"a": 1})
    assert (response.path, response.json()["method"]) == ("/echo?done", "GET")
    assert "content-type" not in response.json()["fields"]
    assert [(r.status, r.path) for r in response.history] == [(303, "/to/303")]
    response = await client.post("/to/307", form={"a": 1})
    assert (response.json()["method"], response.json()["body"]) == ("POST", "a=1")
    for there in (
        "../echo?a#b",
        "../../.././echo?a",
        "http://localhost/echo?a",
        "//localhost/echo?a",
    ):
        assert (await client.get("/to/302", params={"to": there})).json()["query"] == "a"
    response = await client.get("/to/302", params={"to": "http://example.com/"})
    assert (response.status, response.headers["location"]) == (302, "http://example.com/")
    assert (await client.get("/to/302", follow=False)).status == 302
    assert (await Client(app, follow=False).get("/to/302")).status == 302
    await raised(ValueError, client.get("/round"))


# -- cookies


@app.get("/set/<path:name>")
def set_cookie(r, name):
    response = web.Response(name)
    for line in r.args.getlist("c"):
        lines = response.headers.setdefault("Set-Cookie", [])
        lines.append(line)
    return response


async def test_cookies():
    async def sent(path="/echo"):
        return (await client.get(path)).json()["fields"].get("cookie")

    lines = ["a=1; Path=/", "b=2; Path=/other", "c=3", "d=4; Path=/; Max-Age=100; HttpOnly"]
    await client.get("/set/x", params={"c": lines})
    assert sorted(client.cookies) == ["a", "b", "c", "d"]
    assert sorted((await sent()).split("; ")) == ["a=1", "d=4"]
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    coming = "Wed, 21 Oct 2037 07:28:00 GMT"
    lines = ["a=; Path=/; Max-Age=0; Expires=" + coming, "d=5; Path=/; Expires=" + past]
    await client.get("/set/x", params={"c": lines + ["e=6; Path=/; Expires=" + coming]})
    assert await sent() == "e=6"
    client.cookies["own"] = "7"
    assert client.cookies["own"] == "7"
    assert "own=7" in await sent()
    del client.cookies["own"]
    assert client.cookies.get("own") is None
    assert len(client.cookies) == 3


# -- limits and timeouts of the server


async def test_limits():
    assert (await client.post("/echo", body=bytes(5001))).status == 413
    assert (await client.post("/echo", body=bytes(200000))).status == 413
    assert (await client.get("/echo", headers={"A": "b" * 5000})).status == 431
    assert (await client.get("/" + "a" * 2000)).status == 414


async def test_bytes_as_they_are():
    wire = client.connect()
    await wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.0\r\n\r\n")
    assert (await wire.receive_all()).count(b"slept") == 2
    assert wire.ended
    wire = client.connect()
    await wire.send("nonsense\r\n\r\n")
    assert (await wire.receive_all())[:12] == b"HTTP/1.1 400"


async def test_timeouts():
    wire = client.connect()
    await wire.send("GET /slow HTTP/1.1\r\n")
    assert (await wire.receive_all())[:12] == b"HTTP/1.1 408"
    wire = client.connect()
    await wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    assert (await wire.receive_all())[:12] == b"HTTP/1.1 408"
    gate.clear()
    impatient = Client(app, timeout=0.05)
    response = await impatient.get("/pieces", stream=True)
    await response.__anext__()
    await raised(asyncio.TimeoutError, response.read())
    response.close()


# -- what goes wrong in handlers


@app.get("/fault")
def fault(r):
    return {}["missing"]


@app.get("/late-fault")
def late_fault(r):
    yield "begun" * 500
    yield {}["missing"]


@app.get("/handled")
def handled(r):
    raise OverflowError


@app.errorhandler(OverflowError)
def overflow(r, e):
    return "handled", 400


async def test_faults():
    assert (await raised(KeyError, client.get("/fault"))).args == ("missing",)
    assert (await raised(KeyError, client.get("/late-fault"))).args == ("missing",)
    assert len(client.faults) == 2
    assert (await client.get("/handled")).status == 400
    other = Client(app, raises=False)
    assert (await other.get("/fault")).status == 500
    await raised(EOFError, other.get("/late-fault"))
    assert [type(e) for e in other.faults] == [KeyError, KeyError]
    assert (await client.get("/slow")).text == "slept"


async def test_a_body_that_can_not_be_given():
    def broken():
        yield "a"
        raise ValueError("broken")

    assert str(await raised(ValueError, client.post("/echo", body=broken()))) == "broken"


# -- streams

room = web.Broadcast()
left = []


@app.websocket("/ws", subprotocols=("chat",))
async def ws(r, ws):
    if "user" not in r.cookies:
        web.abort(403)
    await ws.send(r.query or "")
    async for message in ws:
        if message == "fault":
            raise KeyError(message)
        if message == "close":
            return await ws.close(4001, "bye")
        await ws.send(message)


@app.sse("/events", retry=99)
async def events(r, sse):
    try:
        await sse.send("begun\nafter", id=r.headers.get("last-event-id"))
        await room.join(sse)
    finally:
        left.append(r.path)


async def test_websockets():
    assert (await raised(web.HandshakeError, client.websocket("/ws"))).status == 403
    client.cookies["user"] = "ada"
    async with client.websocket("/ws?a", subprotocols=("chat",)) as ws:
        assert await ws.receive() == "a"
        assert ws.subprotocol == "chat"
        for message in ("text", bytearray(b"\x00\xff"), "ä" * 9000):
            await ws.send(message)
            assert await ws.receive() == message
    ws = await client.websocket("/ws")
    await ws.receive()
    await ws.send("close")
    assert await ws.receive() is None
    assert (ws.close_code, ws.close_reason) == (4001, "bye")


async def failing():
    async with client.websocket("/ws") as ws:
        await ws.send("fault")
        while await ws.receive() is not None:
            pass
        assert ws.close_code == 1011


async def test_faults_of_websockets():
    client.cookies["user"] = "ada"
    await raised(KeyError, failing())


async def test_events():
    async with client.events("/events", last_event_id="5") as events:
        event = await events.__anext__()
        assert (event.data, event.id, event.event) == ("begun\nafter", "5", "message")
        assert events.retry == 99
        room.send({"n": 1}, event="tick")
        async for event in events:
            assert (event.json(), event.event) == ({"n": 1}, "tick")
            break
    while not left:
        await asyncio.sleep_ms(0)
    assert len(room) == 0
    await raised(ValueError, client.events("/slow").open())


# -- the program around


async def test_hooks_guards_and_sessions():
    other = web.App()
    session = web.Session(other, "better kept in a file", login="/login")

    @other.get("/", before=session.required)
    def index(r):
        return r.user

    @other.get("/login")
    def login(r):
        r.session["user"] = "ada"
        return "signed in"

    @other.after_request
    def after(r, response):
        response.headers["X-After"] = "1"

    web.protect(other, hosts=["localhost"])
    browser = Client(other)
    assert (await browser.get("/")).path == "/login"
    response = await browser.get("/")
    assert (response.text, response.headers["x-after"]) == ("ada", "1")
    assert (await Client(other).get("/")).text == "signed in"
    assert (await browser.get("/", headers={"Host": "evil.example"})).status == 421


async def test_an_app_that_is_stopped_can_be_tested_again():
    other = web.App()
    other.get("/")(lambda r: "again")
    for _ in range(2):
        assert (await Client(other).get("/")).text == "again"
        await other.stop(0.1)
