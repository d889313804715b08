# A request: what its head says, and its body.
from micropython import const

from web._codec import find_field, next_field

_CHUNKED = const(8)
_EXPECT = const(16)

# What parse_head leaves in its list that is an attribute of a request as it is.
_IN_HEAD = {"method": 0, "path": 1, "query": 2, "flags": 3}


class Headers:
    """The fields of a request's head, looked up where they were received.

    Names are matched in any case. A field that was sent several times reads as
    its values joined by ", " (RFC 9110 5.3).
    """

    def __init__(self, buf, start, end):
        self._buf = buf
        self._start = start
        self._end = end

    def get(self, name, default=None):
        """Return the value of a field (str), or default."""
        value = find_field(self._buf, self._start, self._end, name)
        return default if value is None else value

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name):
        return self.get(name) is not None

    def items(self):
        """Yield (name, value) of every field line in order, the name in lower
        case."""
        out = [None, None]
        pos = next_field(self._buf, self._start, self._end, out)
        while pos:
            yield out[0].lower(), out[1]
            pos = next_field(self._buf, pos, self._end, out)

    def __iter__(self):
        for name, _ in self.items():
            yield name

    keys = __iter__

    def values(self):
        """Yield the value of every field line in order."""
        for _, value in self.items():
            yield value

    def __len__(self):
        return sum(1 for _ in self.items())


class Request:
    """A request as a handler gets it.

    method   str, as received
    path     str, percent-decoded
    query    str behind the '?' as received, or None
    headers  Headers
    params   dict of what the route's pattern matched
    args     MultiDict of the query
    cookies  dict of str
    addr     the client's address, as accept() of the port gives it
    length   bytes of the body; None when it is chunked

    There is one for each connection: it holds the next request once the handler's
    response has been sent. A task that outlives its handler takes along what it
    needs, not the request.
    """

    params = None
    _buf = None  # where the head is, if not any more in the connection's buffer
    _left = 0  # bytes of the body, or of its chunk, that were not taken yet
    _chunks = None  # what decodes a chunked body
    _body = None  # what body() returned
    _args = None
    _limit = 0  # most bytes of a chunked body

    def __init__(self, conn):
        self._conn = conn
        self._head = [None] * 10  # what parse_head fills in
        self._end = 0  # of the head
        self._dirty = False  # whether there is a body, or something was set above

    def begin(self):
        """Forget the request before, and get ready for a body."""
        self._dirty = False
        self._left = 0
        self.params = self._chunks = self._body = self._args = None
        head = self._head
        if head[4] > 0:
            self._dirty = True
            self._left = head[4]
        elif head[3] & _CHUNKED:
            from web.chunked import Chunks

            self._dirty = True
            self._chunks = Chunks(self)

    def over(self, limit):
        """Whether the body is larger than limit; of a chunked one reading tells."""
        self._limit = limit
        return self._left > limit

    def __getattr__(self, name):
        i = _IN_HEAD.get(name)
        if i is not None:
            return self._head[i]
        from web.content import attribute

        return attribute(self, name)

    @property
    def headers(self):
        return Headers(self._buf or self._conn.buf, self._head[5], self._end)

    @property
    def unread(self):
        """Whether a part of the body was not read yet."""
        return self._left > 0 or self._chunks is not None and not self._chunks.ended

    # -- the body

    def drainable(self):
        """Whether what is unread of the body may be read for the next request's
        sake: there is not too much of it, and the client will send it."""
        if not self.unread:
            return True
        head = self._head
        return not head[3] & _EXPECT and self._left <= self._conn.server.max_drain

    async def drain(self):
        """Drop what is unread of the body, within bounds. Returns whether that was
        all. Raises OSError and EOFError."""
        if not self.unread:
            return True
        from web.errors import HTTPException

        left = self._conn.server.max_drain
        piece = memoryview(bytearray(256))
        try:
            while self.unread and left > 0:
                left -= await self.readinto(piece)
        except HTTPException:
            return False  # a malformed chunk
        return not self.unread

    async def readinto(self, buf):
        """Read the next part of the body into buf (bytearray, or memoryview of
        one), waiting until there is some. Returns the number of bytes, 0 at the
        end of the body. Raises EOFError when the client leaves before it sent
        all, HTTPException for a chunked body that is malformed (400) or larger
        than allowed (413)."""
        if not isinstance(buf, (bytearray, memoryview)):
            raise TypeError("bytearray or memoryview needed")
        if not len(buf) or not self._left and not await self._next_chunk():
            return 0
        conn = self._conn
        n = min(conn.end - conn.pos, len(buf), self._left)
        if n:
            memoryview(buf)[:n] = memoryview(conn.buf)[conn.pos : conn.pos + n]
            conn.pos += n
        else:
            if self._left < len(buf):
                buf = memoryview(buf)[: self._left]
            n = await self._receive(buf)
        self._left -= n
        return n

    async def _next_chunk(self):
        return self._chunks is not None and await self._chunks.next()

    async def _receive(self, buf=None, limit=0):
        """Receive more of the body: into buf, or into the connection's buffer, which
        may grow to `limit` bytes behind the head. Returns how many bytes came."""
        conn = self._conn
        if self._head[3] & _EXPECT:  # RFC 9110 10.1.1
            self._head[3] -= _EXPECT
            if not conn.sent:
                await conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                conn.sent = False
        conn.since = conn.server.clock
        conn.wait_at_most(conn.server.body_ticks)
        if buf is None:
            n = await conn.fill(self._end, self._end + limit)
        else:
            n = await conn.receive_into(buf)
        conn.deadline = None
        if not n:
            conn.lost = True
            raise EOFError("body is incomplete")
        return n

    async def read(self, n=-1):
        """Return the next n bytes of the body, or all that is left of it; fewer
        only when the body ends. Raises as readinto() does."""
        conn = self._conn
        if self._chunks is None:
            if n < 0 or n > self._left:
                n = self._left
            if n <= conn.end - conn.pos:
                pos = conn.pos
                conn.pos += n
                self._left -= n
                return bytes(memoryview(conn.buf)[pos : pos + n])
            body = bytearray(n)
        else:
            from web.content import read_chunks

            return await read_chunks(self, n)
        view = memoryview(body)
        done = 0
        while done < n:
            done += await self.readinto(view[done:])
        return bytes(body)

    async def body(self):
        """Return the whole body (bytes). Raises as readinto() does."""
        if self._body is None:
            self._body = await self.read()
            self._dirty = True
        return self._body

    def __aiter__(self):
        return self

    async def __anext__(self):
        # as much as there is: taken at the handler's pace, the rest waits at the client
        piece = bytearray(min(1024, max(self._left, 256)))
        n = await self.readinto(piece)
        if not n:
            raise StopAsyncIteration
        return bytes(memoryview(piece)[:n])
