# Chunked request bodies (RFC 9112 7.1).
from micropython import const

import web
from web.body import readinto, receive
from web.response import check

_LINE_MAX = const(256)  # most bytes of a chunk's line with its extensions
_TRAILERS = const(1024)  # most bytes of all trailer fields
_PIECE = const(1024)
_SPACE = b" \t"
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Chunks:
    """Takes the framing out of a request's body: next() makes the next chunk what
    is left to read of it."""

    def __init__(self, r):
        self._r = r
        self._total = 0
        self._first = True
        self._failed = 0  # the status that the body is refused with
        self.ended = False

    async def next(self):
        """Begin the next chunk; returns False when there is none. Raises
        HTTPException: 400 for what is malformed, 413 for more than the limit."""
        if self.ended:
            return False
        if self._failed:
            raise web.HTTPException(self._failed)
        if self._first:
            self._first = False
        elif await self._line(2):
            self._fail(400)  # more data than the chunk's size
        size = self._size(await self._line(_LINE_MAX))
        self._total += size
        if self._total > self._r._limit:
            self._fail(413)
        if size == 0:
            await self._skip_trailers()
            self.ended = True
            return False
        self._r._left = size
        return True

    async def read(self, n):
        """Return the next n bytes of the body, all that is left of it if that is negative."""
        data = bytearray()
        while (n < 0 or len(data) < n) and (self._r._left or await self.next()):
            size = len(data)
            data.extend(bytes(min(self._r._left, _PIECE, _PIECE if n < 0 else n - size)))
            got = await readinto(self._r, memoryview(data)[size:])
            data[size + got :] = b""
        return bytes(data)

    def _fail(self, status):
        # what follows can't be told from a request any more
        self._failed = status
        self._r._conn.closing = True
        raise web.HTTPException(status)

    async def _line(self, most, status=400):
        """Take a line of at most so many bytes, or fail with that status; returns it
        without its CRLF."""
        conn = self._r._conn
        i = 0
        while True:
            while conn.pos + i < conn.end:
                if i == most:
                    self._fail(status)
                if conn.buf[conn.pos + i] == 10:
                    line = bytes(memoryview(conn.buf)[conn.pos : conn.pos + i])
                    conn.pos += i + 1
                    if line[-1:] != b"\r" or b"\r" in line[:-1]:
                        self._fail(400)
                    return line[:-1]
                i += 1
            await receive(self._r, None, max(most, _LINE_MAX) + 2)

    def _size(self, line):
        n = i = 0
        for c in line.lower():
            digit = b"0123456789abcdef".find(bytes((c,)))
            if digit < 0:
                break
            n = n * 16 + digit
            if n > self._r._limit:
                self._fail(413)
            i += 1
        if not i or i < len(line) and not _are_extensions(line, i):
            self._fail(400)
        return n

    async def _skip_trailers(self):
        # checked as other field lines are, and dropped
        left = _TRAILERS
        while True:
            line = await self._line(left, 431)
            if not line:
                return
            left -= len(line) + 2
            name, colon, value = line.partition(b":")
            if not colon:
                self._fail(400)
            try:
                check(name, True)
                check(value)
            except ValueError:
                self._fail(400)


def _skip(line, i, among):
    # the first index from i on of a byte that is not among these
    while i < len(line) and line[i] in among:
        i += 1
    return i


def _are_extensions(line, i):
    # *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), RFC 9112 7.1.1
    while i < len(line):
        i = _skip(line, i, _SPACE)
        if line[i : i + 1] != b";":
            return False
        name = _skip(line, i + 1, _SPACE)
        i = _skip(line, name, _TOKEN)
        if i == name:
            return False
        value = _skip(line, i, _SPACE)
        if line[value : value + 1] == b"=":
            value = _skip(line, value + 1, _SPACE)
            i = _skip_value(line, value)
            if i == value:
                return False
    return True


def _skip_value(line, i):
    # the index behind a token or a quoted-string (RFC 9110 5.6.4), i if there is none
    if line[i : i + 1] != b'"':
        return _skip(line, i, _TOKEN)
    escaped = False
    for end in range(i + 1, len(line)):
        c = line[end]
        if c < 32 and c != 9 or c == 127:
            break
        if not escaped and c == 34:
            return end + 1
        escaped = not escaped and c == 92
    return i
