# What handlers return where it has header fields, and what may stand in these (RFC 9110 5).
import web
from web.conn import octets

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# what the framing of the response depends on, and is not copied from its headers
_OWN = ("connection", "content-length", "content-type", "transfer-encoding")


class Response:
    """A response: body, status and header fields.

    body     str or bytes-like; dict or list, sent as JSON; a generator or an
             asynchronous iterator of str and bytes pieces, sent as they come, small ones
             together;
             None for none
    status   int
    headers  dict of str by name; a list for a field with several lines
    type     str, the Content-Type, if it is not to follow from the body
    """

    def __init__(self, body=None, status=200, headers=None, type=None):
        self.body = body
        self.status = status
        self.headers = dict(headers) if headers else {}
        if type:
            self.headers["Content-Type"] = type

    def __getattr__(self, name):
        if name not in ("set_cookie", "delete_cookie"):
            raise AttributeError(name)
        method = getattr(web.cookies, name)
        return lambda *args, **kwargs: method(self, *args, **kwargs)


def redirect(location, status=302):
    """Return a Response that sends the client to another place. Raises ValueError
    for a location with control characters."""
    return Response("", status, {"Location": check_value(location)})


def response_of(result, status=None):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    return Response(*web.sending.parts_of(result, status))


# -- field lines


def check_token(name):
    """Return name, a str. Raises ValueError when it is no token (RFC 9110 5.6.2)."""
    for c in name:
        if c not in TOKEN:
            raise ValueError("name " + repr(name))
    if not name:
        raise ValueError("name is empty")
    return name


def check_value(value):
    """Return a field value as str. Raises ValueError for one that would end its
    line (RFC 9110 5.5), or that can't be UTF-8."""
    value = str(value)
    for c in value:
        if c < " " and c != "\t" or c == "\x7f":
            raise ValueError("control character in " + repr(value))
    octets(value)
    return value


def split(headers):
    """Return the field lines (str) of a response's headers but for those of _OWN, and a
    dict of these. Raises ValueError for what is no name or value of a field."""
    lines = ""
    own = {}
    for name, value in headers.items():
        key = check_token(name).lower()
        for v in value if isinstance(value, list) else (value,):
            if key in _OWN:
                own[key] = check_value(v)
            else:
                lines += name + ": " + check_value(v) + "\r\n"
    return lines, own


def field_lines(headers, own):
    """Return the field lines (str) of a dict by name, with a list for a field with several.
    Raises ValueError for what is no name or value, or a name that begins as one of own."""
    lines = ""
    for name, value in headers.items():
        key = check_token(name).lower()
        if any([key.startswith(prefix) for prefix in own]):
            raise ValueError("name " + repr(name))
        for v in value if isinstance(value, list) else (value,):
            lines += name + ": " + check_value(v) + "\r\n"
    return lines
