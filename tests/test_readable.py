"""Files, and what else can be read, as the bodies of responses."""

import httpx
import pytest
import www
from wire import Client, request, wait_until
from www import BIG, DATA, FILES

server, folder, client = www.server, www.folder, www.client


@pytest.mark.parametrize("kind", ["read", "readinto"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_can_be_read_is_a_body(server, kind, version):
    with Client(server) as client:
        client.send(request(f"/readable/{kind}/0", version=version))
        response = client.receive()
        assert (response.body, bool(response.chunks)) == (DATA, version == "1.1")
        assert response["content-type"] == "application/octet-stream"
        assert client.at_end() if version == "1.0" else client.get("/a.txt").status == 200
    with Client(server) as client:
        response = client.get(f"/known/{kind}/0")
        assert (response.body, response["content-type"]) == (DATA, "text/plain")
        assert response["content-length"] == str(len(DATA))


def test_an_open_file_is_a_body(server, client):
    response = client.get("/open/big.js")
    assert (response.status, response.body) == (200, BIG)
    assert response["content-length"] == str(len(BIG))
    assert response["content-type"] == "text/plain"
    assert client.get("/bytesio").body == DATA[40:]
    assert client.get("/open/empty.txt").body == b""
    assert client.get("/long-head").body == FILES["index.html"]
    for status in (201, 404, 500):
        response = client.get(f"/open/a.txt/{status}")
        assert (response.status, response.body) == (status, FILES["a.txt"])


@pytest.mark.parametrize(
    "path",
    ["/readable/read/9000", "/readable/readinto/9000", "/known/read/9000",
     "/known/readinto/9000", "/short/readinto"],
)  # fmt: skip
def test_a_file_that_fails_half_way_ends_the_connection(server, path):
    with Client(server) as client:
        client.send(request(path))
        while client.more():
            pass
        assert client.received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(client.received) < len(DATA)
        assert not client.received.endswith(b"0\r\n\r\n")
    server.wait_for_line(f"GET {path}")


@pytest.mark.parametrize(
    "path", ["/readable/read/1", "/known/read/1", "/known/readinto/1", "/short/read"]
)
def test_a_file_that_fails_at_once_is_a_fault(client, path):
    assert client.get(path).status == 500


@pytest.mark.parametrize(
    "path,method",
    [
        ("/s/big.js", "GET"),
        ("/s/big.js", "HEAD"),
        ("/open/big.js", "HEAD"),
        ("/open/big.js", "GET"),
        ("/open/big.js/204", "GET"),
        ("/open/big.js/205", "GET"),
        ("/open/big.js/304", "GET"),
        ("/open/big.js/99", "GET"),
        ("/bad-field", "GET"),
        ("/send/big.js?replace", "GET"),
        ("/packed.txt", "HEAD"),
        ("/packed.txt", "GET"),
    ],
)
def test_every_file_is_closed(server, path, method):
    idle = server.idle_files
    with Client(server) as client:
        client.get("/a.txt")
        wait_until(lambda: server.open_files() <= idle + 1)
        for _ in range(3):
            client.get(path, method=method)
        wait_until(lambda: server.open_files() <= idle + 1)
    n = httpx.get(server.url("/closed")).json()["closed"]
    for path in ("/readable/read/0", "/readable/readinto/9", "/known/read/0", "/short/readinto"):
        with Client(server) as client:
            client.send(request(path, "GET", "Connection: close"))
            while client.more():
                pass
    assert httpx.get(server.url("/closed")).json()["closed"] > n


@pytest.mark.parametrize("path", ["/s/large.bin", "/open/large.bin", "/send/large.bin"])
def test_a_client_that_leaves_closes_the_file(server, folder, path):
    with open(folder / "large.bin", "wb") as file:
        file.truncate(64 << 20)
    before = server.idle_files
    for leave in (Client.close, Client.reset):
        client = Client(server, window=4096)
        client.send(request(path))
        client.until(b"\r\n\r\n")
        leave(client)
        wait_until(lambda: server.open_files() <= before)
    # one that takes nothing is given up
    with Client(server, window=4096) as client:
        client.send(request(path))
        client.until(b"\r\n\r\n")
        assert httpx.get(server.url("/a.txt")).content == FILES["a.txt"]
        wait_until(lambda: server.open_files() <= before)


def test_a_transfer_allocates_next_to_nothing(server, folder):
    """Two megabytes, while nothing is collected."""
    (folder / "two.bin").write_bytes(bytes(2 << 20))
    before = httpx.get(server.url("/allocated")).json()["bytes"]
    with Client(server) as client:
        assert len(client.get("/s/two.bin").body) == 2 << 20
    after = httpx.get(server.url("/allocated-since")).json()["bytes"]
    assert after - before < 400_000


def test_several_at_once(server, client):
    with Client(server) as second, Client(server) as third:
        clients = (client, second, third)
        for each in clients:
            each.send(request("/s/big.js"), request("/s/packed.txt"))
        for each in clients:
            assert each.receive().body == BIG
            assert each.receive().body == BIG
