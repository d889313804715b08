"""A client that reads responses strictly, by h11, from raw sockets."""

import socket
import time
from dataclasses import dataclass, field

import h11


@dataclass
class Response:
    status: int
    fields: list  # of (name in lower case, value), in order
    body: bytes
    reason: str = ""
    chunks: list = field(default_factory=list)  # of a chunked body
    interim: list = field(default_factory=list)  # the statuses of 1xx responses before

    def __getitem__(self, name):
        """The value of the one field of that name."""
        (value,) = self.all(name)
        return value

    def __contains__(self, name):
        return bool(self.all(name))

    def all(self, name):
        return [v for n, v in self.fields if n == name]

    @property
    def text(self):
        return self.body.decode()

    @property
    def closes(self):
        return "close" in self.all("connection")


class Client:
    """One connection. send() takes bytes, receive() returns the next response."""

    def __init__(self, server, port=None):
        self.socket = socket.create_connection(("127.0.0.1", port or server.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""  # and not taken
        self.ended = False  # whether the server closed its side

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)

    def _more(self):
        piece = self.socket.recv(65536)
        self.ended = not piece
        return piece

    def receive(self, method="GET"):
        """The next response, which answers a request with that method."""
        while b"\r\n\r\n" not in self.received:
            piece = self._more()
            assert piece, f"no whole head: {self.received}"
            self.received += piece
        head = self.received.split(b"\r\n\r\n")[0]
        assert not set(head.replace(b"\r\n", b"")) & {10, 13, 0}, head
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        parser.send(h11.EndOfMessage())
        parser.receive_data(self.received)
        response = Response(0, [], b"")
        chunk = b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(self._more())
            elif isinstance(event, h11.InformationalResponse):
                response.interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                response.status = event.status_code
                response.reason = event.reason.decode()
                response.fields = [(n.decode(), v.decode()) for n, v in event.headers]
                names = [n for n, _ in response.fields]
                for name in ("content-length", "transfer-encoding", "content-type", "connection"):
                    assert names.count(name) <= 1, response.fields
                assert not {"content-length", "transfer-encoding"} <= set(names)
            elif isinstance(event, h11.Data):
                response.body += event.data
                chunk += event.data
                if event.chunk_end:
                    response.chunks.append(chunk)
                    chunk = b""
            elif isinstance(event, h11.EndOfMessage):
                assert not event.headers
                self.received = parser.trailing_data[0]
                return response
            else:
                raise AssertionError(event)

    def at_end(self):
        """Whether nothing more comes, waiting for the end of the connection; it may be
        a reset when something was sent meanwhile."""
        try:
            return not self.received and (self.ended or not self._more())
        except ConnectionResetError:
            return True

    def get(self, path, *lines, method="GET"):
        self.send(request(path, method, *lines))
        return self.receive(method)

    def post(self, path, body, *lines, method="POST"):
        self.send(request(path, method, f"Content-Length: {len(body)}", *lines) + body)
        return self.receive(method)


def open_files_fall_to(server, most):
    """Whether the server comes to hold no more file descriptors than that."""
    deadline = time.monotonic() + 10
    while server.open_files() > most and time.monotonic() < deadline:
        time.sleep(0.01)
    return server.open_files() <= most


def request(path="/", method="GET", *lines, version="1.1"):
    head = (f"{method} {path} HTTP/{version}", "Host: a", *lines, "", "")
    return "\r\n".join(head).encode()


def chunked(path, *chunks, method="POST", lines=(), end=b"0\r\n\r\n", extension=b""):
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(c), extension, c) for c in chunks)
    return request(path, method, "Transfer-Encoding: chunked", *lines) + body + end
