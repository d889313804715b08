# What may stand in field lines (RFC 9110 5).
from web.conn import octets

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


# what the framing of the response depends on, and is not copied from its headers
_OWN = ("connection", "content-length", "content-type", "transfer-encoding")


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
