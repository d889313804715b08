# A request: what its head says, and its body.
from micropython import const

from web._codec import find_field, next_field

_LINE_STEP = const(256)  # bytes of room made for readline() where the head left none


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
    addr     the client's address, as accept() of the port gives it
    length   bytes of the body
    """

    def __init__(self, conn, head, end, body_timeout=None):
        # head is the list that parse_head filled, for conn.buf[:end]
        self._conn = conn
        self._timeout = body_timeout
        self._buf = conn.buf
        self._keep = end  # the head stays in the buffer while the handler runs
        self.method = head[0]
        self.path = head[1]
        self.query = head[2]
        self.flags = head[3]
        self.length = self._left = max(head[4], 0)
        self.headers = Headers(conn.buf, head[5], end)
        self._target = (head[6], head[7])

    @property
    def addr(self):
        return self._conn.addr

    @property
    def target(self):
        """The request target as received (RFC 9112 3.2)."""
        start, end = self._target
        return str(self._buf[start:end], "utf-8")

    @property
    def unread(self):
        """How many bytes of the body were not read yet."""
        return self._left

    async def readinto(self, buf):
        """Read the next part of the body into buf (bytearray, or memoryview of
        one), waiting until there is some. Returns the number of bytes, 0 at the
        end of the body. Raises EOFError when the client leaves before it sent
        all."""
        if not isinstance(buf, (bytearray, memoryview)):
            raise TypeError("bytearray or memoryview needed")
        if not self._left or not len(buf):
            return 0
        conn = self._conn
        n = min(conn.end - conn.pos, len(buf), self._left)
        if n:
            memoryview(buf)[:n] = memoryview(conn.buf)[conn.pos : conn.pos + n]
            conn.pos += n
        else:
            if self._left < len(buf):
                buf = memoryview(buf)[: self._left]
            conn.wait_at_most(self._timeout)
            n = await conn.receive_into(buf)
            conn.deadline = None
            if not n:
                self._incomplete()
        self._left -= n
        return n

    def _incomplete(self):
        self._conn.lost = True
        raise EOFError("body is incomplete")

    async def read(self, n=-1):
        """Return the next n bytes of the body, or all that is left of it; fewer
        only when the body ends. Raises EOFError when the client leaves before it
        sent them."""
        if n < 0 or n > self._left:
            n = self._left
        conn = self._conn
        if n <= conn.end - conn.pos:
            pos = conn.pos
            conn.pos += n
            self._left -= n
            return bytes(memoryview(conn.buf)[pos : pos + n])
        body = bytearray(n)
        view = memoryview(body)
        done = 0
        while done < n:
            done += await self.readinto(view[done:])
        return bytes(body)

    async def readexactly(self, n):
        """Return the next n bytes of the body. Raises EOFError when it has
        fewer, before reading any."""
        if n > self._left:
            raise EOFError("body is shorter")
        return await self.read(n)

    async def readline(self):
        """Return the body's next line with its end, or what is left of the body;
        b'' at its end. Raises EOFError when the client leaves early."""
        conn = self._conn
        line = b""
        while self._left:
            if conn.pos == conn.end:
                conn.wait_at_most(self._timeout)
                n = await conn.fill(self._keep, self._keep + _LINE_STEP)
                conn.deadline = None
                if not n:
                    self._incomplete()
            end = min(conn.end, conn.pos + self._left)
            part = bytes(memoryview(conn.buf)[conn.pos : end])
            i = part.find(b"\n") + 1
            if i:
                part = part[:i]
            conn.pos += len(part)
            self._left -= len(part)
            line += part
            if i:
                break
        return line
