# The responses that have a status, header fields, pieces, or no body, and those to HEAD.
from micropython import const

import web
from web.conn import PIECES, SENT, Coroutine, must_close, octets

_HTTP11 = const(1)
_PIECE = const(1024)  # a body of at most so many bytes leaves with its head


def respond(conn, r, entry, result):
    """Send what a handler returned. Returns what is to be awaited for the rest, or None."""
    try:
        head, body, rest = _compose(conn, r, entry, result)
    except BaseException as e:
        if entry is False:
            if not isinstance(e, (TypeError, ValueError)):
                raise  # there is no memory or no descriptor for any response
            return respond(conn, r, entry, web.faults.plain(r, e))
        _close(getattr(result, "body", result))  # a generator that has begun must end
        return failed(conn, r, entry, e)
    if rest:
        return rest
    if len(body) > _PIECE:
        return web.stream.send(conn, head, body)
    head += body
    n = conn.sock.write(head) or 0
    if n < len(head):
        conn.sent = True
        return web.stream.send(conn, head[n:])


def failed(conn, r, entry, e):
    """The same for what was raised, by a handler or because its result can't be sent."""
    result = web.faults.recover(conn, r, entry, e)
    if type(result) is Coroutine:
        return web.tasks.later(conn, r, result)
    if result is not SENT:
        # what can't be sent either is answered without error handlers
        return respond(conn, r, False, result)


def parts_of(result, status=None):
    """Return the body, status and header fields (dict) that a handler's result stands
    for, with that status if it has none. Raises TypeError."""
    headers = None
    if isinstance(result, tuple):
        n = len(result)
        if n == 2 and isinstance(result[1], dict):
            result, headers = result
            if status is None and not hasattr(result, "headers"):
                status = 200
        elif 2 <= n <= 3 and isinstance(result[1], int):
            status = result[1]
            if n > 2:
                headers = result[2]
            result = result[0]
        else:
            raise TypeError("not (body, status), (body, headers) nor (body, status, headers)")
    elif hasattr(result, "headers"):
        status = None
    if hasattr(result, "headers"):
        if headers:
            result.headers.update(headers)
        return result.body, result.status if status is None else status, result.headers
    if status is None:
        status = 204 if result is None else 200
    return result, status, headers or {}


def _compose(conn, r, entry, result):
    """Return the head (bytes) and the body (bytes-like) that answer r with a result, and
    what is to be awaited instead for pieces; conn.closing says whether it is the
    connection's last response. Raises ValueError or TypeError for what can't be sent."""
    given, status, headers = parts_of(result)
    if not 200 <= status <= 999:
        raise ValueError("status {}".format(status))
    body = _content(given)
    lines = ""
    options = own = ()
    if headers:
        lines, own = web.response.split(headers)
        options = [option.strip() for option in own.get("connection", "").lower().split(",")]
    if "close" in options or must_close(r):
        conn.closing = True
    empty = status == 204 or status == 304
    pieces = body is given and not isinstance(body, PIECES)
    if status == 205:  # RFC 9110 15.3.6
        _close(body)
        body = b""
        pieces = False
    length = None if pieces else len(body)
    chunked = False
    if not empty:
        if status != 205 and given is not None or "content-type" in own:
            kind = "content-type" in own and own["content-type"] or _type_of(given)
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
    # the Connection field tells whether the connection stays where that does not go
    # without saying (RFC 9112 9.6), and other options
    said = ["close"] if conn.closing else [] if r.flags & _HTTP11 else ["keep-alive"]
    said += [option for option in options if option not in ("", "close", "keep-alive")]
    if said:
        lines += "Connection: " + ", ".join(said) + "\r\n"
    reason = "OK" if status == 200 else web.faults.reason(status)
    head = "HTTP/1.1 {} {}\r\n{}\r\n".format(status, reason, lines).encode()
    if empty or r.method == "HEAD":
        _close(body)
        return head, b"", None
    if pieces:
        return head, b"", web.streaming.send_pieces(conn, r, entry, head, body, chunked, length)
    return head, body, None


def _close(body):
    if hasattr(body, "close"):
        body.close()


def _content(body):
    """Return what is sent for a response's body: bytes-like, or itself if it gives
    pieces. Raises TypeError, ValueError."""
    if hasattr(body, "send") or hasattr(body, "__aiter__"):
        return body
    if body is None:
        return b""
    if isinstance(body, (dict, list)):
        from json import dumps

        value = body
        body = dumps(value)
        if "nan" in body or "inf" in body:
            web.decoding.check_finite(value)
    if not isinstance(body, PIECES):
        raise TypeError("a handler can't return " + repr(type(body)))
    return octets(body)  # of a str, too, its length is in bytes


def _type_of(body):
    if isinstance(body, (dict, list)):
        return "application/json"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return "application/octet-stream"
    return "text/html; charset=utf-8"
