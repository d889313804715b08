"""What app.run(debug=True) tells, word for word but for the numbers, and the log of an App."""

import re

import pytest
from conftest import DEVICE, serving
from websockets.sync.client import connect
from wire import Client, request


@pytest.fixture(scope="module")
def debugged(parser):
    with serving(parser, DEVICE / "debugged.py") as server:
        yield server


def wait_for(server, pattern):
    """The console's line like pattern, in which N is a number."""
    text = re.sub(r"\bN\b", r"\\d+", re.escape(pattern))
    with server.changed:
        found = server.changed.wait_for(
            lambda: [line for line in server.console if re.fullmatch(text, line)], 10
        )
    assert found, f"{pattern!r} is not on the console: {server.console}"


# {path: (status, the line's end)}
ANSWERED = {
    "/plain/x": "web: GET /plain/x (plain) 200 83 B N ms",
    "/plain/%0Aweb:%1B": r"web: GET /plain/\nweb:\x1b (plain) 200 83 B N ms",
    "/waits": "web: GET /waits (waits) 201 N B N ms",
    "/stream": "web: GET /stream (stream) 200 N B N ms",
    "/raw": "web: GET /raw (raw) 203 22 B N ms",
    "/nowhere": "web: GET /nowhere 404 N B N ms",
    "/static/debugged.py": "web: GET /static/debugged.py (static) 200 N B N ms",
    "/slow": "web: GET /slow (slow) held the event loop for N ms",
    "/blink": "web: the task blink held the event loop for N ms",
    "/set": "web: GET /set: TypeError: JSON has no <class 'set'>: give a str, number, bool, None,"
    " list or dict (handler a_set)",
}


@pytest.mark.parametrize("path", ANSWERED)
def test_answered(debugged, path):
    with Client(debugged) as client:
        size = len(client.get(path).body)
    wait_for(debugged, ANSWERED[path])
    if path.startswith("/static"):
        assert size == (DEVICE / "debugged.py").stat().st_size


@pytest.mark.parametrize("path,status", [("/static/captive.py", 200), ("/static/none.py", 404)])
def test_bytes_of_files(debugged, path, status):
    for method in ("GET", "HEAD"):
        sent = debugged.exchange(request(path, method, "Connection: close"))
        wait_for(debugged, f"web: {method} {path} (static) {status} {len(sent)} B N ms")


def test_address_and_memory(debugged):
    wait_for(debugged, f"web: http://localhost:{debugged.port}/")
    wait_for(debugged, "web: memory: N of N B are free")


def test_requests_on_one_connection(debugged):
    with Client(debugged) as client:
        client.send(request("/plain/a") + request("/plain/b", "HEAD") + request("/plain/c"))
        assert client.receive().text == "Hello"
        assert client.receive("HEAD").body == b""
        assert client.receive().text == "Hello"
        assert client.post("/body", b"x" * 3000).body == b"xxx"
        assert client.get("/plain/d", "Connection: close").text == "Hello"
        assert client.at_end()
    for line in ("GET /plain/a", "HEAD /plain/b", "GET /plain/c", "GET /plain/d"):
        wait_for(debugged, f"web: {line} (plain) 200 N B N ms")
    wait_for(debugged, "web: POST /body (body) 200 N B N ms")


def test_websocket(debugged):
    with connect(debugged.url("/ws", "ws"), compression=None) as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"
        wait_for(debugged, "web: GET /ws (echo) 101 is open after N ms")
    wait_for(debugged, "web: GET /ws (echo) 101 closed with 1000 140 B N ms")


def test_event_stream(debugged):
    with Client(debugged) as client:
        client.send(request("/events"))
        assert client.until(b"data: x\n\n")
        assert client.at_end()
    wait_for(debugged, "web: GET /events (events) 200 is open after N ms")
    wait_for(debugged, "web: GET /events (events) 200 N B N ms")


def test_fault(debugged):
    """The line that there is without, and then every call."""
    with Client(debugged) as client:
        assert client.get("/fault").status == 500
        assert client.get("/plain/x").text == "Hello"
    wait_for(debugged, "web: GET /fault (fault) 500 N B N ms")
    lines = debugged.console
    i = next(i for i, line in enumerate(lines) if line.startswith("web: GET /fault: "))
    assert re.match(r"web: GET /fault: ZeroDivisionError: .* \(File .*, in work\)$", lines[i])
    assert lines[i + 1] == "web: GET /fault (fault), last call at the end:"
    calls = [line for line in lines[i + 2 : i + 20] if line.startswith("web:   File ")]
    assert [line.split()[-1] for line in calls][-2:] == ["fault", "work"]


@pytest.mark.parametrize("size", [3, 3000])
def test_save_that_nobody_awaits(debugged, size):
    with Client(debugged) as client:
        assert client.post("/save", bytes(size)).text == "saved"
    wait_for(debugged, "web: POST /save (save) 200 await is missing before r.save()")


# {what is sent: what is told}
REFUSED = {
    b"GET /\x00 HTTP/1.1\r\n\r\n": "400: there is a control character: GET /\\x00 HTTP/1.1",
    b"GET / HTTP/1.1\r\n\r\n": "400: host is missing: GET / HTTP/1.1",
    b"GET / HTTP/1.1\nHost: a\n\n": "400: a line ends without CR: GET / HTTP/1.1",
    b"GET / a HTTP/1.1\r\nHost: a\r\n\r\n": (
        "400: the request line is not METHOD TARGET HTTP/1.1: GET / a HTTP/1.1"
    ),
    b"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n": (
        "400: a line is no Name: value: GET / HTTP/1.1"
    ),
    b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n": "400: something in it is malformed: GET / HTTP/1.1",
    b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n": "400: the target is not UTF-8: GET /\\xff HTTP/1.1",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n": "400: a line is no Name: value: GET / HTTP/1.1",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": "400: host is there twice: GET / HTTP/1.1",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": (
        "400: content-length and transfer-encoding are both there: POST / HTTP/1.1"
    ),
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": "505: it is not HTTP/1.x: GET / HTTP/2.0",
    b"GET /" + b"a" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n": (
        "414: the target has more than 100 bytes, max_target: GET /" + "a" * 75
    ),
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 9 + b"\r\n": (
        "431: there are more than 8 field lines, max_fields: GET / HTTP/1.1"
    ),
    b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 600: (
        "431: the head has more than 512 bytes, max_head: GET / HTTP/1.1"
    ),
    b"GET / HTTP/1.1\r\nHost": (
        "408: the head did not come whole in time, head_timeout: GET / HTTP/1.1"
    ),
    b"\x16\x03\x01\x02\x00\x01\r\n": "400: that is TLS, for an https URL: "
    "\\x16\\x03\\x01\\x02\\x00\\x01",
}


@pytest.mark.parametrize("sent", REFUSED, ids=[told[:40] for told in REFUSED.values()])
def test_refused(debugged, sent):
    debugged.exchange(sent)
    wait_for(debugged, "web: refused with " + REFUSED[sent])


# -- the log of an App


@pytest.mark.parametrize("what", ["log", "logged"])
def test_log(what):
    """It has the lines' place."""
    with serving("native", DEVICE / "debugged.py", what) as server:
        with Client(server) as client:
            assert client.get("/plain/x").text == "Hello"
        with Client(server) as client:
            client.get("/raw")
        server.exchange(b"GET / HTTP/1.1\r\n\r\n")
        wait_for(server, "log: GET /plain/x 200 83 True")
        wait_for(server, "log: GET /raw 203 22 True")
        wait_for(server, "web: app.log: ValueError: in log")
        wait_for(server, "log: None None 400 N True")
        told = [line for line in server.console if line.startswith("web: ")]
    if what == "logged":
        assert told == ["web: app.log: ValueError: in log"]
    assert not [line for line in told if " B " in line and "memory" not in line]


def test_address_of_a_board():
    with serving("native", DEVICE / "debugged.py", "wlan") as server:
        wait_for(server, f"web: http://192.168.4.1:{server.port}/")


def test_host_and_no_place():
    with serving("native", DEVICE / "debugged.py", "local") as server:
        wait_for(server, f"web: http://127.0.0.1:{server.port}/")
        with Client(server) as client:
            client.upgrade()
            assert b" 503 " in server.exchange(request("/plain/x"))
            wait_for(server, "web: refused with 503: there are 1 connections, max_connections")
