# The values of a query string, or of an HTML form.
import web
from web._codec import unquote


class MultiDict(dict):
    """The values of a query or a form: str by name. `values[name]` and get() give the
    first one of a name that repeats, getlist() all of them."""

    def __init__(self, query, none=""):
        super().__init__()
        for pair in (query.encode() if isinstance(query, str) else bytes(query)).split(b"&"):
            if pair:
                name, equals, value = pair.partition(b"=")
                value = unquote(value, True) if equals else none
                self.setdefault(unquote(name, True), []).append(value)

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

    def getlist(self, name, type=None):
        """Return the list of all values of name, converted by type if given, without those
        for which it raises ValueError."""
        values = super().__getitem__(name) if name in self else []
        return values if type is None else web.values.converted(values, type)

    def items(self):
        """Yield (name, value) for every value."""
        for name in self.keys():
            for value in self.getlist(name):
                yield name, value

    def values(self):
        """Yield every value."""
        for _, value in self.items():
            yield value


async def form(r):
    """Return the fields of an HTML form (MultiDict), sent as
    application/x-www-form-urlencoded or as multipart/form-data without files; else raises
    HTTPException(415), and the console says why. Raises RuntimeError when a part of the body
    was taken before."""
    kind = web.fields.field(r, "content-type")
    if kind and kind.split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return await web.multipart.form(r, MultiDict(""))
    data = await r.body()
    if len(data) < r._head[4]:
        web.help.body(r, data)
    return MultiDict(data)
