# What a WebSocket sends (RFC 6455 5): frames, each in one write, or many short ones.
import asyncio
from builtins import bytearray, bytes, len, memoryview, str, type  # found sooner

from micropython import const

import web
from web._choose import choose
from web.conn import octets
from web.stream import give_way, send_each

frames = choose("_frames", "_portable_frames")[0]  # also web.incoming's
mask = frames.mask
ws_build = frames.ws_build
choose = None  # see there

_MASKED = const(0x80)  # expected of the other side, a client; else we are one
_WHOLE_TEXT = const(0x81)  # the first byte of a message in one frame
_WHOLE_BYTES = const(0x82)
_SHORT = const(126)  # a payload of less has a header of 2 bytes
_HEADER = const(14)
_QUEUE = const(512)  # bytes of frames that leave together
_PIECE = const(1024)  # a frame of less is sent from one buffer
_TURNS = const(8)  # writes in a row without letting other tasks run

_out = bytearray(_HEADER + _PIECE)  # a frame on its way, which no other task sees


def send_message(ws, msg):
    """Begin to send a message. Returns what is to be awaited for the
    rest of it, or None. Raises OSError, and as octets() does."""
    kind = type(msg)
    first = _WHOLE_BYTES
    if kind is not bytearray and kind is not bytes:
        if kind is str:
            first = _WHOLE_TEXT
        msg = octets(msg)
    conn = ws.conn
    at = ws.queued
    if at or conn.pos != conn.end:
        n = len(msg)
        end = at + 2 + n
        if n < _SHORT and end <= _QUEUE and ws.open:
            queue = ws.queue if at else _new_queue(ws)
            queue[at] = first
            queue[at + 1] = n
            queue[at + 2 : end] = msg
            ws.queued = end
            return None
    return send_frame(ws, first, msg)


def _new_queue(ws):
    """While more from the other side waits in the buffer, short frames are collected,
    for one write instead of many. They leave before the handler waits for more, or
    other tasks run for long."""
    ws.queue = bytearray(_QUEUE)
    asyncio.create_task(flush_soon(ws))
    return ws.queue


async def flush_soon(ws):
    """Send what is in the queue."""
    try:
        if ws.queued and not flush(ws):
            await _send_queue(ws)
    except OSError:
        ws.lose()  # what the handler does next tells


def flush(ws):
    """Send what is in the queue, as far as the socket takes it at once. Returns whether
    that was all. Raises OSError."""
    conn = ws.conn
    if conn.busy or conn.lost or not conn.sock:
        return False
    n = ws.queued
    sent = conn.sock.write(ws.queue, n) or 0
    if sent < n:
        keep(ws, memoryview(ws.queue)[sent:n], ws.after)
    elif ws.after:
        keep(ws, ws.after)
        return flush(ws)
    else:
        ws.queue = None
        ws.queued = 0
    return sent == n


def keep(ws, rest, after=None):
    """Have the rest of a frame that began to leave go before all others, whoever sends
    them, and `after` behind it."""
    n = len(rest)
    if n <= _QUEUE:
        try:
            queue = bytearray(_QUEUE)  # with room for more
        except MemoryError:
            ws.conn.lost = True
            ws.open = False
            raise
        queue[:n] = rest
        rest = queue
    ws.queue = rest
    ws.queued = n
    if after or ws.after:
        ws.after = after


async def _send_queue(ws, parts=()):
    # and the parts of a frame after it
    conn = ws.conn
    await give_way(conn)
    while conn.busy:
        web.stream.park(conn.busy)
        yield
    conn.turns = 0  # no other frame may come between
    await send_each(conn, _queue_and(ws, parts))


def _queue_and(ws, parts):
    if ws.queued:
        queue = memoryview(ws.queue)[: ws.queued]
        after = ws.after
        ws.queue = ws.after = None
        ws.queued = 0
        yield queue
        if after:
            yield after
    for part in parts:
        yield part


def send_frame(ws, first, data):
    """Begin to send a frame. Returns what is to be awaited for the rest of it, or None.
    Raises OSError."""
    if not ws.open:
        raise OSError(32)  # EPIPE
    conn = ws.conn
    key = b"" if ws.expect & _MASKED else web.pieces.new_key()
    out = _out
    end = ws_build(out, first, data, key)
    if key:
        web.pieces.mask_frame(out, end, key, len(data))
    if len(data) > _PIECE:
        return _send_long(ws, end, key, memoryview(data))
    if ws.queued and not flush(ws):
        return _send_queue(ws, (bytes(memoryview(out)[:end]),))
    turns = conn.turns
    if turns < _TURNS and not conn.busy:
        sent = conn.sock.write(out, end) or 0
        if sent == end:
            conn.turns = turns + 1
            return None
        if sent:
            keep(ws, bytes(memoryview(out)[sent:end]))
            return _send_queue(ws)
    return _send_queue(ws, (bytes(memoryview(out)[:end]),))


def _send_long(ws, end, key, data):
    """Send a frame of which the first bytes stand in front of _out[end]."""
    conn = ws.conn
    done = end - (4 if len(data) < 65536 else 10)  # bytes of data that are there
    if key:
        begun = bytes(memoryview(_out)[:end])
        return _send_queue(ws, web.pieces.masked(begun, key, data, done - 4))
    data = data[done:]
    if conn.busy or ws.queued and not flush(ws):
        return _send_queue(ws, (bytes(memoryview(_out)[:end]), data))
    conn.turns = 0
    sent = conn.sock.write(_out, end) or 0
    if sent < end:
        if not sent:
            return _send_queue(ws, (bytes(memoryview(_out)[:end]), data))
        keep(ws, bytes(memoryview(_out)[sent:end]), data)
        return _send_queue(ws)
    end = len(data)
    sent = conn.sock.write(data, end) or 0
    if sent == end:
        return None
    keep(ws, data[sent:])
    return _send_queue(ws)
