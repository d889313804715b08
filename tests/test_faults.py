"""What the machine does to a server: accept() that fails, clocks that wrap or jump."""

import errno
import re
import time

import pytest
from conftest import DEVICE, read_all
from starving import starving
from wire import post, request, wait_until

LAST = "Connection: close"
GET_LAST = request("/", "GET", LAST)
WRAP = 1 << 30  # ticks_ms() begins again there
HALF = WRAP >> 1  # and ticks_diff() at half of it


def command(folder, *more):
    (folder / "file.txt").write_bytes(b"a file")
    return [DEVICE / "starved.py", str(folder), *more]


def ticks_at(value):
    """What makes ticks_ms() have a value now."""
    return value - int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
def test_accept_that_fails(tmp_path, number):
    """For a while: it is said once, the program does not spin, and who waits is served."""
    with starving("native", *command(tmp_path)) as server:
        server.shared.accept_errno = number
        server.shared.accept_failures = 4
        assert server.converse([GET_LAST]).endswith(b"index")
        assert server.shared.accept_failures == 0
        assert server.console == [f"web: accept failed: OSError({number},)"]
        server.shared.accept_failures = 1
        assert server.converse([GET_LAST]).endswith(b"index")
        assert len(server.console) == 2


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ECONNABORTED])
def test_client_that_left_before_it_was_accepted(tmp_path, number):
    with starving("native", *command(tmp_path)) as server:
        server.shared.accept_errno = number
        server.shared.accept_failures = 3
        assert server.converse([GET_LAST]).endswith(b"index")
        assert server.console == []


def test_accept_that_goes_on_failing(tmp_path):
    """An idle connection gives its descriptor, and those that are busy go on."""
    with starving("native", *command(tmp_path)) as server:
        files = server.open_files()
        with server.connect() as idle, server.connect() as late:
            idle.sendall(request())
            assert idle.recv(1000).endswith(b"index")
            late.sendall(post("/body", b"12345")[:-3])
            wait_until(lambda: server.open_files() == files + 2)
            server.shared.accept_errno = errno.EMFILE
            server.shared.accept_failures = -1
            with server.connect() as waiting:
                waiting.sendall(GET_LAST)
                server.wait_for_line("accept failed")
                late.sendall(b"345")
                assert late.recv(1000).endswith(b"5 bytes")
                server.shared.accept_failures = 0
                assert read_all(waiting).endswith(b"index")
        assert len(server.console) == 1


@pytest.mark.parametrize("edge", [HALF, WRAP])
def test_ticks_that_wrap(tmp_path, edge):
    """Each time limit holds across the edge, and none comes early."""
    with starving("native", *command(tmp_path), ticks=ticks_at(edge - 300)) as server:
        assert server.converse([GET_LAST]).endswith(b"index")
        files = server.open_files()
        with server.connect() as idle, server.connect() as head, server.connect() as body:
            idle.sendall(request())
            assert idle.recv(1000).endswith(b"index")
            head.sendall(request()[:-2])
            body.sendall(post("/body", b"12345")[:-1])
            assert read_all(idle) == b""
            assert read_all(head).startswith(b"HTTP/1.1 408 ")
            assert read_all(body).startswith(b"HTTP/1.1 408 ")
        assert server.converse([GET_LAST]).endswith(b"index")
        wait_until(lambda: server.open_files() <= files)
        assert server.console == []


@pytest.mark.parametrize("seconds", [-(10**9), -3600, 3600, 3 * 10**8])
def test_time_that_jumps(tmp_path, seconds):
    """A board learns the time when it has a network: connections do not notice, sessions of
    the other time are not good for longer than they were made for."""
    with starving("native", *command(tmp_path, "session")) as server:
        cookie = re.search(rb"session=([^;]+)", server.converse([request("/in", "GET", LAST)]))[1]
        ask = request("/private", "GET", LAST, "Cookie: session=" + cookie.decode())
        assert server.converse([ask]).endswith(b"ada")
        with server.connect() as kept:
            kept.sendall(request())
            assert kept.recv(1000).endswith(b"index")
            server.shared.seconds = seconds
            kept.sendall(request())
            assert kept.recv(1000).endswith(b"index")
        received = server.converse([ask])
        if seconds == 3600:
            assert received.endswith(b"ada")
        else:
            assert received.startswith(b"HTTP/1.1 403 "), received
        server.shared.seconds = 0
        assert server.converse([ask]).endswith(b"ada")
        assert server.console == []
