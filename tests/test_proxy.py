"""Our server behind nginx."""

import os

import httpx
import pytest
from conftest import DEVICE, serving
from thirdparty import Nginx
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from wire import Client, chunked, handshake, open_files_fall_to

LIMITS = '{"max_requests": 20, "idle_timeout": 1}'
FILES = 4  # that the server holds when nginx holds no connection
WAYS = pytest.mark.parametrize("way", ["", "/unbuffered"])


@pytest.fixture(scope="module")
def behind(parser):
    with serving(parser, DEVICE / "interop.py", LIMITS, heap="24M") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(behind, tmp_path_factory):
    proxy = Nginx(behind, tmp_path_factory.mktemp("nginx"))
    yield proxy
    proxy.stop()


@pytest.fixture(autouse=True)
def quiet(proxy):
    """nginx finds no fault with any response."""
    proxy.console.clear()
    yield
    assert proxy.console == []


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.url()) as client:
        yield client


def test_connection_is_kept(client):
    first, second = client.get("/peer").json(), client.get("/peer").json()
    assert first["addr"] == second["addr"]
    assert "connection" not in first["headers"]


def test_connections_that_end(client):
    """After max_requests, which nginx is told by Connection: close."""
    addresses = {client.get("/peer").json()["addr"] for _ in range(50)}
    assert 3 <= len(addresses) <= 5


def test_connection_that_timed_out(behind, client):
    assert open_files_fall_to(behind, FILES)
    for _ in range(2):
        assert client.post("/echo", content=b"still there").content == b"still there"
        assert behind.open_files() == FILES + 1
        assert open_files_fall_to(behind, FILES)


@WAYS
@pytest.mark.parametrize("size", [0, 1, 10000, 100000])
def test_body(client, way, size):
    body = os.urandom(size)
    response = client.post(way + "/echo", content=body)
    assert (response.status_code, response.content) == (200, body)


@WAYS
def test_chunked_body(proxy, way):
    with Client(proxy) as client:
        client.send(chunked(way + "/echo", b"one, ", b"two, " * 10000, b"three"))
        assert client.receive().body == b"one, " + b"two, " * 10000 + b"three"


@WAYS
def test_chunked_response(client, way):
    response = client.get(way + "/pieces")
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.text == "".join(f"{i} " * 100 for i in range(50))


@WAYS
def test_head(client, way):
    response = client.head(way + "/")
    assert int(response.headers["content-length"]) == len(client.get(way + "/").content)
    assert response.content == b""


@WAYS
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
def test_error(client, way, status, method, path, size):
    response = client.request(method, way + path, content=bytes(size))
    assert response.status_code == status
    assert "nginx" not in response.text  # the error page is ours


@WAYS
def test_websocket(behind, proxy, visitor, way):
    with connect(proxy.url(f"{way}/ws?{visitor}", "ws"), subprotocols=["chat"]) as ws:
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


@WAYS
def test_websocket_client_that_vanishes(behind, proxy, visitor, way):
    with Client(proxy) as client:
        client.run([handshake(f"{way}/ws?{visitor}"), 101])
    behind.wait_for_line(f"ended {visitor} 1006")


def test_events(client):
    got = ""
    for last in (None, "2"):
        headers = {"Last-Event-ID": last} if last else {}
        got += client.get("/unbuffered/events", headers=headers).text
    assert got == (
        "retry: 50\n\nid: 1\ndata: one\ndata: of 1\n\nid: 2\nevent: note\ndata: after None\n\n"
        "retry: 50\n\nid: 3\ndata: one\ndata: of 3\n\nid: 4\nevent: note\ndata: after 2\n\n"
    )


def test_each_event_arrives_at_once(behind, client, visitor):
    with client.stream("GET", f"/unbuffered/ticks?{visitor}") as response:
        lines = response.iter_lines()
        assert [next(lines) for _ in range(4)] == ["data: tick", "", "data: tick", ""]
    behind.wait_for_line(f"left {visitor}")
