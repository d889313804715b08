"""Time and number: clients that are slow, silent or many."""

import contextlib
import json
import select
import socket
import time

import pytest
from conftest import DEVICE, read_all, serving
from wire import GET, Client, request, status_of, wait_until

LIMITS = {"head_timeout": 0.6, "body_timeout": 0.6, "write_timeout": 0.6, "max_connections": 4}


@pytest.fixture(scope="module")
def app(parser):
    with serving(parser, DEVICE / "app.py", json.dumps(LIMITS), heap="24M") as server:
        yield server


@pytest.fixture(scope="module")
def held(parser):
    with serving(parser, DEVICE / "held.py") as server:
        yield server


def test_head_that_does_not_end(app):
    with app.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert status_of(read_all(s)) == 408


def test_head_that_drips(app):
    """The time is for the whole head; a byte now and then does not extend it."""
    with app.connect() as s:
        started = time.monotonic()
        for byte in GET[:-1]:
            s.sendall(bytes([byte]))
            if select.select([s], [], [], 0.1)[0]:
                break
        assert time.monotonic() - started < 9  # by default it is ten
        assert status_of(read_all(s)) == 408


def test_silent_client_is_let_go(app):
    with app.connect() as s:
        started = time.monotonic()
        assert read_all(s) == b""
        assert 0.5 < time.monotonic() - started < 9


def test_body_that_stops(app):
    with app.connect() as s:
        s.sendall(request("/inspect", "POST", "Content-Length: 5") + b"12")
        assert status_of(read_all(s)) == 408


@pytest.mark.parametrize("body", [b"12345", b"x" * 5000])
def test_body_that_waits_for_its_handler(app, body):
    """No time limit of the client's runs while the handler works."""
    head = request("/late", "POST", f"Content-Length: {len(body)}", "Connection: close")
    assert app.exchange(head, body).endswith(b"\r\n\r\n" + body)


def test_body_that_is_slow_but_comes(app):
    with app.connect() as s:
        s.sendall(request("/inspect", "POST", "Content-Length: 5"))
        for byte in b"12345":
            time.sleep(0.25)
            s.sendall(bytes([byte]))
        assert b'"body": "12345"' in read_all(s)


def test_handler_that_waits_for_a_late_body_again(held):
    """What it then raises with the next request is its fault, not the client's."""
    with Client(held) as client:
        client.send(request("/patient", "POST", "Content-Length: 5") + b"12")
        held.wait_for_line("the body is late")
        client.send(b"345")
        assert client.receive("POST").text == "patient"
        assert client.get("/patient").status == 500


def test_handler_that_gives_a_body_up_may_take_its_time(held):
    with Client(held) as client:
        client.send(request("/gives-up", "POST", "Content-Length: 5") + b"12")
        assert client.receive("POST").text == "gave up"


def test_handler_may_take_its_time(app):
    assert app.exchange(request("/slow")).endswith(b"slow but whole")


@contextlib.contextmanager
def who_does_not_read(app, path):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", app.port))
        s.sendall(request(path))
        yield


def test_client_that_does_not_read(app):
    files = app.open_files()
    with who_does_not_read(app, "/endless-large"):
        wait_until(lambda: app.open_files() > files)  # it is accepted
        wait_until(lambda: app.open_files() <= files)


def test_event_stream_that_is_not_read(app):
    """Its handler ends, though it is another task that sends."""
    files = app.open_files()
    with who_does_not_read(app, "/events-aside"):
        assert app.wait_for_line("flood") == "flood 110"
        app.wait_for_line("handler ended")
    assert app.exchange(GET).endswith(b"index")
    assert app.open_files() <= files


def test_waiting_client_is_served_when_another_ends(app):
    busy = [app.connect() for _ in range(LIMITS["max_connections"])]
    for s in busy:
        s.sendall(request("/slow"))
    assert app.exchange(GET).endswith(b"index")
    for s in busy:
        assert read_all(s).endswith(b"slow but whole")
        s.close()


def test_half_open_clients_do_not_keep_others_out(parser):
    """A hundred of them, at the default limits."""
    with serving(parser, DEVICE / "app.py", heap="2M") as server:
        half_open = []
        for _ in range(100):
            half_open.append(socket.socket())
            half_open[-1].setblocking(False)
            with contextlib.suppress(BlockingIOError):
                half_open[-1].connect(("127.0.0.1", server.port))
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
            s.settimeout(60)
            s.sendall(GET)
            assert read_all(s).endswith(b"index")
        assert time.monotonic() - started < 60
        for s in half_open:
            s.close()
        assert server.exchange(GET).endswith(b"index")
