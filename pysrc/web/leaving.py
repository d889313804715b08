# Ending a connection so that its client reads the last response.
from micropython import const

import web
from web.poll import receive_into

_DISCARD_BYTES = const(1 << 20)
_DISCARD_BUFFER = const(256)
_DISCARD_TICKS = const(8)  # of the server's clock, 250 ms each
_PAUSE_TICKS = const(2)


async def leave(conn, r):
    """Before the connection is closed, see to it that the client reads its last
    response."""
    more = conn.pos != conn.end or r._left or r._chunks and not r._chunks.ended
    try:
        if more or conn.sock and conn.sock.readinto(conn.server.buf):
            await linger(conn)
    except OSError:
        pass


async def linger(conn, last=None):
    """Take what the client is still sending, until it ends or pauses, or until
    last(buf, n) tells of the n bytes that came that they are the last.

    Closing a socket with unread data resets the connection, and the reset may
    overtake the response (RFC 9112 9.6). MicroPython's sockets have no shutdown().
    """
    if conn.websocket:
        # what is dropped must not come to where other WebSockets have their bytes
        web.incoming.new_buffer(conn, _DISCARD_BUFFER)
    left = _DISCARD_BYTES
    server = conn.server
    end = server.clock + _DISCARD_TICKS
    server.attend()
    try:
        while left > 0 and server.clock < end and not conn.evicted:
            conn.deadline = server.clock + _PAUSE_TICKS
            n = await receive_into(conn, conn.buf)
            if not n:
                break
            left -= n
            if last and last(conn.buf, n):
                break
    except OSError:
        pass
    conn.pos = conn.end  # all that came is taken
