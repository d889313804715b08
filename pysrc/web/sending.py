# How a response is sent.
from micropython import const

from web.errors import reason
from web.response import PIECES, Stream
from web.stream import send
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
    pieces = hasattr(body, "__aiter__")
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
        await _send_pieces(conn, head, body, chunked, length)
    elif length <= _PIECE:
        await send(conn, head + bytes(body))
    else:
        await send(conn, head, body)


def _content(body):
    """Return what is sent for a Response's body: bytes-like, or an asynchronous
    iterator. Raises TypeError."""
    if hasattr(body, "send"):
        return Stream(None, body)
    if hasattr(body, "__aiter__"):
        return body
    if body is None:
        return b""
    if isinstance(body, (dict, list)):
        import json

        body = json.dumps(body)
    if not isinstance(body, PIECES):
        raise TypeError("a handler can't return " + repr(type(body)))
    return memoryview(body)  # of a str, too, its length is in bytes


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


async def _send_pieces(conn, head, stream, chunked, left):
    """Send head and the pieces of stream: as chunks, or up to `left` bytes, or to
    the connection's end."""
    ended = False
    try:
        if not isinstance(stream, Stream) or stream.first is None:
            await send(conn, head)
            head = b""
        async for piece in stream:
            if not isinstance(piece, PIECES):
                raise TypeError("a piece must be str or bytes, not " + repr(type(piece)))
            piece = memoryview(piece)
            n = len(piece)
            if n == 0:
                continue  # a chunk without data would be the last one
            if left is not None:
                left -= n
                if left < 0:
                    raise ValueError("more than the Content-Length")
            start = head + b"%x\r\n" % n if chunked else head
            end = b"\r\n" if chunked else b""
            head = b""
            if n <= _PIECE:
                await send(conn, start + bytes(piece) + end)
            else:
                await send(conn, start, piece, end)
        if left:
            raise ValueError("less than the Content-Length")
        if chunked or head:
            await send(conn, head + (b"0\r\n\r\n" if chunked else b""))
        ended = True
    finally:
        if not ended:
            conn.closing = True
        if hasattr(stream, "close"):
            stream.close()
