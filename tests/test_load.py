"""Many clients at once, little memory, and the limits of lasting connections."""

import contextlib
import json
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import emulators
import matrix
import pytest
from conftest import BUILD, DEVICE, Server, serving
from wire import GET, Client, promptly, request, wait_until
from wire.steps import END, LET_GO, SOME, body, drip

SCRIPT = DEVICE / "hostile.py"
LAST = request("/", "GET", "Connection: close")
INDEX = body(b"index")
HALF_HEAD = GET[:-2]
HALF_BODY = request("/read", "POST", "Content-Length: 10") + b"123"


def get(server):
    """A normal client, which is served."""
    with Client(server) as client:
        client.socket.settimeout(30)
        client.run([LAST, INDEX, END])


def burst(server, n, sent=GET):
    """Sockets that connect at once, each with the same bytes sent if it got that far."""
    sockets = []
    for _ in range(n):
        s = socket.socket()
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s.connect(("127.0.0.1", server.port))
        sockets.append(s)
    for s in sockets:
        with contextlib.suppress(OSError):
            s.send(sent)
    return sockets


def answered(sockets, seconds, enough=None):
    """How many of them receive a 200 in that time; no more than enough are waited for."""
    deadline = time.monotonic() + seconds
    waiting = set(sockets)
    count = 0
    while waiting and count < (enough or len(sockets)) and time.monotonic() < deadline:
        for s in select.select(waiting, [], [], 0.05)[0]:
            waiting.discard(s)
            with contextlib.suppress(OSError):
                count += s.recv(1000).startswith(b"HTTP/1.1 200 ")
    return count


def close(sockets, reset=False):
    for s in sockets:
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


# -- little memory


@pytest.fixture(scope="module", params=[("armv7emsp", "unix-armv7emsp"), (None, "unix-armv6m")])
def small(request):
    """A 32-bit build with a heap of 64 KB and the default limits."""
    arch, target = request.param
    emulators.build(target)
    argv = emulators.command(target, "64k")
    server = Server(
        "native" if arch else "portable",
        lambda port: [*argv, SCRIPT, str(port)],
        packages=BUILD / "dist" / matrix.dist_dir(arch or matrix.PORTABLE).name,
    )
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("kind", ["with requests", "silent", "resetting"])
def test_bursts_with_little_memory(small, kind):
    get(small)
    for _ in range(4):
        sockets = burst(small, 100, b"" if kind == "silent" else GET)
        if kind != "silent":
            assert answered(sockets, 60, enough=10) >= 10
        close(sockets, reset=kind == "resetting")
        promptly(5, get, small)
    assert small.process.poll() is None
    assert [line for line in small.console if "accept failed: MemoryError" not in line] == []


@contextlib.contextmanager
def serving_images(folder, heap, arch, target):
    """A 32-bit build that serves parts of a file."""
    emulators.build(target)
    path = folder / "file"
    path.write_bytes(IMAGES)
    argv = emulators.command(target, heap)
    server = Server(
        "native" if arch else "portable",
        lambda port: [*argv, DEVICE / "images.py", str(port), path],
        packages=BUILD / "dist" / matrix.dist_dir(arch or matrix.PORTABLE).name,
    )
    try:
        yield server
    finally:
        server.stop()


IMAGES = bytes(i * 7 % 251 for i in range(13000))


@pytest.mark.parametrize("arch,target", [("armv7emsp", "unix-armv7emsp"), (None, "unix-armv6m")])
def test_page_of_images_with_little_memory(tmp_path, arch, target):
    """By six connections, as browsers do it: each image arrives whole."""

    def load(numbers):
        with Client(images) as client:
            return [(n, client.get(f"/images/{n}")) for n in numbers]

    with serving_images(tmp_path, "80k", arch, target) as images, ThreadPoolExecutor(6) as pool:
        for responses in pool.map(load, [range(i, 60, 6) for i in range(6)]):
            for n, response in responses:
                assert (response.status, len(response.body)) == (200, 6000 + 100 * n)
                assert response.body == IMAGES[n : n + 6000 + 100 * n]
        assert images.console == []


def test_clients_that_take_nothing_hold_little(tmp_path):
    """What the server holds for each is its connection, one buffer, the generator and a
    piece of 1 KB."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            serving_images(tmp_path, "200k", "armv7emsp", "unix-armv7emsp")
        )
        other = stack.enter_context(Client(server))
        assert other.get("/images/1").status == 200  # which loads what it needs
        before = int(other.get("/memory").text)
        for _ in range(8):
            client = stack.enter_context(Client(server, window=4096))
            client.run([request("/endless"), SOME])
        wait_until(lambda: int(other.get("/memory").text) - before <= 8 * STALLED)


STALLED = 4800  # bytes


# -- many clients, default limits


@pytest.fixture(scope="module")
def server(parser):
    with serving(parser, SCRIPT) as server:
        get(server)
        yield server


def test_60_at_once_are_accepted_without_a_lost_segment(server):
    """One that finds the backlog full is sent again after a second."""

    def visit():
        sockets = burst(server, 60)
        assert answered(sockets, 30) == 60
        close(sockets)

    for _ in range(3):
        promptly(0.9, visit)


def test_half_open_clients_do_not_keep_others_out(server):
    sockets = []
    for i in range(100):
        sockets += burst(server, 1, (b"", HALF_HEAD, HALF_BODY)[i % 3])
    # it waits in line behind them, and each has its grace: 0.5 s for a head, 1 s for a body
    started = time.monotonic()
    get(server)
    assert time.monotonic() - started < 9  # they may be there for ten seconds
    for _ in range(5):
        promptly(2, get, server)
    close(sockets)
    promptly(1, get, server)


def test_waiting_client_is_served_when_a_busy_one_ends(parser):
    with serving(parser, SCRIPT, json.dumps({"max_connections": 4})) as server:
        busy = [Client(server) for _ in range(4)]
        for client in busy:
            client.run([request("/sleep/600", "GET", "Connection: close")])
        with Client(server) as waiting:
            waiting.run([LAST])
            assert not select.select([waiting.socket], [], [], 0.3)[0]
            busy[0].run([body(b"slept"), END])
            waiting.run([INDEX, END])
        for client in busy[1:]:
            client.run([body(b"slept"), END])
            client.close()
        busy[0].close()


def test_clients_that_left_do_not_keep_others_out(parser):
    """Their handlers wait for something else, and may do so for long."""
    with serving(parser, SCRIPT, json.dumps({"max_connections": 4})) as server:
        for _ in range(4):
            client = Client(server)
            client.run([request("/sleep/60000")])
            client.close()
        promptly(2, get, server)


def test_bodies_that_drip_do_not_keep_others_out(parser):
    with serving(parser, SCRIPT, json.dumps({"max_connections": 4})) as server:
        clients = [Client(server) for _ in range(4)]
        for client in clients:
            client.run([request("/read", "POST", "Content-Length: 60000")])
        with Client(server) as waiting:
            waiting.run([LAST])
            deadline = time.monotonic() + 60
            while not select.select([waiting.socket], [], [], 0.4)[0]:
                assert time.monotonic() < deadline
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.socket.send(b"x")
            waiting.run([INDEX, END])
        for client in clients:
            client.close()


def test_newest_client_takes_the_place_of_an_idle_one(parser):
    with serving(parser, SCRIPT, json.dumps({"max_connections": 4})) as server:
        idle = [Client(server) for _ in range(4)]
        for client in idle:
            client.run([GET, INDEX])
        for _ in range(3):
            # those that were answered just now are spared for a moment
            promptly(1, get, server)
        assert not select.select([idle[3].socket], [], [], 0)[0]
        idle[0].run([END])  # the one that was idle for the longest
        for client in idle:
            client.close()


# -- segments


def data_segments(s):
    """How many segments with data were received: tcpi_data_segs_in of Linux."""
    return struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 200), 152)[0]


@pytest.mark.parametrize("path", ["/", "/bytes/900", "/files/x", "/release", "/none", "/raise/5"])
def test_a_response_is_one_segment(server, path):
    with Client(server) as client:
        for i in range(1, 21):
            client.get(path)
            assert data_segments(client.socket) == i


@pytest.mark.parametrize("path", ["/", "/files/x", "/pieces/3"])
def test_no_response_waits_for_an_acknowledgement(server, path):
    with Client(server) as client:
        client.run([request(path), 200])

        def visit():
            for _ in range(100):
                client.run([request(path), 200])

        promptly(1, visit)  # a delayed one takes 40 ms


# -- limits of a connection

LIMITS = {
    "head_timeout": 0.6,
    "body_timeout": 0.6,
    "idle_timeout": 1.2,
    "write_timeout": 0.6,
    "max_requests": 5,
    "max_drain": 4000,
    "max_body": 10000,
}


@pytest.fixture(scope="module")
def limited(parser):
    with serving(parser, SCRIPT, json.dumps(LIMITS), heap="24M") as server:
        get(server)
        server.idle_files = server.open_files()
        yield server


@contextlib.contextmanager
def takes(at_least, at_most):
    """Ticks of a quarter of a second, and a busy machine, make them late. By default the
    limits are ten seconds and more."""
    started = time.monotonic()
    yield
    assert at_least <= time.monotonic() - started < at_most


def test_idle_timeout(limited):
    with Client(limited) as client:
        for _ in range(3):
            client.run([GET, INDEX])
            assert not select.select([client.socket], [], [], 0.4)[0]
        with takes(0.5, 9):
            client.run([END])


def test_max_requests(limited):
    with Client(limited) as client:
        for i in range(5):
            response = client.get("/")
            assert response.status == 200
            assert response.closes == (i == 4)
        client.run([END])


def test_head_timeout_is_for_a_whole_head(limited):
    with Client(limited) as client:
        client.run([GET, INDEX])
        with takes(0.5, 9):
            client.run([drip(GET[:-1]), 408])


def test_head_timeout_begins_with_the_head(limited):
    with Client(limited) as client:
        client.run([GET, INDEX])
        assert not select.select([client.socket], [], [], 0.8)[0]
        client.run([GET[:9]])
        assert not select.select([client.socket], [], [], 0.4)[0]
        client.run([GET[9:], INDEX])


@pytest.mark.parametrize("path", ["/read", "/json"])
@pytest.mark.parametrize("framing", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_body_timeout(limited, path, framing):
    for before in ([], [GET, INDEX]):
        with Client(limited) as client:
            client.run([*before, request(path, "POST", framing)])
            with takes(0.5, 9):
                client.run([408, END])


def test_body_timeout_is_for_a_further_part(limited):
    with Client(limited) as client:
        client.run([request("/read", "POST", "Content-Length: 5")])
        for byte in b"12345":
            assert not select.select([client.socket], [], [], 0.3)[0]
            client.run([bytes([byte])])
        client.run([body(b"12345")])


@pytest.mark.parametrize("path", ["/bytes/4000000", "/pieces", "/events"])
def test_write_timeout(limited, path):
    with Client(limited, window=4096) as client:
        client.run([request(path), SOME])
        client.run([LET_GO])


def test_write_timeout_is_for_a_further_part(limited):
    with Client(limited, window=4096) as client:
        client.run([request("/bytes/400000")])
        head = client.until(b"\r\n\r\n")
        assert b"Content-Length: 400000\r\n" in head
        for _ in range(4):
            time.sleep(0.3)  # the pause is the case
            assert client.more()
        while len(client.received) < 400000:
            assert client.more()


@pytest.mark.parametrize("size,stays", [(100, True), (4000, True), (4001, False), (10000, False)])
def test_max_drain(limited, size, stays):
    with Client(limited) as client:
        client.run([request("/ignore", "POST", f"Content-Length: {size}")])
        client.run([b"x" * size])
        response = client.receive()
        assert (response.status, response.body) == (200, b"ignored")
        assert response.closes != stays
        client.run([GET, INDEX] if stays else [END])


@pytest.mark.parametrize("path,most", [("/read", 10000), ("/small", 10)])
def test_max_body(limited, path, most):
    whole = b"x" * most
    for framed in (
        lambda data: request(path, "POST", f"Content-Length: {len(data)}") + data,
        lambda data: request(path, "POST", "Transfer-Encoding: chunked")
        + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data),
    ):
        with Client(limited) as client:
            client.run([framed(whole), body(whole), framed(whole + b"x"), 413, END])
