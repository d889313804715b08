"""Our server behind other people's proxies, as the guide sets them up."""

import os
from pathlib import Path

import httpx
import pytest
from conftest import DEVICE, serving
from proxies import PROXIES, Proxy
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from wire import Client, chunked, handshake, open_files_fall_to, wait_until

LIMITS = '{"max_requests": 20, "idle_timeout": 1}'
FILES = 4  # that the server holds when the proxy holds no connection


@pytest.fixture(scope="module")
def behind(parser):
    with serving(parser, DEVICE / "interop.py", LIMITS, heap="24M") as server:
        yield server


@pytest.fixture(scope="module", params=PROXIES)
def proxy(behind, request, tmp_path_factory):
    proxy = Proxy(request.param, behind, tmp_path_factory.mktemp("proxy"))
    yield proxy
    proxy.stop()


@pytest.fixture(autouse=True)
def quiet(proxy):
    """The proxy finds no fault with any response. Apache tells that it begins, and Caddy of
    clients that leave."""
    proxy.console.clear()
    yield
    usual = ("notice] ", "context canceled")
    assert [line for line in proxy.console if not any(u in line for u in usual)] == []


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.url()) as client:
        yield client


def test_connection_is_kept(client):
    first, second = client.get("/peer").json(), client.get("/peer").json()
    assert first["addr"] == second["addr"]
    assert first["headers"].get("connection", "").lower() in ("", "keep-alive")


def test_connections_that_end(client):
    """After max_requests, which the proxy is told by Connection: close."""
    addresses = {client.get("/peer").json()["addr"] for _ in range(50)}
    assert 3 <= len(addresses) <= 5


def unnoticed(port):
    """How many connections to that port have ended, but not for the one that opened them."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return sum(line[2].endswith(f":{port:04X}") and line[3] == "08" for line in lines)


def test_connection_that_timed_out(behind, proxy, client):
    assert open_files_fall_to(behind, FILES)
    for _ in range(2):
        assert client.post("/echo", content=b"still there").content == b"still there"
        assert behind.open_files() == FILES + 1
        assert open_files_fall_to(behind, FILES)
        if proxy.name != "apache":  # it looks when it needs one
            wait_until(lambda: not unnoticed(behind.port))


@pytest.mark.parametrize("size", [0, 1, 10000, 100000])
def test_body(client, size):
    body = os.urandom(size)
    response = client.post("/echo", content=body)
    assert (response.status_code, response.content) == (200, body)


def test_chunked_body(proxy):
    with Client(proxy) as client:
        client.send(chunked("/echo", b"one, ", b"two, " * 10000, b"three"))
        assert client.receive().body == b"one, " + b"two, " * 10000 + b"three"


def test_chunked_response(client):
    response = client.get("/pieces")
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.text == "".join(f"{i} " * 100 for i in range(50))


def test_head(client):
    response = client.head("/")
    assert int(response.headers["content-length"]) == len(client.get("/").content)
    assert response.content == b""


@pytest.mark.parametrize(
    "status,method,path,size",
    [
        (404, "GET", "/nothing", 0),
        (405, "DELETE", "/echo", 0),
        (404, "POST", "/nothing", 10000),
        (413, "POST", "/small", 1001),
        (413, "POST", "/small", 60000),
        (414, "GET", "/" + "x" * 2000, 0),
    ],
)
def test_error(proxy, client, status, method, path, size):
    response = client.request(method, path, content=bytes(size))
    assert response.status_code == status
    assert proxy.name not in response.text.lower()  # the error page is ours


def test_websocket(behind, proxy, visitor):
    with connect(proxy.url(f"/ws?{visitor}", "ws"), subprotocols=["chat"]) as ws:
        assert ws.subprotocol == "chat"
        for message in ("Grüße", b"", os.urandom(200000), ["frag", "ments"]):
            ws.send(message)
            assert ws.recv(timeout=10) == (message if len(message) != 2 else "fragments")
        assert ws.ping().wait(10)
        ws.close(4000, "enough")
        assert ws.close_code == 4000
    behind.wait_for_line(f"ended {visitor} 4000 enough")


def test_websocket_that_the_server_closes(proxy):
    with connect(proxy.url("/ws", "ws")) as ws:
        ws.send("close")
        with pytest.raises(ConnectionClosedError):
            ws.recv(timeout=10)
        assert (ws.close_code, ws.close_reason) == (4001, "Schluß")


def test_websocket_client_that_vanishes(behind, proxy, visitor):
    with Client(proxy) as client:
        client.run([handshake(f"/ws?{visitor}"), 101])
    behind.wait_for_line(f"ended {visitor} 1006")


def test_events(client):
    got = ""
    for last in (None, "2"):
        headers = {"Last-Event-ID": last} if last else {}
        got += client.get("/events", headers=headers).text
    assert got == (
        "retry: 50\n\nid: 1\ndata: one\ndata: of 1\n\nid: 2\nevent: note\ndata: after None\n\n"
        "retry: 50\n\nid: 3\ndata: one\ndata: of 3\n\nid: 4\nevent: note\ndata: after 2\n\n"
    )


def test_each_event_arrives_at_once(behind, client, visitor):
    with client.stream("GET", f"/ticks?{visitor}") as response:
        lines = response.iter_lines()
        assert [next(lines) for _ in range(4)] == ["data: tick", "", "data: tick", ""]
    behind.wait_for_line(f"left {visitor}")
