# What a client of web.testing receives.
from json import loads

from micropython import const

from web._codec import parse_head
from web.headers import Headers

_LONGEST = const(65536)  # bytes of a head
_ALL = const(1 << 30)  # bytes that are left of a body which the connection's end ends
_BEFORE = b"GET / HTTP/1.1\r\nHost:a\r\n"  # makes the fields those of a request


class Response:
    """A response to a request of Client.

    status   int
    headers  Headers; of a field with several lines, items() has each
    body     bytes; with stream=True what was read of it
    text     the body as str
    path     str, the target that was asked for
    history  list of the Responses that led here by redirecting
    """

    def __init__(self, client, wire, method, path):
        self.status = 0
        self.headers = None
        self.body = b""
        self.path = path
        self.history = []
        self._client = client
        self._wire = wire
        self._method = method
        self._data = b""  # what has come and is not used
        self._left = 0  # bytes of the body, or of its chunk; None at the end
        self._chunked = False
        self._stays = False  # whether the connection may have another request

    @property
    def text(self):
        return str(self.body, "utf-8")

    def json(self):
        """Return what the body has as JSON. Raises ValueError."""
        return loads(self.body)

    async def read(self):
        """Return the body (bytes), all that was not read by `async for` included."""
        async for piece in self:
            self.body += piece
        return self.body

    def close(self):
        """Close the connection in the midst of the body."""
        if self._left is not None:
            self._left = None
            self._client.drop(self._wire)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    # -- the head

    async def begin(self):
        # Receive the head of a response that is none of 1xx.
        while True:
            while b"\r\n\r\n" not in self._data:
                await self._more()
                if len(self._data) > _LONGEST or b"HTTP/1."[: len(self._data)] != self._data[:7]:
                    raise ValueError("no response of HTTP/1: {}".format(self._data[:40]))
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            line, _, lines = head.partition(b"\r\n")
            self.status = int(line[9:12])
            if self.status >= 200 or self.status == 101:
                break
        text = _BEFORE + lines + (b"\r\n\r\n" if lines else b"\r\n")
        found = [None] * 10
        if parse_head(text, 0, len(text), 9, 999, found) != len(text):
            raise ValueError("response with malformed fields: {}".format(head))
        self.headers = Headers(text, len(_BEFORE), len(text))
        get = self.headers.get
        self._chunked = (get("transfer-encoding") or "").lower() == "chunked"
        length = get("content-length")
        self._stays = line[:8] == b"HTTP/1.1" and "close" not in (get("connection") or "").lower()
        if self._method == "HEAD" or self.status in (101, 204, 304):
            self._end()
        elif not self._chunked:
            self._left = _ALL if length is None else int(length)
            self._stays = self._stays and length is not None
            if not self._left:
                self._end()

    def redirected(self, method):
        # The target that this response redirects to, if it does and within the app.
        target = self.headers.get("location")
        if self.status not in (301, 302, 303, 307, 308) or target is None:
            return None
        target = target.partition("#")[0]
        scheme, colon, rest = target.partition("://")
        if colon and "/" not in scheme and "?" not in scheme or target[:2] == "//":
            rest = rest if colon else target[2:]
            host = rest.replace("?", "/").split("/", 1)[0]
            if host != dict(self._client.fields("/")).get("Host"):
                return None
            target = rest[len(host) :]
            return target if target[:1] == "/" else "/" + target
        path = self.path.partition("?")[0]
        if target[:1] in ("", "?"):
            return path + target
        return _resolved(path, target)

    # -- the body

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._left == 0 and self._chunked:
            await self._next_chunk()
        if self._left is None:
            raise StopAsyncIteration
        if not self._data and not await self._more(self._left == _ALL):
            self._end()
            raise StopAsyncIteration
        piece = self._data[: self._left]
        self._data = self._data[len(piece) :]
        if self._left != _ALL:
            self._left -= len(piece)
            if not self._left and not self._chunked:
                self._end()
            elif not self._left:
                await self._line()
        return piece

    async def _next_chunk(self):
        self._left = int((await self._line()).split(b";")[0], 16)
        if not self._left:
            while await self._line():
                pass  # fields after the body
            self._end()

    async def _line(self):
        while b"\r\n" not in self._data:
            await self._more()
        line, _, self._data = self._data.partition(b"\r\n")
        return line

    async def _more(self, may_end=False):
        """Receive more. Returns whether there was any."""
        try:
            more = await self._wire.receive()
        except OSError:  # what gives the body has failed, and the connection was closed for it
            more = b""
            may_end = False
        if not more and not may_end:
            self._raise()
            raise EOFError("the server closed the connection")
        self._data += more
        return bool(more)

    def _end(self):
        self._left = None
        if self._stays and self._wire.open and not self._wire.ended:
            self._client.keep(self._wire)
        else:
            self._client.drop(self._wire)
        self._raise()

    def _raise(self):
        fault = self._wire.fault
        self._wire.fault = None
        if fault and self._client.raises:
            raise fault


def _resolved(base, target):
    """Return the path that target (str), a relative one, is at base (RFC 3986 5.2)."""
    target, mark, query = target.partition("?")
    if target[:1] != "/":
        target = base.rsplit("/", 1)[0] + "/" + target
    segments = []
    parts = target.split("/")
    for part in parts:
        if part == "..":
            del segments[max(1, len(segments) - 1) :]
        elif part != ".":
            segments.append(part)
    if parts[-1] in (".", ".."):
        segments.append("")
    return "/".join(segments) + mark + query
