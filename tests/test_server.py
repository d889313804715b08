"""The server over real sockets: requests, their bodies, refusals and faults."""

import contextlib
import json
import re
import time

import httpx
import pytest
from conftest import DEVICE, serving
from wire import GET, Client, post, request, status_of


def inspect(response):
    assert status_of(response) == 200
    return json.loads(response.split(b"\r\n\r\n", 1)[1])


# -- requests


def test_head_byte_by_byte(app):
    response = app.exchange(*(bytes([b]) for b in GET))
    assert response.endswith(b"\r\n\r\nindex")


def test_half_closed_client_gets_its_answer(app):
    assert app.exchange(GET, half_close=True).endswith(b"index")


def test_two_requests_in_one_segment(app):
    """A raw handler's connection ends after its response."""
    response = app.exchange(GET + GET)
    assert response.count(b"HTTP/1.1 200") == 1
    assert response.endswith(b"index")


def test_undrained_response_is_sent(app):
    assert app.exchange(request("/undrained")).endswith(b"sent all the same")


def test_request_attributes(app):
    seen = inspect(
        app.exchange(request("/insp%65ct?q=%20&b", "GET", "X-A: 1", "X-B:  x  ", "x-a: 2"))
    )
    assert seen["method"] == "GET"
    assert seen["path"] == "/inspect"
    assert seen["query"] == "q=%20&b"
    assert seen["target"] == "/insp%65ct?q=%20&b"
    assert seen["headers"] == [["host", "a"], ["x-a", "1"], ["x-b", "x"], ["x-a", "2"]]
    assert seen["names"] == ["host", "x-a", "x-b", "x-a"]
    assert seen["count"] == 4
    assert seen["x-a"] == "1, 2"
    assert seen["has"] is True
    assert seen["default"] == "nothing"
    assert seen["body"] == ""


def test_no_query_is_none(app):
    assert inspect(app.exchange(request("/inspect")))["query"] is None


def test_route_matches_the_decoded_path(app):
    assert app.exchange(request("/a%20b/%C3%A9")).endswith(b"decoded")


def test_absolute_form(app):
    response = app.exchange(b"GET http://other/?x HTTP/1.1\r\nHost: a\r\n\r\n")
    assert response.endswith(b"index")


def test_httpx_client(app):
    response = httpx.post(app.url("/inspect?x=1"), data={"name": "Zoë"})
    seen = response.json()
    assert seen["body"] == "name=Zo%C3%AB"
    assert seen["query"] == "x=1"


# -- bodies


@pytest.mark.parametrize("size", [1, 500, 5000, 200000])
def test_body_in_many_segments(app, size):
    body = b"x" * size
    sent = post("/inspect", body)
    step = max(size // 7, 1)
    parts = [sent[i : i + step] for i in range(0, len(sent), step)]
    seen = inspect(app.exchange(*parts))
    assert seen["body"] == body.decode()
    assert seen["left"] == 0


def test_body_is_bounded_by_content_length(app):
    assert inspect(app.exchange(post("/inspect", b"12345") + b"and more"))["body"] == "12345"


def test_readinto_streams_a_large_body(app):
    assert app.exchange(post("/count", b"z" * 300000)).endswith(b"\r\n\r\n300000")


def test_readline(app):
    lines = ["one\n", "\n", "x" * 3000 + "\n", "last"]
    response = app.exchange(post("/lines", "".join(lines).encode()) + b"not\nbody")
    assert inspect(response) == lines


def test_readexactly(app):
    assert inspect(app.exchange(post("/exactly", b"abcdef"))) == ["abc", "def"]


def test_expect_100_continue(app):
    with app.connect() as s:
        s.sendall(request("/inspect", "POST", "Content-Length: 2", "Expect: 100-continue"))
        assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"ok")
        assert b'"body": "ok"' in s.makefile("rb").read()


def test_expect_is_not_answered_when_refused(app):
    head = request("/inspect", "POST", "Content-Length: 400000", "Expect: 100-continue")
    assert app.exchange(head, half_close=True).startswith(b"HTTP/1.1 413 ")


def test_client_leaving_in_the_body_is_no_request(app):
    assert app.exchange(post("/inspect", b"12345")[:-2], half_close=True) == b""


def test_unread_body_does_not_reset_the_answer(app):
    assert app.exchange(post("/ignore", b"y" * 60000)).endswith(b"ignored")


def test_large_response(app):
    body = app.exchange(request("/large")).split(b"\r\n\r\n", 1)[1]
    assert body == b"0123456789" * 50000


# -- refusals

REFUSALS = [
    (404, request("/none", "GET", "Connection: close")),
    (405, request("/", "POST", "Content-Length: 0", "Connection: close")),
    (501, request("/", "BREW", "Connection: close")),
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    (400, b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
    (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    (413, request("/inspect", "POST", "Content-Length: 300001")),
    (413, request("/inspect", "POST", "Content-Length: 99999999999999999999")),
    (414, request("/" + "a" * 300)),
    (414, b"GET /" + b"a" * 1000),
    (417, request("/", "GET", "Expect: miracles")),
    (431, request("/", "GET", *(f"X-{i}: 1" for i in range(60)))),
    (431, request("/", "GET", "X: " + "y" * 3000)),
]


@pytest.mark.parametrize("status,request_bytes", REFUSALS, ids=range(len(REFUSALS)))
def test_refusal(app, status, request_bytes):
    response = app.exchange(request_bytes)
    assert status_of(response) == status
    head, body = response.split(b"\r\n\r\n", 1)
    assert b"Connection: close" in head
    assert int(re.search(rb"Content-Length: (\d+)", head)[1]) == len(body)
    assert app.exchange(GET).endswith(b"index")


def test_405_lists_the_methods(app):
    response = app.exchange(request("/inspect", "PUT"), half_close=True)
    assert b"\r\nAllow: GET, HEAD, OPTIONS, POST\r\n" in response


def test_refused_head_request_has_no_body(app):
    assert app.exchange(request("/none", "HEAD"), half_close=True).endswith(b"\r\n\r\n")


def test_refused_upload_reads_its_answer(app):
    """The client sends on for a while after the refusal; no reset eats it."""
    sent = request("/inspect", "POST", "Content-Length: 400000") + b"u" * 60000
    assert status_of(app.exchange(sent)) == 413


# -- faults


def test_handler_fault(app):
    response = app.exchange(request("/fault"))
    assert status_of(response) == 500
    assert b"half" not in response
    line = app.wait_for_line("the handler's fault")
    assert line.startswith("web: GET /fault: ValueError: the handler's fault (")
    assert "line" in line


def test_fault_after_the_response_began(app):
    response = app.exchange(request("/late-fault"))
    assert response.endswith(b"half an answer")
    app.wait_for_line("too late for a 500")


def test_http_exception(app):
    response = app.exchange(request("/teapot"))
    assert status_of(response) == 418
    assert b"X-Pot: small\r\n" in response


def test_memory_and_descriptors_return_to_the_baseline(app):
    """A connection that leaked would cost more than this allows in eight rounds."""

    def memory():
        return int(app.exchange(request("/memory")).split(b"\r\n\r\n")[1])

    def provoke():
        for _, refused in REFUSALS:
            app.exchange(refused, half_close=True)
        app.exchange(request("/fault"))
        app.exchange(b"GET / HT", half_close=True)
        app.connect().close()

    provoke()
    files, used = app.open_files(), memory()
    for _ in range(8):
        provoke()
    assert memory() <= used + 4096
    assert app.open_files() <= files


def test_handlers_own_oserror_is_its_fault(app):
    assert status_of(app.exchange(request("/missing-file"))) == 500
    app.wait_for_line("web: GET /missing-file: OSError")


def test_handler_without_a_response(app):
    assert status_of(app.exchange(request("/silent"))) == 500
    app.wait_for_line("web: GET /silent: the handler sent no response")


def test_204_has_no_content(app):
    response = app.exchange(request("/no-content"))
    assert response == b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def test_exception_headers_are_field_lines(app):
    assert status_of(app.exchange(request("/bad-header"))) == 500
    app.wait_for_line("ValueError: field line")


def test_handler_that_closed_cannot_touch_its_neighbour(app):
    """A descriptor is soon another connection's."""
    assert app.exchange(request("/closes")).endswith(b"closed")
    assert app.exchange(request("/slow")).endswith(b"slow but whole")
    app.wait_for_line("send after close refused")


def test_bytes_after_the_request_do_not_reset_the_answer(app):
    for _ in range(5):
        assert app.exchange(GET + b"x" * 6000).endswith(b"index")


def test_idle_clients_do_not_end_the_server(parser):
    """More of them than there is memory for."""
    uncapped = json.dumps({"max_connections": 300, "head_timeout": 60})
    with serving(parser, DEVICE / "app.py", uncapped, heap="130k") as server:
        idle = []
        for _ in range(250):
            if any("accept failed: MemoryError" in line for line in server.console):
                break  # the backlog takes some more, and then a connection waits
            with contextlib.suppress(OSError):
                idle.append(server.connect())
                idle[-1].sendall(b"GET / HTTP/1.1\r\nHost")
        server.wait_for_line("accept failed: MemoryError")
        for s in idle:
            s.close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if server.exchange(GET).endswith(b"index"):
                    return
        raise AssertionError("not served again: " + "\n".join(server.console))


# -- what a handler has while it waits


def test_headers_that_a_handler_holds_stay_its_requests(parser):
    """Other requests are read meanwhile."""
    with serving(parser, DEVICE / "held.py") as server:
        with Client(server) as client, Client(server) as other:
            client.send(request("/headers", "GET", "X-A: mine"))
            server.wait_for_line("headers are held")
            assert other.get("/open", "X-A: not mine").text == "went"
            assert client.receive().text == "mine"


def test_handler_that_waits_without_memory_for_its_head(parser):
    """It is told nothing of what others send meanwhile."""
    with serving(parser, DEVICE / "held.py", heap="200k") as server:
        with Client(server) as client:
            assert client.get("/warm", "X-A: a").text == "a"
            assert client.get("/fault").status == 500
        with Client(server) as client, Client(server) as other:
            client.send(request("/held", "GET", "X-A: mine", "X-Pad: " + "p" * 700))
            server.wait_for_line("held")
            assert other.get("/open", "X-A: not mine").text == "went"
            assert client.receive().status == 503
        with Client(server) as client:
            assert client.get("/warm", "X-A: a").text == "a"
        assert "it reads not mine" not in server.console
