# What may stand in field lines (RFC 9110 5).
from web.stream import octets

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
