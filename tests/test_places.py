"""The places that connections take: how many there are, who gets them and who gives one
up, and that a request leaves nothing behind for the next one."""

import contextlib
import json
import resource
import select
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
from conftest import DEVICE, MICROPYTHON, environment, packages, serving
from wire import GET, Client, frame, handshake, post, request, status_of, wait_until
from wire.steps import END
from wire.steps import body as body_of

SCRIPT = DEVICE / "places.py"
INDEX = body_of(b"index")
PROC = Path("/proc")


@contextlib.contextmanager
def places(parser, **limits):
    with serving(parser, SCRIPT, json.dumps(limits)) as server:
        # the client that tried whether it listens has a place until its end is noticed
        with Client(server) as client:
            client.run([request("/", "GET", "Connection: close"), INDEX, END])
        server.idle_files = server.open_files()
        yield server


@pytest.fixture(scope="module")
def app(parser):
    with places(parser) as server:
        yield server


# -- what a request leaves behind


@pytest.mark.parametrize(
    "first",
    [
        request("/set"),
        request("/set-late"),
        post("/set", b'"ada"', "Content-Type: application/json"),
    ],
)
def test_what_is_set_on_a_request_is_not_in_the_next(app, first):
    with Client(app) as client:
        for _ in range(2):
            client.run([first, body_of(b"set")])
            assert json.loads(client.get("/get").body) == {"user": None, "params": {}}
            assert json.loads(client.post("/get", b"x").body) == {"user": None, "body": "x"}


def test_pipelined_requests_inherit_nothing(app):
    with Client(app) as client:
        client.run([request("/set") + request("/get")])
        client.receive()
        assert json.loads(client.receive().body)["user"] is None


@pytest.mark.parametrize("read", [True, False])
def test_copy_outlives_its_request(app, read):
    with Client(app) as client:
        path = "/copy?read=1" if read else "/copy"
        client.run([post(path, b"the body", "X: first", "Cookie: a=1"), body_of(b"copied")])
        copied = json.loads(client.get("/copied", "X: second", "Cookie: a=2").body)
    assert copied == {
        "method": "POST",
        "path": "/copy",
        "target": path,
        "query": "read=1" if read else None,
        "args": {"read": "1"} if read else {},
        "cookies": {"a": "1"},
        "x": "first",
        "user": "ada",
        "addr": True,
        "body": "the body" if read else "OSError 9",
    }


# -- handlers whose tasks are cancelled


@pytest.mark.parametrize(
    "path", ["/cancels", "/cancelled-at-once", "/cancels-plainly", "/cancelled-raw", "/cancels-me"]
)
def test_cancelled_error_is_a_fault(app, path):
    before = len(app.console)
    with Client(app) as client:
        client.run([request(path), 500])
    app.wait_for_line(f"web: GET {path}: CancelledError")
    assert len(app.console) == before + 1
    assert app.exchange(GET[:-2] + b"Connection: close\r\n\r\n").endswith(b"index")


def test_cancelled_error_after_a_piece_cuts_the_response(app):
    response = app.exchange(request("/cancelled-late"))
    assert status_of(response) == 200
    assert not response.endswith(b"0\r\n\r\n")
    app.wait_for_line("web: GET /cancelled-late: CancelledError")


def test_cancelled_error_closes_a_websocket_with_1011(app):
    with Client(app) as client:
        client.run([handshake(path="/cancelled-ws"), 101])
        client.until(b"\x88\x02\x03\xf3")
        client.send(frame(8, b"\x03\xf3"))
        assert not client.more()
    app.wait_for_line("web: GET /cancelled-ws: CancelledError")


@pytest.mark.parametrize("path", ["/waits", "/waits-in-a-task"])
def test_body_that_a_task_waits_for(parser, path):
    """Its time limit ends that wait, and the client is told."""
    with places(parser, body_timeout=0.3) as app, Client(app) as client:
        client.run([request(path, "POST", "Content-Length: 10") + b"123", 408])
        assert not client.more()


def test_handler_may_take_longer_than_a_head(parser):
    """On a path with a parameter too, as the first request of a connection and the next."""
    with places(parser, head_timeout=0.3, idle_timeout=0.3, body_timeout=0.3) as app:
        with Client(app) as client:
            for _ in range(2):
                client.run([request("/slow/900"), body_of(b"slow")])


# -- how many


PLATFORMS = """
import sys

class Sys:
    implementation = sys.implementation
    modules = sys.modules

for Sys.platform in ("rp2", "pyboard", "mimxrt", "esp32", "linux"):
    sys.modules["sys"] = Sys
    import web
    server = web.App()
    print(Sys.platform, server.most_connections, server.most_streams, server.backlog)
    web.forget("setup")
"""


def test_default_follows_the_port():
    """The numbers that docs/guides/limits.md gives reasons for."""
    done = subprocess.run(
        [MICROPYTHON, "-c", PLATFORMS],
        env=environment(packages("portable")),
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "rp2 4 3 16",
        "pyboard 4 3 16",
        "mimxrt 4 3 16",
        "esp32 8 7 16",
        "linux 16 15 128",
    ], done.stderr


def is_open(client):
    return not select.select([client.socket], [], [], 0)[0]


def wait_for_ticks(client, n):
    """Until the server's clock, by which it knows who has been idle, has gone on by n."""

    def ticks():
        return json.loads(client.get("/clock").body)["ticks"]

    last = ticks() + n
    wait_until(lambda: ticks() >= last)


def kept(server):
    """A client whose connection lasts, which who came before may have prevented."""
    for _ in range(20):
        client = Client(server)
        if not client.get("/").closes:
            return client
        client.close()
    raise AssertionError("no connection is kept")


def test_as_many_as_the_limit_are_kept(parser):
    """None is ended while nobody waits for its place."""
    with places(parser, max_connections=4) as server:
        clients = [kept(server) for _ in range(4)]
        for _ in range(3):
            for client in clients:
                client.run([GET, INDEX])
        wait_for_ticks(clients[3], 2)  # of the server's clock, in which it could end one
        assert all(is_open(client) for client in clients)
        # and one more gets the place of the one that is idle for longest
        for client in clients[1:]:
            client.run([GET, INDEX])
        with Client(server) as more:
            more.run([GET, INDEX])
        assert not clients[0].more()
        for client in clients[1:]:
            client.run([GET, INDEX])
            client.close()


class Polling(threading.Thread):
    """A client of httpx's kind, that polls on a connection that is kept for as long as the
    server has it."""

    def __init__(self, server, requests, paths=("/",)):
        super().__init__(daemon=True)
        self.server = server
        self.requests = requests
        self.paths = paths
        self.lost = []

    def run(self):
        with httpx.Client(timeout=30) as client:
            for i in range(self.requests):
                path = self.paths[i % len(self.paths)]
                try:
                    response = self.get(client, self.server.url(path))
                    if response.status_code != 200:
                        self.lost.append(response.status_code)
                    elif path.startswith("/whole") and len(response.content) != 400 * 3:
                        self.lost.append(len(response.content))
                except httpx.HTTPError as e:
                    self.lost.append(repr(e))

    def get(self, client, url):
        try:
            return client.get(url)
        except httpx.RemoteProtocolError:
            # A kept connection may end with a request on its way, which browsers repeat
            # (RFC 9112 9.3.1), and httpx leaves to whoever uses it.
            return client.get(url)


@pytest.mark.parametrize("limit", [4, 16])
def test_more_polling_clients_than_places_lose_nothing(parser, limit):
    if parser == "portable":
        limit = min(limit, 8)  # it is slower than so many clients are patient
    with places(parser, max_connections=limit) as server:
        clients = [Polling(server, 15, ("/", "/whole/3")) for _ in range(limit + 2)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(90)
            assert not client.is_alive()
        assert [client.lost for client in clients if client.lost] == []


class Gate:
    """What lwIP does on a board: only so many connections at once; one that comes beyond
    them is refused, until another has ended on both sides."""

    def __init__(self, server, most):
        self.server = server
        self.most = most
        self.open = 0
        self.refused = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                fits = self.open < self.most
                self.open += fits
            if not fits:
                self.refused.add(client.getpeername()[1])
                client.close()
                continue
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client):
        server = socket.create_connection(("127.0.0.1", self.server.port))
        ends = {client: server, server: client}
        reading = set(ends)
        with contextlib.suppress(OSError):
            while reading:
                for s in select.select(reading, [], [])[0]:
                    data = s.recv(65536)
                    if data:
                        ends[s].sendall(data)
                    else:
                        reading.discard(s)
                        ends[s].shutdown(socket.SHUT_WR)
        client.close()
        server.close()
        with self.lock:
            self.open -= 1


class Browser:
    """It keeps its connection, closes it when the server does, and comes again when it
    was refused at the gate."""

    def __init__(self, gate):
        self.gate = gate
        self.client = None
        self.kept = None  # the port of a connection on which there was a response

    def get(self):
        deadline = time.monotonic() + 30
        while True:
            assert time.monotonic() < deadline, "never served"
            if self.client is None or select.select([self.client.socket], [], [], 0)[0]:
                self.close()
                self.client = Client(self.gate)
            try:
                response = self.client.get("/")
            except (AssertionError, OSError):
                # A server may end a kept connection when a request is on its way, which is
                # made again then (RFC 9112 9.3.1); a new one's nobody else may have ended.
                port = self.client.socket.getsockname()[1]
                assert port in self.gate.refused or port == self.kept
                self.close()
                continue
            assert (response.status, response.body) == (200, b"index")
            self.kept = self.client.socket.getsockname()[1]
            if response.closes:
                self.close()
            return

    def idle(self):
        threading.Thread(target=self._wait, args=(self.client,), daemon=True).start()

    def _wait(self, client):
        if client:
            with contextlib.suppress(OSError):
                client.socket.settimeout(None)
                client.socket.recv(1)
            client.close()

    def close(self):
        if self.client:
            self.client.close()
            self.client = None


def test_gate_of_five(parser):
    """As on a board with lwIP's default of 5 connections: browsers that keep theirs, and
    one that polls, do not keep others out."""
    with places(parser, max_connections=4) as server:
        gate = Gate(server, 5)

        def visit():
            browser = Browser(gate)
            browser.get()
            browser.idle()

        for _ in range(8):
            visit()
        polling = Browser(gate)
        for _ in range(8):
            polling.get()
            visit()
            polling.get()
        polling.close()
        gate.listener.close()
    assert server.console == []


def test_no_descriptor_at_ten(parser):
    """As on ESP32, which has ten sockets in all: accept() fails with ENFILE or EMFILE."""
    with places(parser, max_connections=16) as server:
        pid = server.process.pid
        used = server.idle_files
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 9, used + 9))
        kept = [Client(server) for _ in range(9)]
        for client in kept:
            client.run([GET, INDEX])
        for _ in range(4):
            with Client(server) as more:
                more.run([GET, INDEX])
        server.wait_for_line("web: accept failed: OSError")
        for client in kept:
            client.close()
        wait_until(lambda: server.open_files() <= used)


# -- streams


def begun(server, path):
    """A client that asked for a stream, and the status it got."""
    client = Client(server)
    client.run([handshake(path=path) if "ws" in path else request(path)])
    return client, status_of(client.until(b"\r\n\r\n"))


@pytest.mark.parametrize("path", ["/ws", "/raw-ws", "/events"])
def test_a_place_is_kept_for_requests_that_end(parser, path):
    status = 101 if "ws" in path else 200
    with places(parser, max_connections=4) as server:
        streams = [begun(server, path) for _ in range(3)]
        assert [s for _, s in streams] == [status] * 3
        with Client(server) as client:
            client.run([handshake(path=path) if "ws" in path else request(path)])
            refused = client.receive()
            assert refused.status == 503
            assert "retry-after" in refused
        for _ in range(3):
            with Client(server) as client:
                client.run([GET, INDEX])
        # and when one has gone another may come
        for client, _ in streams:
            client.close()
        wait_until(lambda: server.open_files() <= server.idle_files)
        client, found = begun(server, path)
        client.close()
        assert found == status
    assert server.console == []


def test_who_can_not_be_served_soon_is_told(parser):
    """All places are streams', or of answers that take long: 503 within a second."""
    with places(parser, max_connections=3, max_streams=3) as server:
        streams = [Client(server) for _ in range(3)]
        for client in streams:
            client.run([handshake(path="/ws"), 101])
        for _ in range(2):
            started = time.monotonic()
            with Client(server) as client:
                refused = client.get("/")
                assert refused.status == 503
                assert "retry-after" in refused
                assert not client.more()
            assert time.monotonic() - started < 5  # on any machine; here it is half a second
        # nobody's message was lost for that
        for client in streams:
            client.send(frame(1, b"still"))
            client.until(b"\x81\x05still")
            client.close()
        wait_until(lambda: server.open_files() <= server.idle_files)
        with Client(server) as client:
            client.run([GET, INDEX])


def wait_for_rest(server):
    """Until the server waits for sockets alone, its clock having stopped."""

    def rests():
        call = (PROC / str(server.process.pid) / "syscall").read_text().split()
        return call[0] in ("7", "271") and int(call[3], 16) & 0xFFFFFFFF == 0xFFFFFFFF

    wait_until(rests)


def test_who_can_not_be_served_is_told_though_the_clock_had_stopped(parser):
    """While there are WebSockets alone nobody's time is watched."""
    with places(parser, max_connections=3, max_streams=3) as server:
        streams = [Client(server) for _ in range(3)]
        for client in streams:
            client.run([handshake(path="/ws"), 101])
        wait_for_rest(server)
        with Client(server) as client:
            assert client.get("/").status == 503
        for client in streams:
            client.close()


def test_who_is_served_soon_waits(parser):
    with places(parser, max_connections=2) as server:
        busy = [Client(server) for _ in range(2)]
        for client in busy:
            client.run([request("/slow/1500")])
        with Client(server) as client:
            client.run([GET, INDEX])
        for client in busy:
            client.run([body_of(b"slow")])
            client.close()
