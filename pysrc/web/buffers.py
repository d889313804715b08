# The bytes that a connection has received and not yet answered: a part of a head, what
# follows one, a line of a body.
from builtins import len, memoryview  # found sooner in this module

from micropython import const

import web
from web.poll import receive_into

_HEAD = const(1)  # states of a connection, see conn.py
_IDLE = const(2)


async def fill(conn, keep, limit):
    """Read more bytes behind those in the connection's buffer, of which buf[:keep]
    stays as it is. When the buffer is full it grows, to `limit` bytes at most.
    Returns how many bytes arrived: 0 at the end of the stream, -1 when the limit
    leaves no room."""
    if conn.pos == conn.end:
        conn.pos = conn.end = keep
    size = len(conn.buf)
    if conn.end == size:
        if conn.pos > keep:  # what was taken makes room
            rest = conn.buf[conn.pos :]
            conn.pos = keep
            conn.end = keep + len(rest)
            conn.buf[keep : conn.end] = rest
        elif size >= limit:
            return -1
        else:
            conn.buf.extend(bytes(min(size, limit - size)))
    n = await receive_into(conn, memoryview(conn.buf)[conn.end :])
    conn.end += n
    return n


def keep_part(conn):
    """Keep a part of a head until there is more. Returns whether that is allowed."""
    server = conn.server
    if conn.end - conn.pos >= server.most_head:
        return False
    if conn.buf is server.buf or conn.pos:
        conn.own_buffer(conn.pos)
    if conn.state == _IDLE:
        conn.deadline = server.clock + server.head_ticks
    conn.state = _HEAD
    return True


def more(conn):
    """Read more of a head, of which a part is there. Returns how many bytes are to be
    looked at, 0 at the end of the stream, None when there is nothing new to be judged."""
    limit = conn.server.most_head
    size = len(conn.buf)
    end = conn.end
    if end == size:
        if size >= limit:
            return web.ending.refuse(conn, 431)
        conn.buf.extend(bytes(min(max(size, 64), limit - size)))
    n = conn.sock.readinto(memoryview(conn.buf)[end:])
    if n:
        conn.end = end + n
        if _has_line(conn.buf, 0, end) and not _has_line(conn.buf, end, conn.end):
            return None
    return n


def _has_line(buf, start, end):
    return b"\n" in bytes(memoryview(buf)[start:end])
