"""Responses, read strictly by h11 (RFC 9112) from whatever brings their bytes."""

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


class Reading:
    """Reads one response to a request with that method, or a 101. AssertionError tells
    what is wrong with it."""

    def __init__(self, method="GET"):
        self.response = Response(0, [], b"")
        self.rest = b""  # what came behind it
        self._head = b""  # while it is not whole
        self._in_head = True
        self._body = []
        self._chunk = b""
        self._parser = h11.Connection(h11.CLIENT)
        fields = [("Host", "a"), ("Upgrade", "websocket"), ("Connection", "upgrade")]
        self._parser.send(h11.Request(method=method, target="/", headers=fields))
        self._parser.send(h11.EndOfMessage())

    def feed(self, data):
        """Read on, b"" at the connection's end. Returns whether the response is whole."""
        if self._in_head:
            self._head += data
            assert data, f"no whole head: {self._head}"
            if b"\r\n\r\n" not in self._head:
                return False
            head, data = self._head.partition(b"\r\n\r\n")[0], self._head
            assert not set(head.replace(b"\r\n", b"")) & {10, 13, 0}, head
            self._in_head = False
        self._parser.receive_data(data)
        while True:
            try:
                event = self._parser.next_event()
            except h11.RemoteProtocolError as e:
                raise AssertionError(f"{e}: {self._head[:500]}")
            if event is h11.NEED_DATA:
                return False
            if self._take(event):
                self.rest = self._parser.trailing_data[0]
                self.response.body = b"".join(self._body)
                return True

    def _take(self, event):
        """Note an event. Returns whether it is the last."""
        switches = getattr(event, "status_code", None) == 101
        if isinstance(event, h11.Response) or switches:
            self._begin(event)
        elif isinstance(event, h11.InformationalResponse):
            self.response.interim.append(event.status_code)
        elif isinstance(event, h11.Data):
            self._body.append(bytes(event.data))
            self._chunk += event.data
            if event.chunk_end:
                self.response.chunks.append(self._chunk)
                self._chunk = b""
        elif isinstance(event, h11.EndOfMessage):
            assert not event.headers
            return True
        else:
            assert event is h11.PAUSED, event  # behind a 101
            return True
        return False

    def _begin(self, event):
        self.response.status = event.status_code
        self.response.reason = event.reason.decode()
        self.response.fields = [(n.decode(), v.decode()) for n, v in event.headers]
        names = [n for n, _ in self.response.fields]
        for name in ("content-length", "transfer-encoding", "content-type", "connection"):
            assert names.count(name) <= 1, self.response.fields
        assert not {"content-length", "transfer-encoding"} <= set(names)
