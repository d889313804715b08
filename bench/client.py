"""Requests, WebSocket messages, and clients that make one after another."""

import socket
import time
from functools import cached_property

from matrix import ROOT

from bench.staging import CONNECTION, KEEPALIVE, WEBSOCKET, wait_idle

BROWSER = ROOT / "bench" / "requests" / "browser.http"


def with_fields(n):
    """A request with n field lines of 40 bytes, the first of them Host."""
    lines = ["GET / HTTP/1.1", "Host: device-in-the-attic.home.arpa:8080"]
    lines += [f"X-Field-{i:02}: {'value ' * 5}".ljust(40, "x")[:40] for i in range(1, n)]
    return "\r\n".join([*lines, "", ""]).encode()


def post(size):
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + b"x" * size


def browser():
    """A browser's request of 15 field lines, for the servers' only page."""
    line, rest = BROWSER.read_bytes().split(b"\r\n", 1)
    method, _, protocol = line.split()
    return b" ".join((method, b"/", protocol)) + b"\r\n" + rest


REQUESTS = {"hello": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "browser": browser()}


def closing(request):
    """The request with Connection: close."""
    head, body = request.split(b"\r\n\r\n", 1)
    lines = [x for x in head.split(b"\r\n") if not x.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def _check(response):
    if not (response.startswith(b"HTTP/1.") and response[8:12] == b" 200"):
        raise RuntimeError(f"not a response with status 200: {response!r}")
    if not response.endswith(b"Hello"):
        raise RuntimeError(f"not the body: {response!r}")


class KeepAlive:
    """Makes all requests on one connection."""

    def __init__(self, server, process, port):
        self.process = process
        self.socket = connect(port)

    def exchange(self, request):
        wait_idle(self.process)
        self.socket.sendall(request)
        response = b""
        while not response.endswith(b"Hello"):
            piece = self.socket.recv(65536)
            if not piece:
                raise RuntimeError(f"the connection was not kept: {response!r}")
            response += piece
        _check(response)

    def close(self):
        self.socket.close()


class PerConnection:
    """Makes each request on a connection of its own."""

    def __init__(self, server, process, port):
        self.closing = KEEPALIVE in server.modes
        self.process = process
        self.port = port

    def exchange(self, request):
        wait_idle(self.process)
        with connect(self.port) as s:
            s.sendall(closing(request) if self.closing else request)
            response = b""
            while piece := s.recv(65536):
                response += piece
        _check(response)

    def close(self):
        pass


class Messages:
    """n binary messages that are sent at once, as frames (RFC 6455 5.2)."""

    KEY = bytes.fromhex("37fa213d")

    def __init__(self, size, n=1):
        self.size = size
        self.n = n

    def _frames(self, masked):
        payload = bytes(i * 7 & 255 for i in range(self.size))
        head, bit = b"\x82", 128 if masked else 0
        if self.size < 126:
            head += bytes((bit | self.size,))
        elif self.size < 65536:
            head += bytes((bit | 126,)) + self.size.to_bytes(2, "big")
        else:
            head += bytes((bit | 127,)) + self.size.to_bytes(8, "big")
        if masked:
            head += self.KEY
            payload = bytes(byte ^ self.KEY[i & 3] for i, byte in enumerate(payload))
        return (head + payload) * self.n

    @cached_property
    def sent(self):
        return self._frames(True)

    @cached_property
    def echoed(self):
        return self._frames(False)


SHORT = Messages(32)


class WebSocket:
    """Sends messages on one connection, and waits for their echoes."""

    # key and accept are those of RFC 6455 1.3
    HANDSHAKE = (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    ACCEPT = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    def __init__(self, server, process, port, path=b"/"):
        self.process = process
        self.socket = connect(port)
        self.socket.sendall(self.HANDSHAKE.replace(b"/", path, 1))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = self.socket.recv(65536)
            if not piece:
                raise RuntimeError(f"no handshake: {head!r}")
            head += piece
        if not head.startswith(b"HTTP/1.1 101 ") or self.ACCEPT not in head:
            raise RuntimeError(f"no handshake: {head!r}")
        # what a server does yet about the handshake's deadlines is no message's cost
        time.sleep(0.6)

    def exchange(self, messages):
        wait_idle(self.process)
        self.echo(messages)

    def echo(self, messages):
        """The same as fast as the server can."""
        self.socket.sendall(messages.sent)
        echoed = bytearray(len(messages.echoed))
        left = memoryview(echoed)
        while left:
            n = self.socket.recv_into(left)
            if not n:
                raise RuntimeError("the connection was not kept")
            left = left[n:]
        if echoed != messages.echoed:
            raise RuntimeError("not the messages that were sent")

    def close(self):
        self.socket.close()


CLIENTS = {KEEPALIVE: KeepAlive, CONNECTION: PerConnection, WEBSOCKET: WebSocket}


def open_idle(server, process, port, n):
    """n connections that stay open; where they last they got one response each."""
    clients = []
    for _ in range(n):
        if WEBSOCKET in server.modes:
            clients.append(WebSocket(server, process, port))
            clients[-1].exchange(SHORT)
            continue
        clients.append(KeepAlive(server, process, port))
        if KEEPALIVE in server.modes:
            clients[-1].exchange(REQUESTS["hello"])
        wait_idle(process)
    return clients
