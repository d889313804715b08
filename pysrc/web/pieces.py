# WebSocket messages that are not handed over as they are: in pieces, into the caller's
# memory, compressed, masked.
import asyncio
import os

from micropython import const

import web
from web._codec import utf8
from web.conn import octets
from web.incoming import _buffer, _claim, receive
from web.outgoing import mask, send_frame

_FIN = const(0x80)
_PACKED = const(0x40)
_MASKED = const(0x80)
_FRESH = const(-1)  # see web.incoming
_BETWEEN = const(-2)
_OVER = const(-3)
_PIECE = const(3)
_CHUNK = const(1024)  # bytes of a long message that are masked or decompressed at once


# -- receiving


def _begin(ws, into):
    if ws.left == _FRESH:
        ws.left = _BETWEEN
        ws.into = into
    elif ws.left != _OVER and ws.into is not into:
        raise ValueError("a part of the message was received already")


def readinto(ws, buf):
    """See WebSocket.readinto()."""
    if len(bytes(buf[:1])) > 1:
        raise TypeError("a buffer of bytes is needed")
    _begin(ws, buf)
    return receive(ws)


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
        self._state = 0  # 1 once it was begun, 2 once there was a piece, 3 at its end
        self._inflater = None
        self._buf = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        ws = self._ws
        if self._state == 0 or self._state == 1 and ws.into is None:
            self._begin(ws)  # or again, when the wait for the message was given up
        if self._inflater:
            return await self._inflate(ws)
        piece = None
        if ws.into is True:
            waiting = receive(ws, _PIECE)
            if self._timeout is not None:
                waiting = web.timed.within(ws, waiting, self._timeout)
            piece = await waiting
            if piece is None and ws.left == _OVER and self._state == 2:
                raise OSError(104)  # ECONNRESET
        if piece is None:
            self._state = 3
            raise StopAsyncIteration
        if not isinstance(piece, memoryview):
            self._state = 2
            self._inflater, self._text = piece
            self._buf = memoryview(bytearray(_CHUNK))
            return await self._inflate(ws)
        self._state = 2
        return piece

    def _begin(self, ws):
        if ws.into is True:
            raise ValueError("a part of the message was received already")
        _begin(ws, True)
        self._state = 1
        if ws.conn.buf is _buffer:
            _claim(ws.conn, ws)

    async def _inflate(self, ws):
        if self._state == 3:
            raise StopAsyncIteration
        await asyncio.sleep_ms(0)  # a short message may have many pieces
        buf = self._buf
        n = self._inflater.readinto(buf)
        if n >= 0 and self._text is not None:
            self._text = utf8(buf, 0, n, self._text)
            if self._text < 0 or n < _CHUNK and self._text:
                n = -1007
        if n < 0:
            await ws.fail(-n)
            raise OSError(104)  # ECONNRESET
        if n < _CHUNK:
            self._state = 3
            if not n:
                raise StopAsyncIteration
        return buf[:n]


# -- sending


def send_special(ws, msg, more):
    """Begin to send a message, or a part of one. Returns what is to be awaited for the
    rest of it, or None. Raises OSError, and as octets() does."""
    first = 1 if isinstance(msg, str) else 2
    msg = octets(msg)
    if ws.sending:
        first = 0  # it goes on
    elif ws.deflate and not more:
        packed = ws.deflate.compress(msg)
        if packed:
            first |= _PACKED
            msg = packed
    if bool(more) != ws.sending:
        ws.sending = bool(more)
        ws.special = bool(more or ws.deflate or not ws.expect & _MASKED)
    return send_frame(ws, first if more else first | _FIN, msg)


def new_key():
    """Return a frame's masking key (RFC 6455 5.3)."""
    return os.urandom(4)


def mask_frame(out, end, key, length):
    """Mask what is in out[:end] of the payload of a frame."""
    start = 6 if length < 126 else 8 if length < 65536 else 14
    mask(out, start, end, key, 0)


def masked(begun, key, data, done):
    """Give the frame that is begun, and data[done:], which is not changed."""
    yield begun
    chunk = bytearray(_CHUNK)
    while done < len(data):
        n = min(_CHUNK, len(data) - done)
        chunk[:n] = data[done : done + n]
        mask(chunk, 0, n, key, done)
        yield memoryview(chunk)[:n]
        done += n
