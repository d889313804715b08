"""The examples, run as they are and driven by the clients that users have."""

import gzip
import hashlib
import json
import subprocess
import time

import httpx
import matrix
import pytest
from conftest import (
    DEVICE,
    MICROPYTHON,
    ROOT,
    Server,
    environment,
    free_port,
    packages,
    serving,
)
from websockets.sync.client import connect


def test_hello(example):
    with example("hello.py") as server:
        for _ in range(2):
            done = subprocess.run(
                ["curl", "-sS", "-i", server.url()], capture_output=True, timeout=20
            )
            assert done.stdout == (
                b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\nHello world!"
            ), done.stderr
        assert httpx.get(server.url()).text == "Hello world!"


def test_first(example):
    with example("first.py") as server:
        assert httpx.get(server.url()).text == "<h1>Hello from MicroPython!</h1>"
        assert httpx.get(server.url("/add/2/40")).json() == {"sum": 42}


def test_live(example):
    with example("live.py") as server:
        with connect(server.url("/chat", "ws")) as one, connect(server.url("/chat", "ws")) as two:
            for ws in (one, two):
                assert ws.ping().wait(10)  # its handler waits, so it has joined
            one.send("hello")
            assert one.recv(timeout=10) == two.recv(timeout=10) == "hello"
        with httpx.stream("GET", server.url("/clock"), timeout=10) as response:
            assert "time" in json.loads(next(response.iter_lines()).removeprefix("data: "))


def test_form(example):
    with example("form.py") as server:
        assert httpx.post(server.url(), data={"name": "Ada & Zoë"}).text == "Hello Ada & Zoë!"
        assert httpx.post(server.url(), content=b"").text == "Hello world!"
        done = subprocess.run(
            ["curl", "-sS", "--data-urlencode", "name=a b", server.url()],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.stdout == "Hello a b!", done.stderr
        # head and body in segments of their own
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n"
        assert server.exchange(head, b"name", b"=Bob").endswith(b"Hello Bob!")


def test_websocket(example):
    with example("websocket.py") as server:
        with connect(server.url("/ws", "ws")) as ws:
            for text in ("hello", "", "Grüße 你好 😀", "x" * 5000):
                ws.send(text)
                assert ws.recv(timeout=10) == text
        server.wait_for_line("Received: Grüße")


def test_events(example):
    with example("events.py") as server:
        with httpx.stream("GET", server.url("/events"), timeout=10) as response:
            assert response.headers["content-type"] == "text/event-stream"
            lines = response.iter_lines()
            got = [next(lines) for _ in range(4)]
        assert got == ["data: Hello world #1", "", "data: Hello world #2", ""]


def test_api(example):
    with example("api.py") as server:
        client = httpx.Client(base_url=server.url(""), headers={"Authorization": "Bearer secret"})
        assert client.get("/").text == "<h1>0 LEDs</h1>"
        assert client.put("/leds/3", json={"on": 1}).status_code == 201
        done = client.put("/leds/3", json={"on": True})
        assert (done.status_code, done.json()) == (200, {"led": 3, "on": True})
        assert client.get("/leds").json() == [{"led": 3, "on": True}]
        elsewhere = {"Origin": "https://example.com"}
        got = client.get("/leds/3", headers=elsewhere).headers
        assert (got["access-control-allow-origin"], got["cache-control"]) == ("*", "no-store")
        elsewhere["Access-Control-Request-Method"] = "PUT"
        got = httpx.options(server.url("/leds/3"), headers=elsewhere)  # without the secret
        assert got.status_code == 204
        assert got.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        missing = client.get("/leds/4")
        assert (missing.status_code, missing.json()) == (404, {"error": "no such LED"})
        assert client.put("/leds/4", json={}).json() == {"error": "missing on"}
        assert client.put("/leds/4", content="{").status_code == 400
        assert client.put("/leds/x", json={"on": 1}).status_code == 404
        assert client.delete("/leds/3").status_code == 204
        assert client.get("/leds").json() == []
        assert httpx.delete(server.url("/leds/3")).status_code == 401


def test_login(example, tmp_path):
    with example("login.py", tmp_path) as server:
        with httpx.Client(base_url=server.url(""), follow_redirects=True) as client:
            assert "Sign in" in client.get("/").text
            done = client.post("/login", data={"user": "ada", "password": "wrong"})
            assert (done.status_code, client.cookies.get("session")) == (403, None)
            done = client.post("/login", data={"user": "ada", "password": "secret"})
            assert done.text.startswith("Hello ada!")
            link = client.get("/link").text
            key = (tmp_path / "session.key").read_bytes()
            cookie = client.cookies["session"]
            assert "Sign in" in client.post("/logout").text
            assert "Sign in" in client.get("/").text
        assert httpx.get(server.url(link)).text == "a report"
        assert httpx.get(server.url(link) + "x").status_code == 403
        elsewhere = {"Origin": "http://example.com"}
        assert httpx.post(server.url("/logout"), headers=elsewhere).status_code == 403
        assert httpx.get(server.url("/login"), headers={"Host": "example.com"}).status_code == 421
    with example("login.py", tmp_path) as server:
        assert httpx.get(server.url(), cookies={"session": cookie}).text.startswith("Hello ada!")
    assert (tmp_path / "session.key").read_bytes() == key


def test_upload(example, tmp_path):
    (tmp_path / "files").mkdir()
    with example("upload.py", tmp_path) as server:
        body = bytes(range(256)) * 4000
        done = httpx.put(server.url("/files/image.bin"), content=body)
        assert (done.status_code, done.json()["size"]) == (201, len(body))
        assert (tmp_path / "files/image.bin").read_bytes() == body
        assert [path.name for path in (tmp_path / "files").iterdir()] == ["image.bin"]
        for name in ("..%2Fx", "a%2F..%2F..%2Fx", "a%5Cb", ".x"):
            assert httpx.put(server.url("/files/" + name), content=b"x").status_code == 400
        files = {"a": ("a.bin", body), "b": ("dir/b.bin", b"b")}
        done = httpx.post(server.url("/files"), files=files)
        assert done.json() == {"a.bin": len(body), "b.bin": 1}
        assert (tmp_path / "files/b.bin").read_bytes() == b"b"
        assert httpx.post(server.url("/files"), files={"a": (".x", b"x")}).status_code == 400
        client = httpx.Client(base_url=server.url(""), follow_redirects=True)
        done = client.post("/settings", data={"name": "Ada", "theme": "dark"})
        assert done.text == "saved Ada, theme dark"
        done = client.post("/settings", data={"name": "<a&b>", "theme": "a;b"})
        assert done.text == "saved &lt;a&amp;b&gt;, theme a%3Bb"
        done = client.get("/log.csv")
        assert done.headers["content-type"] == "text/csv"
        assert done.text.splitlines() == [f"{i},{i * i}" for i in range(1000)]


def test_files(example, tmp_path):
    page = b"<script src=app.js></script>"
    script = b"console.log(1)\n" * 500
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_bytes(page)
    (tmp_path / "www/app.js.gz").write_bytes(gzip.compress(script))
    (tmp_path / "readings.csv").write_text("12:00,21\n")
    with example("files.py", tmp_path) as server:
        client = httpx.Client(base_url=server.url(""))
        done = client.get("/")
        assert (done.headers["content-type"], done.content) == ("text/html; charset=utf-8", page)
        done = client.get("/app.js")
        assert (done.headers["content-encoding"], done.content) == ("gzip", script)
        assert done.headers["cache-control"] == "max-age=60"
        fields = {"If-None-Match": done.headers["etag"]}
        assert client.get("/app.js", headers=fields).status_code == 304
        assert client.get("/app.js", headers={"Accept-Encoding": ""}).content == script
        done = client.get("/export")
        assert done.text == "12:00,21\n"
        name = 'attachment; filename="readings of today.csv"'
        assert done.headers["content-disposition"] == name
        assert client.get("/api/readings").json()[1] == {"time": "12:01", "value": 22}
        assert client.get("/..%2freadings.csv").status_code == 404


def test_update(parser, tmp_path):
    def command(port):
        return [MICROPYTHON, DEVICE / "run_example.py", ROOT / "examples" / "update.py", str(port)]

    server = Server(parser, command, f"{packages(parser)}:{DEVICE / 'board'}", tmp_path)
    try:
        server.wait_for_line("valid")
        client = httpx.Client(base_url=server.url(""), auth=("", "change me"))
        assert client.get("/").text.startswith("Version 1.")
        assert "<title>Update</title>" in client.get("/update").text
        image = b"\xe9" + bytes(range(256)) * 99
        query = "?sha256=" + hashlib.sha256(image).hexdigest()
        assert client.put("/update" + query, content=image + b"x").status_code == 422
        assert client.put("/update" + query, content=image).json() == {"size": len(image)}
        server.wait_for_line("will boot ota_1")
        server.wait_for_line("reset")
        assert (tmp_path / "firmware.bin").read_bytes().startswith(image)
    finally:
        server.stop()


def test_device(parser, tmp_path):
    """As `make demo` serves it; tests/test_device.py has the rest."""
    with serving(parser, ROOT / "examples/device/main.py", cwd=tmp_path) as server:
        native = f"native {matrix.host()}" if parser == "native" else parser
        server.wait_for_line(f"{native} parser: http://localhost:{server.port}/")
        with httpx.Client(base_url=server.url(""), follow_redirects=True) as client:
            given = {"password": "long enough", "repeat": "long enough"}
            assert "<title>Board</title>" in client.post("/login", data=given).text
            assert client.put("/files/a.txt", content=b"a").json() == {"size": 1}
            assert (tmp_path / "files/a.txt").read_bytes() == b"a"
            assert [entry[0] for entry in client.get("/list").json()[2:]] == ["a.txt"]
            cookie = {"Cookie": "session=" + client.cookies["session"]}
            with connect(server.url("/ws", "ws"), additional_headers=cookie) as ws:
                assert "plots" in json.loads(ws.recv(timeout=10))
                ws.send('{"run": "6 * 7"}')
                while isinstance(message := ws.recv(timeout=10), bytes):
                    pass
                assert json.loads(message) == {"out": "42\n", "bad": False, "cut": False}
            assert "Sign in" in client.post("/logout").text


def test_two_apps(parser):
    ports = free_port(), free_port()

    def command(_):
        return [MICROPYTHON, ROOT / "examples" / "two_apps.py", *map(str, ports)]

    process = subprocess.Popen(command(0), env=environment(packages(parser)))
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                assert httpx.get(f"http://127.0.0.1:{ports[0]}/").text == "Hello world!"
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
        assert httpx.post(f"http://127.0.0.1:{ports[1]}/stop").text == "stopping"
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["first", "api", "live", "websocket"])
def test_readme_shows_the_example(name):
    """What the README shows is what the tests above ran."""
    source = (ROOT / "examples" / f"{name}.py").read_text()
    blocks = (ROOT / "README.md").read_text().split("```python\n")[1:]
    shown = [block.split("```")[0] for block in blocks]
    assert any(block.strip() in source for block in shown)


def test_every_readme_block_is_from_an_example():
    sources = [path.read_text() for path in (ROOT / "examples").rglob("*.py")]
    for block in (ROOT / "README.md").read_text().split("```python\n")[1:]:
        code = block.split("```")[0].strip()
        assert any(code in source for source in sources), code
