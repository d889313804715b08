# What few requests need: the query's and a form's values, cookies, JSON, files.
from web.errors import HTTPException
from web.query import parse_qs


class MultiDict(dict):
    """The values of a query or a form: str by name. `d[name]` and `get` give the
    first one of a name that repeats, `getlist` all of them."""

    def __init__(self, query):
        super().__init__()
        for name, value in parse_qs(query).items():
            values = value if isinstance(value, list) else [value]
            self[name] = ["" if v is True else v for v in values]

    def __getitem__(self, name):
        return super().__getitem__(name)[0]

    def get(self, name, default=None, type=None):
        """Return the first value of name, converted by type if given; default when
        there is none or type raises ValueError."""
        if name not in self:
            return default
        value = self[name]
        try:
            return value if type is None else type(value)
        except ValueError:
            return default

    def getlist(self, name):
        """Return the list of all values of name."""
        return super().__getitem__(name) if name in self else []

    def items(self):
        """Yield (name, value) for every value."""
        for name in self.keys():
            for value in self.getlist(name):
                yield name, value

    def values(self):
        """Yield every value."""
        for _, value in self.items():
            yield value


def _args(r):
    r._dirty = True
    r._args = MultiDict(r.query or "")
    return r._args


def _cookies(r):
    cookies = {}
    for pair in r.headers.get("cookie", "").replace(", ", "; ").split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals and name not in cookies:
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies[name] = value
    return cookies


def _target(r):
    return str((r._buf or r._conn.buf)[r._head[6] : r._head[7]], "utf-8")


_VALUES = {
    "addr": lambda r: r._conn.addr,
    "args": lambda r: r._args or _args(r),
    "cookies": _cookies,
    "length": lambda r: None if r._chunks else max(r._head[4], 0),
    "target": _target,
}


async def json(r):
    """Return the body's value, decoded from JSON. Raises HTTPException(400) when it
    is none."""
    import json

    try:
        return json.loads(await r.body())
    except ValueError:
        raise HTTPException(400, body="invalid JSON")


async def form(r):
    """Return the fields of an HTML form (MultiDict), sent as
    application/x-www-form-urlencoded; else raises HTTPException(415)."""
    kind = r.headers.get("content-type", "application/x-www-form-urlencoded")
    if kind.split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    return MultiDict(await r.body())


async def save(r, path, buf=None):
    """Write the body to a file as it arrives, by pieces of buf (bytearray, of 1,024
    bytes if not given). The file gets its name when it is whole. Returns its size.
    Raises OSError, and as readinto() does."""
    import os

    part = path + ".part"
    buf = bytearray(1024) if buf is None else buf
    view = memoryview(buf)
    size = 0
    try:
        with open(part, "wb") as file:
            while True:
                n = await r.readinto(buf)
                if not n:
                    break
                if file.write(view[:n]) != n:
                    raise OSError(28)  # ENOSPC
                size += n
        try:
            os.rename(part, path)
        except OSError:  # FAT has no renaming over a file
            os.remove(path)
            os.rename(part, path)
    except BaseException:
        try:
            os.remove(part)
        except OSError:
            pass
        raise
    return size


async def readline(r):
    """Return the body's next line with its end, or what is left of the body; b'' at
    its end. Raises as readinto() does."""
    conn = r._conn
    line = b""
    while r._left or await r._next_chunk():
        if conn.pos == conn.end:
            await r._receive(None, 256)
        end = min(conn.end, conn.pos + r._left)
        part = bytes(memoryview(conn.buf)[conn.pos : end])
        i = part.find(b"\n") + 1
        if i:
            part = part[:i]
        conn.pos += len(part)
        r._left -= len(part)
        line += part
        if i:
            break
    return line


async def readexactly(r, n):
    """Return the next n bytes of the body. Raises EOFError when it has fewer."""
    if r._chunks is None and n > r._left:
        raise EOFError("body is shorter")  # before reading any
    data = await r.read(n)
    if len(data) < n:
        raise EOFError("body is shorter")
    return data


async def read_chunks(r, n):
    """Request.read for a chunked body, whose size nobody knows."""
    body = bytearray()
    while n < 0 or len(body) < n:
        if not r._left and not await r._next_chunk():
            break
        size = len(body)
        body.extend(bytes(min(r._left, 1024 if n < 0 else min(n - size, 1024))))
        got = await r.readinto(memoryview(body)[size:])
        body[size + got :] = b""
    return bytes(body)


_METHODS = {
    "json": json,
    "form": form,
    "save": save,
    "readline": readline,
    "readexactly": readexactly,
}


def attribute(r, name):
    """Request.__getattr__ for all that is here."""
    if name in _VALUES:
        return _VALUES[name](r)
    if name in _METHODS:
        function = _METHODS[name]
        return lambda *args, **kwargs: function(r, *args, **kwargs)
    raise AttributeError(name)
