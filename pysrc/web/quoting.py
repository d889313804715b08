# Text for places where some characters mean something: URLs and HTML.


def quote(s, safe="/"):
    """Return s (str, or what str() makes one of) with all but letters, digits, '-._~' and the
    characters of safe percent-encoded, as UTF-8 (RFC 3986 2.1)."""
    safe = b"-._~" + safe.encode()
    out = bytearray()
    for c in str(s).encode():
        if 48 <= c < 58 or 65 <= c & 0xDF < 91 or c in safe:
            out.append(c)
        else:
            out.extend(b"%%%02X" % c)
    return out.decode()


def quote_url(location):
    """Return a whole URL (str) with what none can hold percent-encoded."""
    return quote(location, "!#$%&'()*+,/:;=?@[]")


def urlencode(values):
    """Return the query (str) of a dict by name, with a list for a name that repeats, or of
    (name, value) pairs."""
    out = ""
    for name, value in values.items() if hasattr(values, "items") else values:
        for v in value if isinstance(value, (list, tuple)) else (value,):
            out += "&" + quote(name, "") + "=" + quote(v, "")
    return out[1:]


def escape(s):
    """Return s (str, or what str() makes one of) as text of HTML, in an element or in an
    attribute's quotes."""
    s = str(s)
    for c, name in zip("&<>\"'", ("amp", "lt", "gt", "quot", "#39")):
        s = s.replace(c, "&" + name + ";")
    return s
