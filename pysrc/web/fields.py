# What few handlers ask a request for: a field, cookies, the address, and where the rest is.
import web
from web._codec import find_field

# In which room each method of a request is.
_METHODS = (
    " __aiter__:reading __anext__:reading copy:reading form:forms json:decoding"
    " parts:multipart piece:reading read:body readexactly:reading readinto:body"
    " readline:reading save:saving "
)


def field(r, name):
    """Return the value of a field (str), or None."""
    return find_field(r._buf or r._conn.buf, r._head[5], r._end, name)


def attribute(r, name):
    """Request.__getattr__ for what is not in the head's list. Raises AttributeError."""
    head = r._head
    buf = r._buf or r._conn.buf
    if name == "cookies":
        return _cookies(field(r, "cookie") or "", r)
    if name == "headers":
        if buf is r._conn.server.buf:
            buf = buf[: r._end]  # others are read into that one while the handler waits
        if not 0 < head[8] < head[5]:
            return web.headers.Headers(buf, head[5], r._end)
        # an authority in the target replaces the Host field (RFC 9112 3.2.2)
        buf = web.lines.of_target(buf, head, r._end)
        return web.headers.Headers(buf, 0, len(buf))
    if name == "addr":
        return r._conn.addr
    if name == "target":
        return str(buf[head[6] : head[7]], "utf-8")
    if name == "length":
        return None if r._chunks else max(head[4], 0)
    if name == "unread":
        return web.body.unread(r)
    if name == "args":
        if r._parsed is None:
            r._parsed = web.forms.MultiDict(r.query or "")
        return r._parsed
    start = _METHODS.find(" " + name + ":")
    if start < 0:
        raise AttributeError(name)
    start += len(name) + 2
    room = getattr(web, _METHODS[start : _METHODS.find(" ", start)])
    method = getattr(room, name)
    return lambda *args, **kwargs: method(r, *args, **kwargs)


def _cookies(text, r):
    if ", " in text:
        # of several field lines, or a part of a value (RFC 6265 5.4)
        text = ";".join([value for name, value in r.headers.items() if name == "cookie"])
    cookies = {}
    for pair in text.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals and name not in cookies:
            # not [0] and [-1]: see web.response
            if value.startswith('"') and value[-1:] == '"' and value != '"':
                value = value[1:-1]
            cookies[name] = value
    return cookies
