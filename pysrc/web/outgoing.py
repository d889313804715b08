# What a WebSocket sends that does not leave at once: to a client that is slow, a long
# message, or short ones that are collected while more is received.
import asyncio

from micropython import const

from web.stream import send_each, send_now

_SHORT = const(126)  # a payload of less has a header of 2 bytes
_QUEUE = const(512)  # bytes of frames that leave together


def go_on(ws, out, end, rest, sent):
    """Send the rest of a frame, see web.websocket.put(), of whose first part that many bytes
    have left. Returns as put() does."""
    if not ws.open:
        return failed(ws, OSError(32))  # EPIPE
    if sent == end:
        out = rest[0]
        end = len(out)
        try:
            sent = send_now(ws.conn, out, end)
        except OSError as e:
            return failed(ws, e)
        if sent == end:
            return None
        ws.queue = (out[sent:],)
    elif sent:
        ws.queue = (bytes(memoryview(out)[sent:end]),) + rest
    else:
        return send_parts(ws, bytes(memoryview(out)[:end]), rest)
    return send_parts(ws)


def failed(ws, e):
    """Sending failed. Returns what raises e when it is awaited."""
    ws.lose()
    return _raise(e)


async def _raise(e):
    await asyncio.sleep_ms(0)  # who goes on trying keeps no other task waiting
    raise e


def collect(ws, first, data):
    """While more from the other side waits in the buffer, short frames are collected,
    for one write instead of many. They leave before the handler waits for more, or
    other tasks run for long. Returns whether this one is among them."""
    n = len(data)
    at = ws.queued
    end = at + 2 + n
    queue = ws.queue
    if n >= _SHORT or queue and (not at or end > len(queue)) or not ws.open:
        return False
    if not at:
        queue = ws.queue = bytearray(_QUEUE)
        later(ws)
    queue[at] = first
    queue[at + 1] = n
    queue[at + 2 : end] = data
    ws.queued = end
    return True


def send_parts(ws, out=b"", rest=()):
    """Send (when awaited) what has begun to leave, then these parts of a frame."""
    return send_each(ws.conn, _parts(ws, out, rest))


def _parts(ws, out, rest):
    # a frame that has begun to leave goes before all others, whoever sends them
    queue = ws.queue
    n = ws.queued
    ws.queue = None
    if n:
        ws.queued = 0
        yield memoryview(queue)[:n]
    elif queue:
        yield from queue
    yield out
    yield from rest


def later(ws, rest=None):
    """Have a task send the rest of a frame, or what was collected."""
    asyncio.create_task(_finish(ws, rest))


async def _finish(ws, rest):
    try:
        if rest or not ws.flush():
            await (rest or send_parts(ws))
    except OSError:
        ws.lose()  # what the handler does next tells
