# Ending a connection so that its client reads the last response.
from micropython import const

import web
from web._codec import utf8
from web.buffers import new_buffer
from web.stream import receive_into, send

_DISCARD_BYTES = const(1 << 20)
_DISCARD_BUFFER = const(256)
_DISCARD_TICKS = const(8)  # of the server's clock, 250 ms each
_PAUSE_TICKS = const(2)


def refuse(conn, status):
    """Answer what is no request with a status and the connection's end."""
    conn.closing = True
    web.tasks.go_on(conn, None, _refuse(conn, status))


async def _refuse(conn, status):
    line = bytes(memoryview(conn.buf)[conn.pos : conn.end]).lstrip(b"\r\n").split(b"\n", 1)[0]
    method, space, target = line.partition(b" ")
    phrase = text = web.reasons.reason(status)
    if status == 400 and utf8(target, 0, len(target), 0) < 0:
        text += ": the target is not UTF-8"
    conn.deadline = None
    await send(
        conn,
        "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        "Content-Length: {}\r\n\r\n{}".format(
            status, phrase, len(text), "" if space and method == b"HEAD" else text
        ).encode(),
    )
    await linger(conn)


async def leave(conn, r):
    """Before the connection is closed, see to it that the client reads its last
    response."""
    _own_buffer(conn)
    if conn.pos != conn.end or web.fields.unread(r) or _pending(conn):
        await linger(conn)


def _own_buffer(conn):
    # what is dropped must not come to where other WebSockets have their bytes
    if conn.websocket:
        new_buffer(conn, _DISCARD_BUFFER)


def _pending(conn):
    try:
        return bool(conn.sock and conn.sock.readinto(conn.buf))
    except OSError:
        return False


async def linger(conn, last=None):
    """Take what the client is still sending, until it ends or pauses, or until
    last(buf, n) tells of the n bytes that came that they are the last.

    Closing a socket with unread data resets the connection, and the reset may
    overtake the response (RFC 9112 9.6). MicroPython's sockets have no shutdown().
    """
    _own_buffer(conn)
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
