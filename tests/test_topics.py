"""The examples that show one thing each, which browsers and programs are answered as their
readers would expect. The parser makes no difference to them: the native one serves."""

import contextlib
import http.server
import json
import threading

import httpx
import pytest
from conftest import ROOT, serving
from websockets.sync.client import connect
from wire import wait_until

EXAMPLES = ROOT / "examples"


@pytest.fixture
def example(tmp_path):
    """A context manager that serves an example in a folder of its own, to a client."""

    @contextlib.contextmanager
    def run(name, folder=EXAMPLES):
        path = folder / name
        with (
            serving("native", path, "native", example=True, cwd=tmp_path) as server,
            httpx.Client(base_url=server.url("")) as client,
        ):
            client.server = server
            yield client

    return run


ELSEWHERE = {"Origin": "http://example.com"}


def test_led(example):
    with example("led.py") as client:
        assert "The LED is off" in client.get("/").text
        assert client.put("/led", json={"on": True}).json() == {"on": True}
        assert "The LED is on" in client.get("/").text
        assert client.put("/led", json={"on": 1}).status_code == 422
        assert client.post("/", data={"on": "0"}, headers=ELSEWHERE).status_code == 403
        assert client.get("/led").json() == {"on": True}
        assert client.post("/", data={"on": "0"}).headers["location"] == "/"
        assert client.get("/led").json() == {"on": False}


def test_sensor_csv(example, tmp_path):
    (tmp_path / "log.csv").write_text("1,20\n" * 20000)  # more than a file may have
    with example("sensor_csv.py") as client:
        wait_until(lambda: client.get("/last").json())
        done = client.get("/log.csv")
        assert done.text == "{time},{value}\n".format(**client.get("/last").json())
        assert 'filename="readings.csv"' in done.headers["content-disposition"]
        assert "Now: 21.5" in client.get("/").text
    assert (tmp_path / "old.csv").stat().st_size == 100000


def test_counter(example):
    with example("counter.py") as client:
        for clicks in range(3):
            assert f"clicked {clicks} times" in client.get("/").text
            assert client.post("/count").status_code == 302 + 1
        forged = {"session": client.cookies["session"][:-2] + "xx"}
        found = httpx.get(client.server.url(), cookies=forged)
        assert "clicked 0 times" in found.text


def test_chat(example):
    with example("chat.py") as client:
        assert "<title>Chat</title>" in client.get("/").text
        url = client.server.url("/chat", "ws")
        with connect(url) as one, connect(url) as two:
            for ws in (one, two):
                assert ws.ping().wait(10)  # its handler waits, so it has joined
            message = {"name": "Ada", "text": "<b>hello</b>"}
            one.send(json.dumps(message))
            for ws in (one, two):
                assert json.loads(ws.recv(timeout=10)) == message
            for wrong in ("{", "[]", '{"name": "", "text": "x"}'):
                two.send(wrong)
                assert "error" in json.loads(two.recv(timeout=10))
        with pytest.raises(Exception, match="403"):
            connect(url, origin="http://example.com")


def test_shapes(example):
    with example("shapes.py") as client:
        done = client.patch("/settings", json={"target": 21, "mode": "cool"})
        assert (done.json()["target"], done.json()["mode"]) == (21.0, "cool")
        for wrong in ({"target": 40}, {"mode": "boil"}, {"days": [7]}, {"name": ""}, []):
            assert client.patch("/settings", json=wrong).status_code == 422
        assert client.patch("/settings", content="{").status_code == 400
        assert client.get("/settings").json()["target"] == 21.0
        assert client.get("/history").json()["hours"] == 24
        assert client.get("/history?hours=12").json()["hours"] == 12
        assert client.get("/history?hours=x").status_code == 422


def test_template(example, tmp_path):
    (tmp_path / "template.html").write_bytes((EXAMPLES / "template.html").read_bytes())
    with example("template.py") as client:
        text = client.get("/", params={"title": "<script>"}).text
        assert "<h1>&lt;script&gt;</h1>" in text
        assert "<tr><td>kitchen<td>21</tr><tr><td>cellar &lt;old&gt;<td>14</tr>" in text


def test_spa(example, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_text("the page")
    with example("spa.py") as client:
        for path in ("/", "/rooms/3", "/about"):
            assert client.get(path).text == "the page"
        assert client.get("/app.js").status_code == 404
        assert client.get("/api/rooms/1").json() == {"id": 1, "name": "kitchen"}
        assert len(client.get("/api/rooms").json()) == 2
        for path in ("/api/rooms/9", "/api/what/ever"):
            done = client.get(path)
            assert (done.status_code, list(done.json())) == (404, ["error"])


def test_rate_limit(example):
    with example("rate_limit.py") as client:
        assert "Ring" in client.get("/").text
        for _ in range(5):
            assert client.post("/bell").text == "ding"
        done = client.post("/bell")
        assert done.status_code == 429
        assert 1 <= int(done.headers["retry-after"]) <= 10
        assert client.get("/").status_code == 200


def test_tasks(example):
    with example("tasks.py") as client:
        wait_until(lambda: client.get("/state").json()["measured"])
        assert client.post("/blink").status_code == 303
        wait_until(lambda: client.get("/state").json()["blinks"] == 3)
        assert "blinked 3 times" in client.get("/").text


def test_error_pages(example):
    with example("error_pages.py") as client:
        done = client.get("/<b>")
        assert (done.status_code, "&lt;b&gt;" in done.text) == (404, True)
        assert client.get("/api/x").json() == {"error": "not found"}
        done = client.get("/api/sensor")
        assert (done.status_code, done.headers["retry-after"]) == (503, "30")
        done = client.get("/fault")
        assert (done.status_code, "Sorry" in done.text) == (500, True)
        client.server.wait_for_line("web: GET /fault: RuntimeError: this is for the console")


def test_http_client(example, tmp_path):
    (tmp_path / "weather.json").write_text('{"sky": "clear"}')

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=tmp_path)

        def log_message(self, *args):
            pass

    source = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    code = (EXAMPLES / "http_client.py").read_text()
    assert "'192.168.1.2', 8000" in code
    at = f"'127.0.0.1', {source.server_port}"
    (tmp_path / "asking.py").write_text(code.replace("'192.168.1.2', 8000", at))
    threading.Thread(target=source.serve_forever, daemon=True).start()
    try:
        with example("asking.py", tmp_path) as client:
            (tmp_path / "weather.json").rename(tmp_path / "away.json")
            assert client.get("/weather").status_code == 502  # 404 there
            (tmp_path / "away.json").rename(tmp_path / "weather.json")
            for _ in range(2):
                assert client.get("/weather").json() == {"weather": {"sky": "clear"}}
                (tmp_path / "weather.json").write_text("{}")  # asked once a minute alone
    finally:
        source.shutdown()
        source.server_close()


def test_sse_progress(example):
    with example("sse_progress.py") as client:
        assert "<progress" in client.get("/").text
        with client.stream("GET", "/progress") as stream:
            lines = (line[6:] for line in stream.iter_lines() if line.startswith("data: "))
            assert json.loads(next(lines)) == {"percent": 100}
            begun = httpx.post(client.server.url("/job"))
            assert (begun.status_code, begun.json()) == (202, {"percent": 0})
            assert [json.loads(next(lines))["percent"] for _ in range(10)] == [*range(10, 101, 10)]


def test_download(example, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a&b <1>.csv").write_text("1,2\n")
    (tmp_path / "secret").write_text("secret")
    with example("download.py") as client:
        assert ">a&amp;b &lt;1&gt;.csv</a>" in client.get("/").text
        done = client.get("/files/a%26b%20%3C1%3E.csv")
        assert done.text == "1,2\n"
        assert done.headers["content-disposition"].startswith("attachment; ")
        for name in ("..%2Fsecret", ".secret", "none", ""):
            assert client.get("/files/" + name).status_code == 404


def test_basic_auth(example):
    with example("basic_auth.py") as client:
        assert "For Ada" in client.get("/").text
        assert client.get("/admin/").headers["www-authenticate"].startswith("Basic ")
        client.auth = ("ada", "secret")
        assert "Hello ada!" in client.get("/admin/").text
        assert client.post("/admin/restart", headers=ELSEWHERE).status_code == 403
        assert client.post("/admin/restart").text == "restarted 1 times"


def test_camera(example, tmp_path):
    (tmp_path / "frame.jpg").write_bytes(b"\xff\xd8first")
    with example("camera.py") as client:
        assert "<img src=/stream" in client.get("/").text
        done = client.get("/frame.jpg")
        assert (done.headers["content-type"], done.content) == ("image/jpeg", b"\xff\xd8first")
        with client.stream("GET", "/stream") as stream:
            assert stream.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            got = b""
            for piece in stream.iter_raw():
                got += piece
                if b"first" in got and b"second" not in got:
                    (tmp_path / "new").write_bytes(b"\xff\xd8second")
                    (tmp_path / "new").rename(tmp_path / "frame.jpg")
                if b"second" in got:
                    break
        assert got.startswith(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 7\r\n\r\n")


def test_json_lines(example):
    with example("json_lines.py") as client:
        sent = [{"name": f"sensor {i}", "value": i / 2} for i in range(200)]
        body = "".join(json.dumps(value) + "\n" for value in sent)
        assert client.post("/lines", content=body).json() == {"received": 200}
        done = client.get("/lines")
        assert [json.loads(line) for line in done.text.splitlines()] == sent[100:]
        assert client.post("/lines", content="{}\n").status_code == 422
        assert client.post("/lines", content="x\n").json() == {"error": "line 1 is no JSON"}


def test_every_example_is_listed():
    """A file or a folder of examples/ that README.md does not name would not be found."""
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        if path.suffix == ".py" or path.is_dir():
            assert f"]({path.name}" in listed, path.name
