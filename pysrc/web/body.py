# The body of a request, as it arrives, and what else few handlers ask a request for.
from builtins import len, memoryview, min  # found sooner in this module

from micropython import const

import web
from web._codec import find_field, next_field
from web.stream import fill, receive_into, send

_EXPECT = const(16)
_PIECE = const(1024)


class Headers:
    """The fields of a request's head, looked up where they were received: a mapping,
    with `headers[name]`, `name in headers` and iteration.

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


def headers(r):
    buf = r._buf or r._conn.buf
    head = r._head
    if 0 < head[8] < head[5]:  # in the target: it replaces the Host field
        return web.query.headers_of_absolute_form(buf, head, r._end)
    return Headers(buf, head[5], r._end)


def unread(r):
    """Whether a part of the body was not read yet."""
    return r._left > 0 or r._chunks is not None and not r._chunks.ended


async def next_chunk(r):
    """Begin the next chunk of the body. Returns False when there is none."""
    return r._chunks is not None and await r._chunks.next()


async def receive(r, buf=None, limit=0):
    """Receive more of the body: into buf, or into the connection's buffer, which may
    grow to `limit` bytes behind the head. Returns how many bytes came."""
    conn = r._conn
    if r._head[3] & _EXPECT:  # RFC 9110 10.1.1
        r._head[3] -= _EXPECT
        if not conn.sent:
            await send(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
            conn.sent = False
    conn.since = conn.server.clock
    conn.deadline = conn.since + conn.server.body_ticks
    if buf is None:
        n = await fill(conn, r._end, r._end + limit)
    else:
        n = await receive_into(conn, buf)
    conn.deadline = None
    if n <= 0:
        conn.lost = True
        raise EOFError("body is incomplete")
    return n


async def readinto(r, buf):
    """Read the next part of the body into buf (bytearray, or memoryview of one),
    waiting until there is some. Returns the number of bytes, 0 at the end of the
    body. Raises EOFError when the client leaves before it sent all, HTTPException
    for a chunked body that is malformed (400) or larger than allowed (413)."""
    if not isinstance(buf, (bytearray, memoryview)):
        raise TypeError("bytearray or memoryview needed")
    if not len(buf) or not r._left and not await next_chunk(r):
        return 0
    conn = r._conn
    n = min(conn.end - conn.pos, len(buf), r._left)
    if n:
        memoryview(buf)[:n] = memoryview(conn.buf)[conn.pos : conn.pos + n]
        conn.pos += n
    else:
        if r._left < len(buf):
            buf = memoryview(buf)[: r._left]
        n = await receive(r, buf)
    r._left -= n
    return n


async def read(r, n=-1):
    """Return the next n bytes of the body, or all that is left of it; fewer only
    when the body ends. Raises as readinto() does."""
    conn = r._conn
    if r._chunks is None:
        if n < 0 or n > r._left:
            n = r._left
        if n <= conn.end - conn.pos:
            pos = conn.pos
            conn.pos += n
            r._left -= n
            return bytes(memoryview(conn.buf)[pos : pos + n])
        data = bytearray(n)
        view = memoryview(data)
        done = 0
        while done < n:
            done += await readinto(r, view[done:])
    else:
        data = bytearray()
        while (n < 0 or len(data) < n) and (r._left or await next_chunk(r)):
            size = len(data)
            data.extend(bytes(min(r._left, _PIECE, _PIECE if n < 0 else n - size)))
            got = await readinto(r, memoryview(data)[size:])
            data[size + got :] = b""
    return bytes(data)


async def readexactly(r, n):
    """Return the next n bytes of the body. Raises EOFError when it has fewer."""
    if r._chunks is None and n > r._left:
        raise EOFError("body is shorter")  # before reading any
    data = await read(r, n)
    if len(data) < n:
        raise EOFError("body is shorter")
    return data


async def readline(r):
    """Return the body's next line with its end, or what is left of the body; b'' at
    its end. Raises as readinto() does."""
    conn = r._conn
    line = b""
    while r._left or await next_chunk(r):
        if conn.pos == conn.end:
            await receive(r, None, 256)
        end = min(conn.end, conn.pos + r._left)
        part = bytes(memoryview(conn.buf)[conn.pos : end])
        i = part.find(b"\n") + 1
        if i:
            part = part[:i]
        conn.pos += len(part)
        r._left -= len(part)
        line += part
        if i:
            break
    return line


async def body(r):
    """Return the whole body (bytes). Raises as readinto() does."""
    if r._whole is None:
        r._whole = await read(r)
        r._dirty = True
    return r._whole


async def piece(r):
    """Return as much of the body as there is, waiting until there is some; b'' at its
    end. The rest waits at the client. Raises as readinto() does."""
    data = bytearray(min(_PIECE, max(r._left, 256)))
    n = await readinto(r, data)
    return bytes(memoryview(data)[:n])


async def drain(r):
    """Drop what is unread of the body, within bounds. Returns whether that was all.
    Raises OSError and EOFError."""
    from web.errors import HTTPException

    left = r._conn.server.max_drain
    data = memoryview(bytearray(256))
    try:
        while left > 0 and unread(r):
            left -= await readinto(r, data)
    except HTTPException:
        return False  # a malformed chunk
    return not unread(r)


_METHODS = {
    "body": body,
    "piece": piece,
    "read": read,
    "readexactly": readexactly,
    "readinto": readinto,
    "readline": readline,
}


def attribute(r, name):
    """Request.__getattr__ for what is here and in web.content. Raises
    AttributeError."""
    if name == "headers":
        return headers(r)
    if name == "unread":
        return unread(r)
    method = _METHODS.get(name)
    if method is None:
        content = web.content
        value = content.VALUES.get(name)
        if value:
            return value(r)
        method = content.METHODS.get(name)
        if method is None:
            raise AttributeError(name)
    return lambda *args, **kwargs: method(r, *args, **kwargs)
