# WebSocket messages that are not handed over as they are: in pieces, into the caller's
# memory, compressed, masked.
from micropython import const

from web.incoming import receive

_FIN = const(0x80)
_PACKED = const(0x40)
_FRESH = const(-1)  # see web.incoming
_BETWEEN = const(-2)
_OVER = const(-3)
_PIECE = const(3)
_CHUNK = const(1024)  # bytes of a long message that are masked at once


def _begin(ws, into):
    if ws.left >= 0 or ws.left == _BETWEEN:
        raise ValueError("a part of the message was received already")
    if ws.left == _FRESH:
        ws.left = _BETWEEN
        ws.into = into


async def readinto(ws, buf):
    """See WebSocket.readinto()."""
    _begin(ws, buf)
    return await receive(ws)


class Pieces:
    """What WebSocket.stream() returns. Each piece is a memoryview of bytes, for text of
    its UTF-8, which need not end with a character; it is good until the next is asked
    for. The limit on messages is not applied. Raises OSError when the connection ends
    before the message does, ValueError when receive() has begun with the message."""

    def __init__(self, ws):
        self._ws = ws
        self._begun = False
        self._any = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        ws = self._ws
        if not self._begun:
            _begin(ws, True)
            self._begun = True
        elif ws.into is None and ws.left != _OVER:
            raise StopAsyncIteration
        piece = await receive(ws, _PIECE)
        if piece is None:
            if ws.left == _OVER and self._any:
                raise OSError(104)  # ECONNRESET
            raise StopAsyncIteration
        self._any = True
        return piece
