"""A client that sends what it likes: a list of steps, of which bytes are sent, a
number is the status of the next response, and a function is called with the client."""

import contextlib
import re
import select
import socket
import struct
import time


class Client:
    def __init__(self, server, window=None):
        self.server = server
        self.received = b""
        self.s = socket.socket()
        if window:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.s.settimeout(5)
        self.s.connect(("127.0.0.1", server.port))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def reset(self):
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.close()

    def receive(self):
        """Receive more. Returns False at the connection's end, be that a reset."""
        try:
            piece = self.s.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.received += piece
        return bool(piece)

    def until(self, text):
        """What is received up to this text and with it."""
        while text not in self.received:
            assert self.receive(), self.received
        found, _, self.received = self.received.partition(text)
        return found + text

    def response(self):
        """The status, head and body of the next response."""
        head = self.until(b"\r\n\r\n")
        status = int(re.match(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", head)[1])
        body = b""
        if length := re.search(rb"\r\nContent-Length: (\d+)\r\n", head):
            n = int(length[1])
            while len(self.received) < n:
                assert self.receive(), self.received
            body, self.received = self.received[:n], self.received[n:]
        elif b"\r\nTransfer-Encoding: chunked\r\n" in head:
            body = self.until(b"0\r\n\r\n")
        return status, head, body

    def run(self, steps):
        for step in steps:
            if isinstance(step, bytes):
                self.s.sendall(step)
            elif isinstance(step, int):
                status, head, body = self.response()
                assert status == step, head + body
            else:
                step(self)


def FIN(client):
    client.s.shutdown(socket.SHUT_WR)


def RST(client):
    client.reset()


def END(client):
    """The server ends the connection, with no more bytes before."""
    while client.receive():
        pass
    assert client.received == b""


def CUT(client):
    """The server ends the connection in the midst of a chunked response."""
    head = client.until(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    while client.receive():
        pass
    assert client.received and not client.received.endswith(b"0\r\n\r\n")


def ACCEPTED(client):
    wait_until(lambda: client.server.open_files() > client.server.idle_files)


def LET_GO(client):
    """The server gives up a client that is still there, and reads nothing."""
    wait_until(lambda: client.server.open_files() <= client.server.idle_files)


def SOME(client):
    """A part of a response is there."""
    assert client.receive()


def gets(data):
    def step(client):
        while len(client.received) < len(data):
            assert client.receive(), client.received
        assert client.received.startswith(data)
        client.received = client.received[len(data) :]

    return step


def body(data):
    def step(client):
        status, head, received = client.response()
        assert (status, received) == (200, data), head

    return step


def each_byte(data):
    return [bytes([b]) for b in data]


def drip(data):
    """A byte now and then, until an answer comes."""

    def step(client):
        for byte in data:
            client.s.sendall(bytes([byte]))
            if select.select([client.s], [], [], 0.05)[0]:
                return
        raise AssertionError("no answer")

    return step


def flood(piece, most):
    """Bytes without end, until an answer comes or the connection is gone."""

    def step(client):
        with contextlib.suppress(OSError):
            for _ in range(most):
                client.s.sendall(piece)
                if select.select([client.s], [], [], 0)[0]:
                    break

    return step


def fill(piece):
    """Bytes until the server takes no more."""

    def step(client):
        client.s.settimeout(0.2)
        with contextlib.suppress(OSError):
            for _ in range(9999):
                client.s.sendall(piece)
        client.s.settimeout(5)

    return step


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
