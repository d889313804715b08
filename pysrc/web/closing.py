# How a WebSocket ends (RFC 6455 7). Most do so once, so this room leaves memory again after
# each that has.
import asyncio
from asyncio import core

from micropython import const

import web
from web._codec import utf8
from web.incoming import receive
from web.poll import cancelled

_FIN = const(0x80)
_CLOSE = const(8)
_PINGING = const(1)  # see web.websocket
_ANY = const(1)  # see web.incoming
_BEGAN = const(4)


def close_code(payload):
    """The code in a close frame (RFC 6455 7.4), 1005 without one; -1002 or -1007 for
    a payload that may not be sent."""
    n = len(payload)
    if n == 0:
        return 1005
    code = payload[0] << 8 | payload[1] if n > 1 else 0
    if n > 1 and utf8(payload, 2, n, 0):
        return -1007
    if 1000 <= code <= 1014 and not 1004 <= code <= 1006 or 3000 <= code <= 4999:
        return code
    return -1002


async def close(ws, code=1000, reason=""):
    """Say that nothing more will be sent. The close event that recv() returns
    then is the other side's answer; without one in head_timeout seconds the
    connection ends. Raises ValueError for a code that may not be sent (RFC 6455
    7.4), a reason of more than 123 bytes or one that is no UTF-8."""
    payload = bytes((code >> 8, code & 255)) + reason.encode()
    if len(payload) > 125 or close_code(payload) != code:
        raise ValueError("close code or reason")
    await _send(ws, payload)


async def _send(ws, payload):
    if ws.open:
        rest = ws.send_frame(_FIN | _CLOSE, payload)
        ws.open = False
        ws.expect &= ~_PINGING  # the other side has its time to answer
        ws.attend(ws.conn.server.head_ticks)
        if rest:
            await rest


def answer(ws, opcode, data):
    """Return what is to be awaited for a close frame, or for minus a close code, for which
    the connection is to be ended."""
    if opcode < 0:
        return fail(ws, -opcode)
    ws.close_reason = str(data[2:], "utf-8")
    return leave(ws, data[:2], close_code(data))


async def leave(ws, payload, code):
    """Send a close frame, and end the connection."""
    # a client sends nothing behind its close frame, so there is nothing to wait for
    try:
        await _send(ws, payload)
    finally:
        ws.end(code)
        web.forget("closing")


async def fail(ws, code):
    """End the connection for the other side's fault."""
    ws.lingers = True
    try:
        await leave(ws, bytes((code >> 8, code & 255)), code)
        await web.leaving.linger(ws.conn, _ends_with_close)
    finally:
        ws.lingers = False
        ws.end(code)  # once more, for the handler has its time to end


def _ends_with_close(buf, n):
    """Whether the n bytes of buf seem to end with a client's close frame. More can't be
    told when it was a wrong header that ended the connection."""
    for size in (8, 6):
        if n >= size and buf[n - size] == 0x88 and buf[n - size + 1] == 0x80 | size - 6:
            return True
    return False


async def finish(ws, code=1000):
    """End the connection as RFC 6455 7.1 has it: send a close frame, and wait for
    the other side's for some seconds. What else it sends is dropped."""
    try:
        await close(ws, code)
        while not ws.closed:
            if ws.conn.entry[0]:
                await asyncio.sleep_ms(50)  # another task still receives
            else:
                await receive(ws, _ANY)
    except (OSError, MemoryError):  # what is dropped may be long
        ws.end(1006)
    web.forget("closing")


def abort(ws):
    """End the connection at once."""
    web.stream.abort(ws.conn)
    ws.lose()


def given_up(ws):
    """The task gives up waiting. Returns whether the clock has it do so: then the
    connection is over."""
    conn = ws.conn
    waited = conn.entry[0] is core.cur_task
    try:
        cancelled(conn, 0)
    except OSError:
        ws.end(1006)
        return True
    if waited and ws.arriving and not ws.arriving[_BEGAN]:
        ws.arriving = None  # nothing came of the message
    return False
