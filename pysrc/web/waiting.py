# What takes time: receiving that is given up after some, pings, other ends than a close
# frame, and a WebSocket that no task receives from, since its handler waits for something
# else, or sends only.
import asyncio
from asyncio import core

from micropython import const

import web
from web.incoming import buffer, event, new_buffer, owner, take, ws_parse
from web.poll import forget_wait

_AHEAD = const(256)  # bytes that a handler is ahead of
_HEADER = const(14)
_LEFT = const(0)  # see web.incoming
_PINGING = const(1)  # see web.websocket
_FIN = const(0x80)
_CLOSE = const(8)
_PING = const(9)

_head = [0, 0]


# -- receiving


def check_alone(conn):
    """Another task waits to receive. Raises RuntimeError, unless it was cancelled just
    now."""
    if conn.entry[0].data is conn.server.queue:
        raise RuntimeError("another task is receiving")
    forget_wait(conn, 0)


async def within(ws, waiting, seconds):
    """Return what the coroutine that waits for ws returns. Raises asyncio.TimeoutError,
    and has lost nothing, when that takes longer: asyncio.wait_for() loses what comes at
    that very moment (MicroPython issue 17351)."""
    alarm = asyncio.create_task(_ring(ws.conn, core.cur_task, int(seconds * 1000)))
    try:
        return await waiting
    finally:
        alarm.cancel()


async def _ring(conn, task, ms):
    await asyncio.sleep_ms(max(0, ms))
    while conn.entry[0] is not task or task.data is not conn.server.queue:
        await asyncio.sleep_ms(5)  # it is woken already, or answers a ping
    task.cancel()
    task.data = core.TimeoutError()


async def json(ws, timeout=None):
    """Return (when awaited) the value of the next message, which is JSON; None when
    the connection is over, as for the text null. Raises ValueError when the message
    is no JSON."""
    text = await ws.receive(timeout)
    return None if text is None else web.decoding.decode_json(text)


# -- pings


def keep(ws, interval, timeout):
    """Send a ping after `interval` seconds without a frame, and end the connection when
    none comes for `timeout` seconds more."""
    ws.expect |= _PINGING
    ws.pings = int(interval * 4) or 1, int(timeout * 4) or 1
    rest(ws)
    ws.attend()


def rest(ws):
    """A frame came: begin anew to wait for one."""
    ws.pinged = False
    ws.due = ws.conn.server.clock + ws.pings[0]


# -- the server's clock


def overdue(ws):
    """The deadline is over. Returns whether there is to be another; else a task that
    waits for the other side, or does not see that it is gone, is cancelled."""
    conn = ws.conn
    if conn.busy:
        return False  # the other side takes nothing
    receiving = conn.entry[0]
    if ws.closed and receiving:
        return False
    clock = conn.server.clock
    try:
        conn.turns = 0  # no other task's turn is given to
        if not (receiving or ws.closed):
            _look(ws, conn)
        due = ws.due
        if due is not None and clock >= due:
            if ws.closed:
                return False
            if not ws.expect & _PINGING or ws.pinged or ws.send_frame(_FIN | _PING, b""):
                ws.end(1006)
                return not receiving
            ws.pinged = True
            due = ws.due = clock + ws.pings[1]
        if receiving is not conn.own and not ws.closed:
            due = clock + 1  # another task may stop to receive without a word
    except MemoryError:
        due = clock + 1  # there may be some then
    if not conn.sender:
        conn.deadline = due
    return True


def _look(ws, conn):
    """Look through what has come while no task receives. Pings and a close are answered,
    and a client that is gone is noticed; messages are kept for the handler."""
    clock = conn.server.clock
    n = None
    if conn.end - conn.pos < _AHEAD:
        n = _read(ws, conn)
    elif ws.open and clock % conn.server.head_ticks == 0:
        # What follows can't be seen. Sending finds out whether the client is still there.
        ws.send_frame(_FIN | _PING, b"")
    if ws.expect & _PINGING and (n or conn.end - conn.pos >= _AHEAD):
        rest(ws)
    over = n == 0
    left = ws.arriving[_LEFT] if ws.arriving else 0
    at = conn.pos + max(left, 0)  # what is left of a payload comes before the next frame
    while at < conn.end:
        # the parser removes the mask, which is to be removed when the handler receives
        head = conn.buf[at : min(at + _HEADER, conn.end)]
        used = ws_parse(head, 0, len(head), ws.expect, _head)
        first, n = _head
        end = at + used + n
        if used == 0 or used > 0 and first & 8 and end > conn.end:
            at = conn.end  # it did not come whole
        elif used < 0 or first == _FIN | _CLOSE:
            over = True
            break
        else:
            if first & 8 and left <= 0:
                # to where it is taken from; a pong is no event: there would be no end to them
                conn.buf[conn.pos : end] = conn.buf[at:end] + conn.buf[conn.pos : at]
                _take(ws)
                if ws.closed:
                    return
            at = end
    if not over:
        ws.unread = 0
        return
    if at != conn.pos:
        # there are messages before, for which the handler has its time
        n = conn.end - conn.pos
        if ws.unread != n:
            ws.unread = n
            ws.behind = clock
        if clock - ws.behind < conn.server.head_ticks:
            return
    if at < conn.end:
        conn.pos = at
        ws.arriving = None
        _take(ws)
    else:
        ws.end(1006)


def _read(ws, conn):
    """Read as much as there is room for. Returns as readinto() does, 0 for an error."""
    if conn.buf is buffer or conn.end == len(conn.buf):
        new_buffer(conn, _AHEAD)
        if owner[0] is conn:
            owner[0] = None
    ws.drained = False
    try:
        n = conn.sock.readinto(memoryview(conn.buf)[conn.end :])
    except OSError:
        conn.lost = True
        return 0
    conn.end += n or 0
    return n


def _take(ws):
    # the frame that conn.pos is at, which is for the clock to see to
    take(ws)
    answer = ws.control(*event)
    if answer:
        web.outgoing.later(ws, answer)
