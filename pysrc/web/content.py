# The query's and a form's values, JSON, files.
import web
from web.query import decode_json, parse_qs


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


async def json(r):
    """Return the body's value, decoded from JSON. Raises web.HTTPException(400) when it
    is none."""
    try:
        return decode_json(await r.body())
    except ValueError:
        raise web.HTTPException(400, body="invalid JSON")


async def form(r):
    """Return the fields of an HTML form (MultiDict), sent as
    application/x-www-form-urlencoded; else raises web.HTTPException(415)."""
    kind = r.headers.get("content-type", "application/x-www-form-urlencoded")
    if kind.split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise web.HTTPException(415)
    return MultiDict(await r.body())


_saving = set()


async def save(r, path, buf=None):
    """Write the body to a file as it arrives, by pieces of buf (bytearray, of 1,024
    bytes if not given). The file gets its name when it is whole. Returns its size.
    Raises OSError, web.HTTPException(409) while another request saves the same, and as
    readinto() does."""
    import os

    part = path + ".part"
    if part in _saving:
        raise web.HTTPException(409)
    _saving.add(part)
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
    finally:
        _saving.discard(part)
    return size
