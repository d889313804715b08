# A WebSocket that no task receives from: its handler waits for something else, or sends
# only. The server's clock has what has come looked through, so that pings and a close are
# answered, and a client that is gone is noticed. Messages are kept for the handler.
import asyncio

from micropython import const

from web import incoming
from web.buffers import new_buffer
from web.outgoing import frames, mask, send_frame

_AHEAD = const(256)  # bytes that a handler is ahead of
_HEADER = const(14)
_FIN = const(0x80)
_MASKED = const(0x80)
_PACKED = const(0x40)
_PINGING = const(1)  # see web.websocket
_OVER = const(-3)  # see web.incoming
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)

_head = [0, 0]


def look(ws):
    """Look through what has come, and see to what does not wait for the handler."""
    conn = ws.conn
    if ws.left == _OVER or not conn.sock:
        return
    ended = _read(conn)
    # what is left of a payload comes before the next frame
    at = conn.pos + max(ws.left, 0)
    reason = None
    while at < conn.end and reason is None:
        at, reason = _frame(ws, at)
    if reason is None and not ended:
        ws.unread = 0
        if conn.end - conn.pos >= _AHEAD:
            _probe(ws)
        return
    first = ws.left < 0 and at == conn.pos
    if not first and not _is_given_up(ws):
        return  # the handler may come to it
    conn.pos = conn.end
    if reason is None:
        ws.end(1006)
    else:
        asyncio.create_task(_end(ws, reason))


def _read(conn):
    """Read as much as there is room for. Returns whether the client has left."""
    if conn.buf is incoming._buffer or conn.end == len(conn.buf):
        if conn.end - conn.pos >= _AHEAD:
            return False
        # a new one: there may be a piece of a message in the old one
        new_buffer(conn, _AHEAD)
        if incoming._owner is conn:
            incoming._owner = None
    try:
        n = conn.sock.readinto(memoryview(conn.buf)[conn.end :])
    except OSError:
        conn.lost = True
        return True
    conn.drained = False
    conn.end += n or 0
    return n == 0


def _frame(ws, at):
    """Look at the frame at conn.buf[at]. Returns where the next one is, and None, or what
    ends the connection: the payload of a close frame, or minus a close code."""
    conn = ws.conn
    buf = conn.buf
    # the parser removes the mask, which is to be removed when the handler receives
    head = buf[at : min(at + _HEADER, conn.end)]
    expect = ws.expect | _PACKED if ws.deflate else ws.expect
    used = frames.ws_parse(head, 0, len(head), expect, _head)
    if used < 0:
        return at, used
    first, n = _head
    end = at + used + n
    if used == 0 or end > conn.end and first & 8:
        return conn.end, None  # it did not come whole
    if ws.expect & _PINGING:
        ws.rest()
    if not first & 8:
        return end, None
    payload = buf[at + used : end]
    if expect & _MASKED:
        mask(payload, 0, n, buf[at + used - 4 : at + used], 0)
    first &= 15
    if first == _CLOSE:
        return at, payload
    if first == _PING:
        _answer(ws, payload)
    # neither is an event of recv(): there would be no end to them
    buf[at : conn.end - end + at] = buf[end : conn.end]
    conn.end -= end - at
    return at, None


def _answer(ws, payload):
    ws.conn.turns = 0  # the clock does not give way
    try:
        if ws.open:
            rest = send_frame(ws, _FIN | _PONG, payload)
            if rest:
                asyncio.create_task(_finish(ws, rest))
    except OSError:
        ws.lose()


async def _finish(ws, rest):
    try:
        await rest
    except OSError:
        ws.lose()


def _is_given_up(ws):
    """Whether the handler has had its time to receive what came before the end."""
    conn = ws.conn
    unread = conn.end - conn.pos
    if ws.unread != unread:
        ws.unread = unread
        ws.behind = conn.server.clock
    return conn.server.clock - ws.behind >= conn.server.head_ticks


async def _end(ws, reason):
    try:
        if isinstance(reason, int):
            await ws.fail(-reason)
        else:
            await ws.closing(bytes(reason))
    except OSError:
        ws.lose()
    ws.attend()  # to the handler, which has its time to end


def _probe(ws):
    """So much waits for the handler that what follows can't be seen. Sending finds out
    whether the client is still there."""
    if ws.expect & _PINGING:
        ws.rest()
    if ws.open and ws.conn.server.clock % ws.conn.server.head_ticks == 0:
        ws.conn.turns = 0
        try:
            rest = send_frame(ws, _FIN | _PING, b"")
            if rest:
                asyncio.create_task(_finish(ws, rest))
        except OSError:
            ws.lose()
