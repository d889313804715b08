# What handlers return where it has a status, header fields, pieces or no body, and how that
# is sent; and the responses to HEAD.
from micropython import const

import web
from web.conn import SENT, TEXT, CoroutineType, encoded, must_close, octets, put

_HTTP11 = const(1)  # a flag of a head
_NO_TOKEN = b' "(),/:;<=>?@[\\]{}'
# what a response has of its own, or what tells of its framing
_OWN = " connection content-length content-type transfer-encoding "
_CONNECTION = const(0)  # where they are in there
_LENGTH = const(11)
_TYPE = const(26)
_HTML = const(31)  # where the Content-Type begins in TEXT
_HTML_END = const(-18)  # and where it ends

_reasons = {200: "OK"}  # of the statuses that were sent


class Response:
    """A response: body, status and header fields.

    body     str or bytes-like; dict or list, sent as JSON; a generator or an
             asynchronous iterator of str and bytes pieces, sent as they come, small ones
             together; a file, or what else can be read, which is closed;
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
        if name[-7:] != "_cookie":
            raise AttributeError(name)
        method = getattr(web.cookies, name)
        return lambda *args, **kwargs: method(self, *args, **kwargs)


def redirect(location, status=302):
    """Return a Response that sends the client to another place, with what no URL can hold
    percent-encoded (RFC 3986 2). Raises ValueError for a location with control
    characters."""
    location = check(location)
    for c in location.encode():
        if c in b' "<>\\^`{|}' or c > 126:
            location = web.quoting.quote_url(location)
            break
    return Response("", status, {"Location": location})


# -- what handlers return


def _parts_of(result, status=None):
    """Return the body, status and header fields (dict) that a handler's result stands
    for, with that status if it has none. Raises TypeError."""
    given = headers = None
    if isinstance(result, tuple):
        whole = result
        n = len(result)
        if n == 3:
            result, given, headers = result
        elif n == 2:
            result, given = result
            if isinstance(given, dict):
                headers = given
                given = None
                status = status or 200
        if not isinstance(given, int) and (n != 2 or headers is None):
            web.console.unsendable(whole)
    if hasattr(result, "headers"):
        if headers:
            result.headers.update(headers)
        return result.body, result.status if given is None else given, result.headers
    if given is None:
        given = status or (204 if result is None else 200)
    return result, given, headers or {}


def response_of(result, status=None):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    return Response(*_parts_of(result, status))


def respond(conn, r, entry, result):
    """Send what a handler returned. Returns what is to be awaited for the rest, or None."""
    try:
        head, body, rest = _compose(conn, r, entry, result)
    except BaseException as e:
        if entry is False:
            if not isinstance(e, (TypeError, ValueError)):
                raise  # there is no memory or no descriptor for any response
            return respond(conn, r, entry, web.faults.plain(r, e))
        if isinstance(result, tuple) and result:
            result = result[0]
        _close(getattr(result, "body", result))  # a generator that has begun must end
        return failed(conn, r, entry, e)
    return rest or put(conn, bytearray(head), body)


def failed(conn, r, entry, e):
    """The same for what was raised, by a handler or because its result can't be sent."""
    result = web.faults.recover(conn, r, entry, e)
    if type(result) is CoroutineType:
        return web.tasks.later(conn, r, result)
    if result is not SENT:
        # what can't be sent either is answered without error handlers
        return respond(conn, r, False, result)


def _compose(conn, r, entry, result):
    """Return the head (bytes) and the body (bytes-like) that answer r with a result, and
    what is to be awaited instead for pieces; conn.closing says whether it is the
    connection's last response. Raises ValueError or TypeError for what can't be sent."""
    given, status, headers = _parts_of(result)
    if not 200 <= status <= 999:
        raise ValueError("status {}".format(status))
    lines, own = split(headers)
    options = web.lines.options(conn, own[_CONNECTION]) if _CONNECTION in own else ""
    if must_close(r):
        conn.closing = True
    file = hasattr(given, "readinto") or hasattr(given, "read")
    pieces = file or hasattr(given, "send") or hasattr(given, "generator")
    pieces = pieces or hasattr(given, "__aiter__")
    kind, body = b"application/octet-stream" if file else None, b""
    if not pieces and given is not None:
        kind, body = encoded(given)
    if status == 205:  # RFC 9110 15.3.6
        _close(given)
        pieces = False
        given, body = None, b""
    length = len(body)
    if pieces:
        # a sign behind the 0 is a ValueError
        length = web.readable.size(given) if file else None
        if _LENGTH in own:
            length = int("0" + own[_LENGTH])
    chunked = False
    empty = status == 204 or status == 304
    if not empty:
        kind = own.get(_TYPE) or given is not None and str(kind or TEXT[_HTML:_HTML_END], "utf-8")
        if kind:
            lines += "Content-Type: " + kind + "\r\n"
        if length is not None:
            lines += "Content-Length: {}\r\n".format(length)
        elif r.flags & _HTTP11:
            chunked = True
            lines += "Transfer-Encoding: chunked\r\n"
        else:
            conn.closing = True  # its end is the body's
    # the Connection field tells whether the connection stays where that does not go
    # without saying (RFC 9112 9.6), and other options
    said = "close" if conn.closing else "" if r.flags & _HTTP11 else "keep-alive"
    said = (said + options).lstrip(", ")
    if said:
        lines += "Connection: " + said + "\r\n"
    head = "HTTP/1.1 {} {}\r\n{}\r\n".format(status, reason(status), lines).encode()
    if empty or r.method == "HEAD":
        _close(given)
        return head, b"", None
    if pieces:
        send = web.readable.respond if file else web.streaming.send_pieces
        return head, b"", send(conn, r, entry, head, given, chunked, length)
    return head, body, None


def _close(body):
    if hasattr(body, "close"):
        body.close()


def reason(status):
    """Return a status' reason phrase (str), '' for one without."""
    if status not in _reasons:
        try:
            _reasons[status] = web.reasons.reason(status)
        except Exception:
            return ""  # there is no memory or no descriptor to load it
    return _reasons[status]


# -- field lines (RFC 9110 5)


def check(text, name=False):
    """Return a field's value (str or bytes), or its name. Raises ValueError for a value that
    would end its line (RFC 9110 5.5), a name that is no token (5.6.2), or what can't be
    UTF-8."""
    # each character of a str would be a name that stays in memory
    for c in octets(text) if text or not name else b"\0":
        if c < 32 and (name or c != 9) or c > 126 and (name or c == 127) or name and c in _NO_TOKEN:
            # a value may be a secret
            raise ValueError("field " + (repr(text) if name else "with a control character"))
    return text


def split(headers):
    """Return the field lines (str) of a dict by name, with a list for a field with several,
    but for those of _OWN, and a dict of these by where they are in there. Raises ValueError
    for what is no name or value of a field."""
    lines = ""
    own = {}
    for name, value in headers.items():
        key = check(name, True).lower()
        for v in value if isinstance(value, list) else (value,):
            if v is None:
                raise TypeError(name + ": the value is None")
            v = check(str(v))
            at = _OWN.find(" " + key + " ")
            if at >= 0:
                own[at] = v
            else:
                lines += name + ": " + v + "\r\n"
    return lines, own
