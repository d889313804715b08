# How a response is sent.
from micropython import const

import web
from web.errors import reason
from web.response import PIECES
from web.stream import octets, send
from web.syntax import check_token, check_value

_HTTP11 = const(1)
_PIECE = const(1024)  # a body of at most so many bytes leaves with its head
# what the framing of the response depends on, and is not copied from its headers
_OWN = ("connection", "content-length", "content-type", "transfer-encoding")


async def send_response(conn, r, response):
    """Send a Response as the answer to r; conn.closing says whether it is the
    last. Raises ValueError or TypeError, before anything is sent, for what can't
    be sent, OSError when the client is gone."""
    status = response.status
    if not 200 <= status <= 999:
        raise ValueError("status {}".format(status))
    lines, own = _field_lines(response)
    options = [option.strip() for option in own.get("connection", "").lower().split(",")]
    if "close" in options or not r.drainable():
        conn.closing = True
    body = _content(response.body)
    if status == 205:  # RFC 9110 15.3.6
        if hasattr(body, "close"):
            body.close()
        body = b""
    pieces = body is response.body and not isinstance(body, PIECES)
    length = len(body) if not pieces else None
    chunked = False
    empty = status == 204 or status == 304
    if not empty:
        if status != 205 and response.body is not None or "content-type" in own:
            kind = own.get("content-type") or _type_of(response.body)
            lines += "Content-Type: " + kind + "\r\n"
        if pieces and "content-length" in own:
            length = int(own["content-length"])
            if length < 0:
                raise ValueError("Content-Length")
        if length is not None:
            lines += "Content-Length: {}\r\n".format(length)
        elif r.flags & _HTTP11:
            chunked = True
            lines += "Transfer-Encoding: chunked\r\n"
        else:
            conn.closing = True  # its end is the body's
    lines += _connection(conn, r, options)
    head = "HTTP/1.1 {} {}\r\n{}\r\n".format(status, reason(status), lines).encode()
    if empty or r.method == "HEAD":
        if hasattr(body, "close"):
            body.close()
        await send(conn, head)
    elif pieces:
        rest = web.streaming.send_pieces(conn, head, body, chunked, length)
        head = lines = own = None  # which would stay in memory with a client that is slow
        await rest
    elif length <= _PIECE:
        await send(conn, head + bytes(body))
    else:
        await send(conn, head, body)


def _content(body):
    """Return what is sent for a Response's body: bytes-like, or itself if it gives
    pieces. Raises TypeError, ValueError."""
    if hasattr(body, "send") or hasattr(body, "__aiter__"):
        return body
    if body is None:
        return b""
    if isinstance(body, (dict, list)):
        body = _json(body)
    if not isinstance(body, PIECES):
        raise TypeError("a handler can't return " + repr(type(body)))
    return octets(body)  # of a str, too, its length is in bytes


def _json(value):
    import json

    text = json.dumps(value)
    if "nan" in text or "inf" in text:
        _check_finite(value)
    return text


def _check_finite(value):
    # JSON has no infinities and no NaN (RFC 8259 6)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            _check_finite(item)
    elif isinstance(value, float) and value - value != 0:
        raise ValueError("JSON has no " + str(value))


def _type_of(body):
    if isinstance(body, (dict, list)):
        return "application/json"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return "application/octet-stream"
    return "text/html; charset=utf-8"


def _field_lines(response):
    """Return the response's field lines (str) but for those of _OWN, and a dict of
    these. Raises ValueError for what is no name or value of a field."""
    lines = ""
    own = {}
    for name, value in response.headers.items():
        key = check_token(name).lower()
        for v in value if isinstance(value, list) else (value,):
            if key in _OWN:
                own[key] = check_value(v)
            else:
                lines += name + ": " + check_value(v) + "\r\n"
    return lines, own


def _connection(conn, r, options):
    """Return the Connection field's line, which tells whether the connection stays
    where that does not go without saying (RFC 9112 9.6), and other options."""
    own = ["close"] if conn.closing else [] if r.flags & _HTTP11 else ["keep-alive"]
    own += [option for option in options if option not in ("", "close", "keep-alive")]
    return "Connection: " + ", ".join(own) + "\r\n" if own else ""
