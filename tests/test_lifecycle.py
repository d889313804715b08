"""Starting and stopping: beside other tasks, in flight, and again."""

import contextlib
import signal
import socket
import threading
import time

import httpx
import pytest
from conftest import DEVICE, free_port, run_micropython, serving
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from wire import Client, open_files_fall_to, request


@pytest.fixture(scope="module")
def control(parser):
    """An App on .port, which starts and stops another one on .other."""
    other = free_port()
    with serving(parser, DEVICE / "lifecycle.py", str(other)) as server:
        server.other = other
        yield server


@pytest.fixture
def ask(control):
    """Ask the controlling App for something; the other one runs before and after."""

    def ask(path):
        return httpx.get(control.url(path), timeout=90).text

    ask("/start")
    yield ask
    ask("/open")
    ask("/start")


def refused(port):
    # reset, if the port closes just then
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        socket.create_connection(("127.0.0.1", port)).close()
        return False
    return True


def test_two_apps_in_one_loop(control, ask):
    with Client(control) as one, Client(control, control.other) as two:
        for _ in range(3):
            assert one.get("/").text == "control"
            assert two.get("/").text == "app"


def test_decorators_that_are_kept(control, ask):
    """The room that has them has left memory when they are used."""
    assert ask("/use-kept") == "used"
    with Client(control, control.other) as client:
        assert client.get("/kept-method").text == "method"
        assert (client.get("/kept").status, client.get("/kept").text) == (418, "handler")
        assert client.get("/kept-raw").text == "raw"


def test_stop_frees_the_port(control, ask):
    for _ in range(3):
        with Client(control, control.other) as client:
            assert client.get("/").text == "app"
            ask("/stop")
            assert client.at_end()
        assert refused(control.other)
        assert ask("/start") == "started"


def test_stop_closes_idle_connections_at_once(control, ask):
    """Those between two requests, and those that sent nothing yet."""

    def stop():
        ask("/start")
        with Client(control, control.other) as used, Client(control, control.other) as silent:
            assert used.get("/").text == "app"
            took = int(ask("/stop"))
            assert used.at_end()
            assert silent.at_end()
        return took

    # the time for a head is longer; a busy machine may be late now and then
    assert any(stop() < 1000 for _ in range(10))


def test_stop_lets_requests_in_flight_end(control, ask):
    """One whose handler works and one that is still arriving; neither gets another."""
    with Client(control, control.other) as busy, Client(control, control.other) as sending:
        lines = len(control.console)
        busy.send(request("/gated") + request("/"))
        sending.send(request("/upload", "POST", "Content-Length: 5"), b"12")
        control.wait_for_line("gated begins")
        stopped = []
        stopping = threading.Thread(target=lambda: stopped.append(ask("/stop")))
        stopping.start()
        with control.changed:
            assert control.changed.wait_for(lambda: "stopping" in control.console[lines:], 10)
        while not refused(control.other):
            pass
        sending.send(b"345")
        assert sending.receive("POST").text == "5"
        assert stopping.is_alive()
        ask("/open")
        assert busy.receive().text == "gated"
        assert busy.at_end()
        assert sending.at_end()
        stopping.join()
        assert int(stopped[0]) < 8000


def test_stop_waits_no_longer_than_its_timeout(control, ask):
    with Client(control, control.other) as client:
        lines = len(control.console)
        client.send(request("/gated"))
        with control.changed:
            assert control.changed.wait_for(lambda: "gated begins" in control.console[lines:], 10)
        assert int(ask("/stop?timeout=0.5")) < 9000  # ten by default
        assert client.at_end()
        with control.changed:
            assert control.changed.wait_for(
                lambda: "gated cancelled" in control.console[lines:], 10
            )


def test_stop_with_a_handler_that_goes_on_and_answers(control, ask):
    """Nobody is there to be answered, which is no fault."""
    with Client(control, control.other) as client:
        client.send(request("/stubborn"))
        control.wait_for_line("stubborn begins")
        ask("/stop?timeout=0")
        control.wait_for_line("stubborn goes on")
        assert client.at_end()
    assert ask("/start") == "started"
    assert not [line for line in control.console if "web: fault" in line]


def test_stop_tells_websockets(control, ask):
    with connect(f"ws://127.0.0.1:{control.other}/ws") as ws:
        assert ws.recv() == "hello"
        stopping = threading.Thread(target=ask, args=("/stop",))
        stopping.start()
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=10)
        assert closed.value.rcvd.code == 1001
        stopping.join()
    control.wait_for_line("ws closed 1001")


def test_stop_does_not_wait_for_event_streams(control, ask):
    """They have no end of their own."""
    with Client(control, control.other) as client:
        client.send(request("/events"))
        lines = len(control.console)
        while b"data: hello" not in client.received:
            client.received += client.socket.recv(1000)
        assert int(ask("/stop?timeout=60")) < 30000
        client.received = b""
        assert client.at_end()
    with control.changed:
        assert control.changed.wait_for(lambda: "events ended" in control.console[lines:], 10)


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("path", ["/stop-me", "/stop-me-late"])
def test_stop_from_a_handler(control, ask, path, before):
    """Its response arrives, as the first or a further one of its connection."""
    with Client(control, control.other) as client, Client(control, control.other) as idle:
        for _ in range(before):
            assert client.get("/").text == "app"
        assert idle.get("/").text == "app"
        started = time.monotonic()
        assert client.get(path).text == "stopped"
        assert client.at_end()
        assert idle.at_end()
        assert time.monotonic() - started < 9  # stop() waits for ten
    assert refused(control.other)


@pytest.mark.parametrize("path", ["/stop-me", "/stop-me-late"])
def test_stop_from_the_only_handler(control, ask, path):
    """Its connection ends, too, as the response says."""
    with Client(control, control.other) as client:
        assert client.get(path)["connection"] == "close"
        assert client.at_end()
    assert refused(control.other)


def test_stop_of_what_is_not_started(control, ask):
    ask("/stop")
    assert int(ask("/stop")) < 5000
    assert ask("/start") == "started"


def test_cancelled_serve(control, ask):
    """It ends every connection, and frees the port."""
    ask("/stop")
    for _ in range(2):
        ask("/serve")
        with Client(control, control.other) as idle, Client(control, control.other) as busy:
            assert idle.get("/").text == "app"
            lines = len(control.console)
            busy.send(request("/gated"))
            with control.changed:
                assert control.changed.wait_for(
                    lambda start=lines: "gated begins" in control.console[start:], 10
                )
            ask("/cancel")
            assert idle.at_end()
            assert busy.at_end()
        assert refused(control.other)


def test_start_twice(control, ask):
    assert ask("/start").startswith("OSError")
    with Client(control, control.other) as client:
        assert client.get("/").text == "app"


def test_start_on_a_port_in_use(control, ask):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert ask(f"/start-on/{other.getsockname()[1]}") == "OSError 98"
    assert ask(f"/start-on/{control.other}") == "OSError 98"
    port = free_port()
    assert ask(f"/start-on/{port}") == "started"
    assert httpx.get(f"http://127.0.0.1:{port}/").text == "second"


def test_time_limits_after_a_restart(control, ask):
    """They are as long as before."""
    for _ in range(3):
        with Client(control, control.other) as client:
            client.get("/")
        ask("/stop")
        ask("/start")
    with Client(control, control.other) as client, Client(control, control.other) as silent:
        client.get("/")
        started = time.monotonic()
        assert silent.at_end()
        assert time.monotonic() - started > 1.2


def test_no_descriptor_stays(control, ask):
    def cycle():
        with Client(control, control.other) as client:
            client.get("/")
            ask("/stop")
            client.at_end()
        ask("/start")

    cycle()
    files = control.open_files()
    for _ in range(5):
        cycle()
    assert open_files_fall_to(control, files)


def get_when_started(server):
    deadline = time.monotonic() + 10
    while True:
        try:
            return httpx.get(server.url()).text
        except httpx.TransportError:
            assert time.monotonic() < deadline


def test_again_after_stop(parser):
    """run() and new event loops in one process."""
    with serving(parser, DEVICE / "again.py") as server:
        for turn in range(4):
            with Client(server) as idle:
                assert idle.get("/").text == str(turn)
                assert httpx.get(server.url("/stop")).text == f"stopped {turn}"
                assert idle.at_end()
            server.wait_for_line(f"ended {turn}")
            assert get_when_started(server) == str(turn + 1)


def test_again_after_ctrl_c(parser):
    """With connections open; they end, and neither port nor descriptors stay taken."""
    with serving(parser, DEVICE / "again.py") as server:
        files = []
        for turn in range(4):
            with Client(server) as idle:
                assert idle.get("/").text == str(turn)
                server.process.send_signal(signal.SIGINT)
                server.wait_for_line(f"interrupted {turn}")
                assert idle.at_end()
            assert get_when_started(server) == str(turn + 1)
            files.append(server.open_files())
        assert open_files_fall_to(server, files[1])


def test_first_client_is_idle_for_no_longer_than_others(parser):
    """It is answered before the server's clock has gone on for the first time."""
    said = run_micropython(DEVICE / "first_idle.py", free_port(), parser=parser)
    assert said == "ended behind b'hello'\n"
