# The parts of a multipart/form-data body (RFC 7578, RFC 2046 5.1), as they arrive.
from builtins import bytearray, bytes, len, memoryview  # found sooner in this module

from micropython import const

import web
from web._codec import unquote, utf8
from web.body import readinto
from web.response import check

_WINDOW = const(1024)  # bytes that are looked at: a part's head must fit
_BOUNDARY = const(70)  # most characters (RFC 2046 5.1.1)


def parts(r, max_part=None, max_parts=32):
    """Return the asynchronous iterator of the parts of a multipart/form-data body: of a
    Part for each, one at a time, so that what is of interest in one is to be read before
    the next. What is not read is skipped.

    max_part   most bytes of a part, else 413; the route's max_body is for all together
    max_parts  most parts, else 413

    Raises HTTPException(415) when the body is none; going on raises it with 400 for what is
    malformed or cut off, and 431 for a part whose head has more than a kilobyte.
    """
    return _begin(r, "r.parts()", max_part, max_parts)


async def form(r, values):
    """Add the fields of a form to a MultiDict, and return that; see web.forms.form()."""
    async for part in _begin(r, "r.form()", None, 256):
        if part.filename:
            web.console.unsupported(r, "r.form()", "files: r.parts() does")
            web.abort(415)
        if part.filename is None:  # else no file was chosen
            values.setdefault(part.name, []).append(await part.text())
    return values


def _begin(r, what, most, left):
    kind = web.fields.field(r, "content-type") or ""
    try:
        found, values = _parameters(kind)
        boundary = values["boundary"].encode()
    except (KeyError, ValueError):
        found = boundary = ""
    if found != "multipart/form-data" or not 0 < len(boundary) <= _BOUNDARY:
        web.console.unsupported(r, what, kind)
        web.abort(415)
    return Part(r, boundary, most, left)


def _parameters(text):
    """Return the value that a field begins with, in lower case, and its parameters, a dict
    of str. Raises ValueError."""
    i = text.find(";")
    values = {}
    end = i
    while end >= 0:
        start = text.find("=", end) + 1
        if not start:
            break
        name = text[end + 1 : start - 1].strip().lower()
        if text[start : start + 1] == '"':
            end = start
            while True:
                end = text.index('"', end + 1)
                if text[end - 1 : end] != "\\":  # a character of a str would become a name
                    break
            value = text[start + 1 : end].replace('\\"', '"')
            end = text.find(";", end)
        else:
            end = text.find(";", start)
            value = text[start : end if end >= 0 else len(text)].strip()
        if name in values:
            raise ValueError
        values[name] = value
    return (text if i < 0 else text[:i]).strip().lower(), values


class Part:
    """A part of a multipart/form-data body, until the next one begins.

    name      str
    filename  str, the last segment of the path that was sent; None where a field is no file
    type      str, its Content-Type
    """

    def __init__(self, r, boundary, most, left):
        self._r = r
        self._limit = most
        self._left = left  # parts that may come
        self._mark = b"\r\n--" + boundary
        # the first boundary may be the body's beginning
        self._buf = bytearray(_WINDOW)
        self._buf[:2] = b"\r\n"
        self._pos = 0  # buf[pos:end] is not taken yet,
        self._end = 2
        self._ready = 0  # so many bytes of it are this part's,
        self._last = False  # and then there is the mark
        self._size = 0  # of the part as far as it is known

    def __aiter__(self):
        return self

    async def __anext__(self):
        while await self._look():
            self._take(self._ready)
        head = await self._head()
        if head is None:
            raise StopAsyncIteration
        self._left -= 1
        if self._left < 0:
            web.abort(413)
        self._size = 0
        self._last = False
        try:
            self._name(head)
        except (KeyError, ValueError):
            web.abort(400)
        return self

    def _name(self, head):
        fields = {}
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = check(str(value, "utf-8").strip())
        kind, values = _parameters(fields[b"content-disposition"])
        if kind != "form-data":
            raise ValueError
        # '"' as browsers have it (HTML, multipart/form-data)
        self.name = values["name"].replace("%22", '"')
        name = values.get("filename")
        coded = values.get("filename*")
        if coded:  # RFC 8187 3.2
            charset, _, coded = coded.partition("'")
            if charset.lower() == "utf-8":
                name = check(unquote(coded.partition("'")[2], False))
        elif name:
            name = name.replace("%22", '"')
        if name:
            # where it was on the client's disk (RFC 7578 4.2)
            name = name.replace("\\", "/").split("/")[-1]
        self.filename = name
        self.type = fields.get(b"content-type", "text/plain")

    async def _head(self):
        """Take the mark, and return the next part's head; None behind the last one."""
        self._take(len(self._mark))
        while True:
            data = bytes(memoryview(self._buf)[self._pos : self._end])
            if data[:2] == b"--":
                return None
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            if len(data) == len(self._buf):
                web.abort(431)
            await self._more()
        padding, _, head = data[:end].partition(b"\r\n")
        if padding.strip(b" \t"):
            web.abort(400)
        self._take(end + 4)
        self._ready = 0
        return head

    async def _look(self):
        """Return how many bytes of the part are at buf[pos:], waiting for some; 0 at its
        end."""
        mark = self._mark
        while not (self._ready or self._last):
            n = self._end - self._pos - len(mark) + 1
            if n <= 0:
                await self._more()
                continue
            # most windows have no mark, which costs no copy to see
            if mark in self._buf:
                found = bytes(memoryview(self._buf)[self._pos : self._end]).find(mark)
                if found >= 0:
                    n = found
                    self._last = True
            self._ready = n
            self._size += n
            if self._limit is not None and self._size > self._limit:
                web.abort(413)
        return self._ready

    async def _more(self):
        buf = self._buf
        rest = buf[self._pos : self._end]
        n = len(rest)
        buf[:n] = rest
        self._pos = 0
        self._end = n
        n = await readinto(self._r, memoryview(buf)[n:])
        if not n:
            web.abort(400)
        self._end += n

    def _take(self, n):
        self._pos += n
        self._ready -= n

    async def readinto(self, buf):
        """Read the next bytes of the part into buf (bytearray, or memoryview of one), waiting
        until there are some. Returns their number, 0 at the part's end. Raises as
        Request.readinto(), and HTTPException(413) for a part that is too long."""
        n = min(len(buf), await self._look())
        memoryview(buf)[:n] = memoryview(self._buf)[self._pos : self._pos + n]
        self._take(n)
        return n

    async def text(self):
        """Return what is left of the part as str. Raises as readinto(), and HTTPException(400)
        when it is not UTF-8."""
        data = bytearray()
        while await self._look():
            n = self._ready
            data.extend(memoryview(self._buf)[self._pos : self._pos + n])
            self._take(n)
        if utf8(data, 0, len(data), 0):
            web.abort(400)
        return data.decode()

    async def save(self, path, buf=None, hash=None, check=None):
        """Write the part to a file, see Request.save()."""
        return await web.saving.save(self, path, buf, hash, check)
