"""One connection, with what comes on it read strictly."""

import contextlib
import socket
import struct
import time

from wire.messages import handshake, post, request
from wire.reading import Reading


def connected(port, timeout=10, window=None):
    """A socket that is connected to that port, with a receive buffer of that size, and
    sends each piece at once."""
    s = socket.socket()
    if window:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    s.settimeout(timeout)
    s.connect(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


class Client:
    """Sends what it likes. Whatever it waits for must come within 10 seconds."""

    def __init__(self, server, port=None, *, window=None, socket=None):
        self.server = server
        self.socket = socket or connected(port or server.port, window=window)
        self.received = bytearray()  # and not taken
        self.ended = False  # whether the server closed its side

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # -- sending

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)

    def get(self, path, *lines, method="GET"):
        self.send(request(path, method, *lines))
        return self.receive(method)

    def post(self, path, body, *lines, method="POST"):
        self.send(post(path, body, *lines, method=method))
        return self.receive(method)

    def upgrade(self, path="/ws", **changes):
        """Become a WebSocket: returns the 101."""
        self.send(handshake(path, **changes))
        response = self.receive()
        assert response.status == 101, response
        return response

    def run(self, steps):
        """Of the steps, bytes are sent, a number is the status of the next response, and a
        function is called with the client."""
        for step in steps:
            if isinstance(step, bytes):
                self.send(step)
            elif isinstance(step, int):
                response = self.receive()
                assert response.status == step, response
            else:
                step(self)

    # -- receiving

    def _piece(self):
        """What comes next, b"" at the connection's end, be that a reset."""
        piece = b""
        with contextlib.suppress(ConnectionResetError):
            piece = self.socket.recv(1 << 18)
        self.ended = not piece
        return piece

    def more(self):
        """Receive more. Returns False at the connection's end."""
        self.received += self._piece()
        return not self.ended

    def until(self, text):
        """What is received up to this text and with it."""
        while text not in self.received:
            assert self.more(), self.received
        return self.take(self.received.index(text) + len(text))

    def take(self, n):
        """The next n bytes."""
        while len(self.received) < n:
            assert self.more(), f"the end after {bytes(self.received[:200])}"
        taken = bytes(self.received[:n])
        del self.received[:n]
        return taken

    def read(self, n=None):
        """The next n bytes, or all; fewer where the connection ends, if not by a reset."""
        while not self.ended and (n is None or len(self.received) < n):
            piece = self.socket.recv(1 << 18)
            self.received += piece
            self.ended = not piece
        left = len(self.received)
        return self.take(left if n is None else min(n, left))

    def receive(self, method="GET"):
        """The next response, which answers a request with that method; or a 101."""
        reading = Reading(method)
        whole = self.received and reading.feed(bytes(self.received))
        while not whole:
            n = len(self.received)
            self.more()
            whole = reading.feed(bytes(self.received[n:]))
        self.received = bytearray(reading.rest)
        return reading.response

    def frame(self):
        """The first byte and the payload of the server's next frame (RFC 6455 5.2); None at
        the end."""
        if not self.received and not self.more():
            return None
        first, n = self.take(2)
        assert not n & 0x80, "a server masks no frame"
        if n == 126:
            n = int.from_bytes(self.take(2), "big")
            assert n > 125, "not the shortest form of the length"
        elif n == 127:
            n = int.from_bytes(self.take(8), "big")
            assert 65535 < n < 1 << 63, "not the shortest form of the length"
        return first, self.take(n)

    def at_end(self):
        """Whether nothing more comes, waiting for the end of the connection; it may be
        a reset when something was sent meanwhile."""
        return not self.received and (self.ended or not self._piece())


def status_of(response):
    """The status of a response in bytes."""
    assert response.startswith(b"HTTP/1."), response
    return int(response.split()[1])


def frames_after(server, *parts, half_close=False, path="/ws"):
    """All bytes that the server sends after its 101, for these frames."""
    response = server.exchange(handshake(path) + parts[0], *parts[1:], half_close=half_close)
    head, rest = response.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 101 ")
    return rest


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def promptly(seconds, act, *arguments):
    """Do it in less than so many seconds. It is done again, on a busy machine, which is late
    now and then; what waits for a time limit is late each time."""
    for _ in range(20):
        started = time.monotonic()
        result = act(*arguments)
        if time.monotonic() - started < seconds:
            return result
    raise AssertionError(f"it always takes more than {seconds} seconds")


def open_files_fall_to(server, most):
    """Whether the server comes to hold no more file descriptors than that."""
    wait_until(lambda: server.open_files() <= most)
    return True
