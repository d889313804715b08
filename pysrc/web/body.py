# The body of a request, as it arrives.
from builtins import len, memoryview, min  # found sooner in this module

from micropython import const

import web
from web.poll import receive_into

_EXPECT = const(16)


async def next_chunk(r):
    """Begin the next chunk of the body. Returns False when there is none."""
    return r._chunks is not None and await r._chunks.next()


async def receive(r, buf=None, limit=0):
    """Receive more of the body: into buf, or into the connection's buffer, which may
    grow to `limit` bytes behind the head. Returns how many bytes came."""
    conn = r._conn
    if r._head[3] & _EXPECT:
        await web.lines.go_ahead(r)
    conn.since = conn.server.clock
    conn.deadline = conn.since + conn.server.body_ticks
    try:
        if buf is None:
            n = await web.buffers.fill(conn, r._end, r._end + limit)
        else:
            n = await receive_into(conn, buf)
    finally:
        conn.deadline = None  # a handler that gives this up may take its time
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
    if r._whole:
        web.help.body(r, None)
    if r._chunks:
        return await r._chunks.read(n)
    conn = r._conn
    if n < 0 or n > r._left:
        n = r._left
    if n <= conn.end - conn.pos:
        pos = conn.pos
        conn.pos += n
        r._left -= n
        return bytes(memoryview(conn.buf)[pos : pos + n])
    data = bytearray(n)
    view = memoryview(data)
    done = await readinto(r, view)  # what came with the head, if anything did
    while done < n:
        got = await receive(r, view[done:])
        r._left -= got
        done += got
    return bytes(data)


def unread(r):
    """Whether a part of the body was not read yet."""
    return r._left > 0 or r._chunks is not None and not r._chunks.ended


def drainable(r):
    """Whether what is unread of the body may be read for the next request's sake: there
    is not too much of it, and the client will send it."""
    if not r._left and (r._chunks is None or r._chunks.ended):
        return True
    return not r._head[3] & _EXPECT and r._left <= r._conn.server.most_drain


async def drain(r):
    """Drop what is unread of the body, within bounds: else the connection ends. Raises
    OSError and EOFError."""
    conn = r._conn
    left = conn.server.most_drain
    data = memoryview(bytearray(256))
    try:
        while left > 0 and unread(r):
            left -= await readinto(r, data)
        conn.closing = unread(r)
    except web.HTTPException:
        conn.closing = True  # a malformed chunk
