# The body of a request by lines, by pieces, and by numbers of bytes; and a request's copy.
from builtins import memoryview, min  # found sooner in this module

from micropython import const

import web
from web.body import next_chunk, read, readinto, receive

_PIECE = const(1024)


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


async def piece(r):
    """Return as much of the body as there is, waiting until there is some; b'' at its
    end. The rest waits at the client. Raises as readinto() does."""
    data = bytearray(min(_PIECE, max(r._left, 256)))
    n = await readinto(r, data)
    return bytes(memoryview(data)[:n])


def __aiter__(r):
    """`async for piece in r`"""
    return r


async def __anext__(r):
    """The next piece of `async for piece in r`."""
    data = await piece(r)
    if not data:
        raise StopAsyncIteration
    return data


class _Gone(web.conn.Connection):
    """What a copied request has of its connection."""

    def __init__(self, conn):
        self.server = conn.server
        self.addr = conn.addr
        self.sock = None


def copy(r):
    """Return a Request that stays as it is when the response has been sent: with what
    the head says, what was set on r, and the body if body(), json() or form() returned
    it. Else reading the copy's body raises OSError."""
    conn = _Gone(r._conn)
    conn.buf = (r._buf or r._conn.buf)[: r._end]
    other = web.conn.Request(conn, r._head[:])
    for name, value in r.__dict__.items():
        if value is not r._conn and value is not r._head and value is not (r._buf or r):
            setattr(other, name, value)
    return other
