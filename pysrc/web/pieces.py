# WebSocket messages that do not come whole in one frame, or are not handed over as they
# are: fragmented, long, compressed, in pieces, into the caller's memory.
import asyncio
from builtins import bytearray, len, memoryview, min  # found sooner in this module

from micropython import const

import web
from web._codec import utf8
from web.conn import encoded
from web.incoming import SENT, mask, receive, tell

_FIN = const(0x80)
_PACKED = const(0x40)
_MASKED = const(0x80)
_SPECIAL = const(2)  # see web.websocket
_TEXT = const(1)
_BYTES = const(2)
_TYPES = ("", "text", "bytes", "", "", "", "", "", "close", "ping", "pong")
_PING = const(9)
_ANY = const(1)  # see web.incoming
_PIECE = const(3)
_ROOM = const(256)  # bytes of a message for which there is memory, before more is read
_STEP = const(16384)  # a payload's memory begins with this at most, whatever its header claims
_CHUNK = const(1024)  # most bytes of a piece

# What a message is that does not come whole, or has a sink: the list ws.arriving. It is
# kept there, so that who gives up waiting loses nothing.
_LEFT = const(0)  # bytes of the frame's payload that are still to come, or
_BETWEEN = const(-1)  # that the next frame is
_FIRST = const(1)  # the frame's first byte
_KEY = const(2)  # the key that masks it, or None
_DONE = const(3)  # bytes of it that came
_BEGAN = const(4)  # the first byte of the message, 0 when none of it came
_UTF8 = const(5)  # the state of its text
_DATA = const(6)  # memory for what came of it,
_FILL = const(7)  # and how much of that is filled
_SINK = const(8)  # the caller's memory, where it is to go instead,
_PIECES = const(9)  # and whether that is given back with each piece

# What Pieces wait for:
_AWAITED = const(0)  # the message
_BEGUN = const(1)  # another piece of it
_ENDED = const(2)  # nothing any more


# -- receiving


def _aim(ws, sink, pieces=False):
    """Have the next message go to a sink. Raises ValueError when it has begun to go to
    another one."""
    if ws.arriving is None:
        if ws.close_code is None:
            ws.arriving = [_BETWEEN, 0, None, 0, 0, 0, None, 0, sink, pieces]
    elif ws.arriving[_SINK] is not sink:
        raise ValueError("a part of the message was received already")


def begin(ws, first, n):
    """Begin with a frame of n bytes of a message. Returns minus a close code when there
    may be no such frame."""
    if ws.arriving is None:
        _aim(ws, None)
    arriving = ws.arriving
    opcode = first & 15
    if bool(opcode) == bool(arriving[_BEGAN]) or first & _PACKED and not opcode:
        return -1002  # a message begins in another, or goes on without one
    sink = arriving[_SINK]
    if opcode:
        arriving[_BEGAN] = first
        if not first & _PACKED:  # else it is unpacked as a whole
            arriving[_DATA] = sink
    most = ws.max_message
    if sink is not None and not arriving[_BEGAN] & _PACKED:
        most = 1 << 30 if arriving[_PIECES] else len(sink)
    if arriving[_FILL] + n > most:
        return -1009
    arriving[_FIRST] = first
    arriving[_LEFT] = n
    arriving[_KEY] = ws.conn.buf[ws.conn.pos - 4 : ws.conn.pos] if ws.expect & _MASKED else None
    arriving[_DONE] = 0
    return 0


def gather(ws, arriving, used):
    """Take in what is in the buffer of a frame's payload, which is unmasked where its
    header was there, too. Returns as take() does."""
    conn = ws.conn
    pos = conn.pos
    if pos < conn.end and arriving[_LEFT]:
        data = _room(ws, arriving)
        fill = arriving[_FILL]
        n = min(conn.end - pos, arriving[_LEFT], len(data) - fill)
        conn.pos = pos + n
        data[fill : fill + n] = memoryview(conn.buf)[pos : pos + n]
        _add(arriving, n, used)
        left = min(conn.end - conn.pos, arriving[_LEFT])
        if used and left and arriving[_KEY]:  # as it was, for the next piece
            mask(conn.buf, conn.pos, conn.pos + left, arriving[_KEY], arriving[_DONE])
    if arriving[_UTF8] < 0:
        return tell(-1007)
    if arriving[_PIECES] and arriving[_FILL] and not arriving[_BEGAN] & _PACKED:
        piece = memoryview(arriving[_DATA])[: arriving[_FILL]]
        arriving[_FILL] = 0
        return tell(0, piece)
    if arriving[_LEFT]:
        return None
    arriving[_LEFT] = _BETWEEN
    return _message(ws, arriving) if arriving[_FIRST] & _FIN else None


def _room(ws, arriving):
    """Have memory for some more of the message. Returns it."""
    data = arriving[_DATA]
    n = arriving[_LEFT]
    if data is None:
        # what doubles to n in the end
        while n > _STEP:
            n = (n + 1) // 2
        data = arriving[_DATA] = bytearray(n)
    n = min(n, _ROOM) + arriving[_FILL]
    while len(data) < n:
        size = len(data)
        # of itself, it takes no memory twice
        more = ws.max_message - size
        data.extend(data if more >= size else bytes(max(more, _ROOM)))
    return data


def _add(arriving, n, unmasked):
    """Take in n bytes that came to where the message is put together."""
    data = arriving[_DATA]
    start = arriving[_FILL]
    end = start + n
    if not unmasked and arriving[_KEY]:
        mask(data, start, end, arriving[_KEY], arriving[_DONE])
    arriving[_DONE] += n
    arriving[_LEFT] -= n
    arriving[_FILL] = end
    if arriving[_BEGAN] & (_PACKED | 15) == _TEXT:
        arriving[_UTF8] = utf8(data, start, end, arriving[_UTF8])


def _message(ws, arriving):
    """Return the message that is whole now, or tell of it."""
    ws.arriving = None
    if arriving[_UTF8]:
        return tell(-1007)
    kind = arriving[_BEGAN] & 15
    sink = arriving[_SINK]
    if sink is not None and not arriving[_BEGAN] & _PACKED:
        return tell(0) if arriving[_PIECES] else arriving[_FILL]
    data = arriving[_DATA] or bytearray()
    data[arriving[_FILL] :] = b""
    if arriving[_BEGAN] & _PACKED:
        inflater = web.deflate.Inflater(data, ws.deflate.receive_bits, kind == _TEXT)
        if arriving[_PIECES]:
            return tell(0, inflater)
        data = inflater.message(ws.max_message, sink)
        return tell(data) if isinstance(data, int) and data < 0 else data
    return str(data, "utf-8") if kind == _TEXT else data


def read_payload(ws, sock, arriving):
    """Read what has come of a long payload, straight to where its message is put
    together. Returns as readinto() does."""
    while True:
        data = memoryview(_room(ws, arriving))[arriving[_FILL] :]
        n = sock.readinto(data, min(len(data), arriving[_LEFT]))
        if not n:
            return n
        _add(arriving, n, False)
        if arriving[_PIECES] or not arriving[_LEFT]:
            return n


class Pieces:
    """What WebSocket.stream() returns. Each piece is a memoryview of bytes, for text of
    its UTF-8, which need not end with a character; it is good until the next is asked
    for. The limit on messages is not applied but to compressed ones, whose compressed
    bytes are held. Raises OSError when the connection ends before the message does,
    ValueError when receive() has begun with the message, asyncio.TimeoutError when the
    next piece takes longer than the timeout; it may be asked for again."""

    def __init__(self, ws, timeout=None):
        self._ws = ws
        self._timeout = timeout
        self._state = _AWAITED
        self._inflater = None
        self._buf = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        ws = self._ws
        if self._buf is None:
            self._buf = bytearray(_CHUNK)
        if self._state == _AWAITED:
            _aim(ws, self._buf, True)
        piece = self._inflater
        if self._state != _ENDED and not piece:
            piece = await _within(ws, receive(ws, _PIECE), self._timeout)
            if piece is None and ws.closed and self._state == _BEGUN:
                raise OSError(104)  # ECONNRESET
            self._state = _BEGUN
        if piece and not isinstance(piece, memoryview):
            self._inflater = piece
            piece = await self._inflate(ws)
        if piece is None:
            self._state = _ENDED
        if not piece:
            raise StopAsyncIteration
        return piece

    async def _inflate(self, ws):
        await asyncio.sleep_ms(0)  # a short message may have many pieces
        n = self._inflater.readinto(self._buf)
        if n < 0:
            await web.closing.fail(ws, -n)
            raise OSError(104)  # ECONNRESET
        return memoryview(self._buf)[:n]


# -- sending


def send_special(ws, msg, more):
    """Begin to send a message, or a part of one. Returns what is to be awaited for the
    rest of it, or None. Raises as encoded() does."""
    first = 1 if isinstance(msg, (str, dict, list)) else 2
    msg = encoded(msg)[1]
    if ws.sending:
        first = 0  # it goes on
    elif ws.deflate and not more:
        packed = ws.deflate.compress(msg)
        if packed:
            first |= _PACKED
            msg = packed
    if bool(more) != ws.sending:
        ws.sending = bool(more)
        ws.expect |= _SPECIAL
        if not (more or ws.deflate) and ws.expect & _MASKED:
            ws.expect -= _SPECIAL
    return ws.send_frame(first if more else first | _FIN, msg)


# -- methods of WebSocket, which finds them here


def _within(ws, waiting, timeout):
    return waiting if timeout is None else web.waiting.within(ws, waiting, timeout)


def recv(ws, timeout=None):
    """Return (when awaited) the next event, or None when the connection is over.

    An event is {'type': 'text' | 'bytes' | 'ping' | 'pong' | 'close', 'data': str
    for text, else bytes-like, 'fin': True}. Fragments come as one message; a ping
    was answered before it is returned, and is none when nobody received for long.

    As with all that receives, timeout is in seconds, None for none: when it is over
    asyncio.TimeoutError is raised, and nothing is lost. Raises RuntimeError when
    another task is receiving.
    """
    return _within(ws, _event(ws), timeout)


async def _event(ws):
    got = await receive(ws, _ANY)
    if got is None:
        return None
    if not isinstance(got, tuple):
        got = _TEXT if isinstance(got, str) else _BYTES, got
    return {"type": _TYPES[got[0]], "data": got[1], "fin": True}


def readinto(ws, buf, timeout=None):
    """Receive (when awaited) the next message into buf, text as UTF-8. Returns its
    length in bytes, None when the connection is over, which ends with 1009 when the
    message is longer than buf. Raises ValueError when receive() has begun with it."""
    if len(bytes(buf[:1])) > 1:
        raise TypeError("a buffer of bytes is needed")
    _aim(ws, buf)
    return _within(ws, receive(ws), timeout)


def stream(ws, timeout=None):
    """Return the next message in pieces, of which never more than one is in memory:
    `async for piece in ws.stream()`, see Pieces. The timeout is for each."""
    return Pieces(ws, timeout)


def ping(ws, data=b""):
    """Send a ping (when awaited) with at most 125 bytes of data; recv() returns the
    pong. Raises ValueError for more, OSError when the connection is over."""
    data = bytes(data)
    if len(data) > 125:
        raise ValueError("more than 125 bytes")
    return ws.send_frame(_FIN | _PING, data) or SENT
