# What few requests need: the query's and a form's values, cookies, JSON, files.
from web.body import body, headers, readinto
from web.conn import Connection
from web.errors import HTTPException
from web.query import decode_json, parse_qs
from web.request import Request


class MultiDict(dict):
    """The values of a query or a form: str by name. `values[name]` and get() give the
    first one of a name that repeats, getlist() all of them."""

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
    if r._parsed is None:
        r._dirty = True
        r._parsed = MultiDict(r.query or "")
    return r._parsed


def _cookies(r):
    cookies = {}
    fields = headers(r)
    text = fields.get("cookie", "")
    if ", " in text:
        # of several field lines, or a part of a value (RFC 6265 5.4)
        text = ";".join([value for name, value in fields.items() if name == "cookie"])
    for pair in text.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals and name not in cookies:
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies[name] = value
    return cookies


def _target(r):
    return str((r._buf or r._conn.buf)[r._head[6] : r._head[7]], "utf-8")


class _Gone(Connection):
    """What a copied request has of its connection."""

    def __init__(self, conn):
        self.server = conn.server
        self.addr = conn.addr
        self.sock = None
        self.pos = self.end = 0


def copy(r):
    """Return a Request that stays as it is when the response has been sent: with what
    the head says, what was set on r, and the body if body(), json() or form() returned
    it. Else reading the copy's body raises OSError."""
    conn = _Gone(r._conn)
    conn.buf = (r._buf or r._conn.buf)[: r._end]
    other = Request(conn, r._head[:])
    for name, value in r.__dict__.items():
        if name not in ("_conn", "_head", "_buf"):
            setattr(other, name, value)
    return other


async def json(r):
    """Return the body's value, decoded from JSON. Raises HTTPException(400) when it
    is none."""
    try:
        return decode_json(await body(r))
    except ValueError:
        raise HTTPException(400, body="invalid JSON")


async def form(r):
    """Return the fields of an HTML form (MultiDict), sent as
    application/x-www-form-urlencoded; else raises HTTPException(415)."""
    kind = headers(r).get("content-type", "application/x-www-form-urlencoded")
    if kind.split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    return MultiDict(await body(r))


_saving = set()


async def save(r, path, buf=None):
    """Write the body to a file as it arrives, by pieces of buf (bytearray, of 1,024
    bytes if not given). The file gets its name when it is whole. Returns its size.
    Raises OSError, HTTPException(409) while another request saves the same, and as
    readinto() does."""
    import os

    part = path + ".part"
    if part in _saving:
        raise HTTPException(409)
    _saving.add(part)
    buf = bytearray(1024) if buf is None else buf
    view = memoryview(buf)
    size = 0
    try:
        with open(part, "wb") as file:
            while True:
                n = await readinto(r, buf)
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
    finally:
        _saving.discard(part)
    return size


VALUES = {
    "addr": lambda r: r._conn.addr,
    "args": _args,
    "cookies": _cookies,
    "length": lambda r: None if r._chunks else max(r._head[4], 0),
    "target": _target,
}
METHODS = {"copy": copy, "form": form, "json": json, "save": save}
