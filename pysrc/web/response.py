# What handlers return, and how it is sent.
from micropython import const

from web.errors import reason
from web.stream import send

_HTTP11 = const(1)
_PIECE = const(1024)  # a body of at most so many bytes leaves with its head
_PIECES = (str, bytes, bytearray, memoryview)
_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _check_token(name):
    for c in name:
        if c not in _TOKEN:
            raise ValueError("name " + repr(name))
    if not name:
        raise ValueError("name is empty")
    return name


def check_value(value):
    """Return a field value as str. Raises ValueError for one that would end its
    line (RFC 9110 5.5)."""
    value = str(value)
    for c in value:
        if c < " " and c != "\t" or c == "\x7f":
            raise ValueError("control character in " + repr(value))
    return value


class Response:
    """A response: body, status and header fields.

    body     str or bytes-like; dict or list, sent as JSON; a generator or an
             asynchronous iterator of str and bytes pieces, sent as they come;
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

    def set_cookie(
        self,
        name,
        value="",
        max_age=None,
        expires=None,
        path="/",
        domain=None,
        secure=False,
        http_only=False,
        same_site=None,
        partitioned=False,
    ):
        """Add a Set-Cookie field (RFC 6265 4.1).

        max_age is in seconds, expires a date as HTTP writes it, same_site 'Strict',
        'Lax' or 'None'. Raises ValueError for what would break out of the field.
        """
        line = _check_token(name) + "=" + _cookie_part(value)
        for attribute, given in (
            ("Max-Age", max_age),
            ("Expires", expires),
            ("Path", path),
            ("Domain", domain),
            ("SameSite", same_site),
        ):
            if given is not None:
                line += "; {}={}".format(attribute, _cookie_part(given, attribute == "Expires"))
        for attribute, given in (
            ("Secure", secure),
            ("HttpOnly", http_only),
            ("Partitioned", partitioned),
        ):
            if given:
                line += "; " + attribute
        lines = self.headers.get("Set-Cookie", [])
        # a new list: the one there may be in the headers of other responses
        self.headers["Set-Cookie"] = (lines if isinstance(lines, list) else [lines]) + [line]

    def delete_cookie(self, name, path="/", domain=None):
        """Have the client forget a cookie."""
        self.set_cookie(
            name, max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT", path=path, domain=domain
        )


def _cookie_part(value, date=False):
    value = check_value(value)
    for c in value:
        if c in ';"\\' or c in " ," and not date or ord(c) > 126:
            raise ValueError("cookie value " + repr(value))
    return value


def redirect(location, status=302):
    """Return a Response that sends the client to another place. Raises ValueError
    for a location with control characters."""
    return Response("", status, {"Location": check_value(location)})


class Stream:
    """A generator that turned out to give pieces: the first one, and the rest."""

    def __init__(self, first, generator):
        self._first = first
        self._generator = generator

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = self._first
        self._first = None
        if item is not None:
            return item
        while True:
            try:
                item = self._generator.send(None)
            except StopIteration:
                raise StopAsyncIteration
            if isinstance(item, _PIECES):
                return item
            yield _to_loop(item)

    def close(self):
        self._generator.close()


def _to_loop(item):
    # what asyncio's own waiting yields
    if item is not None:
        raise TypeError("a piece must be str or bytes, not " + repr(type(item)))
    return item


async def resume(coroutine, item):
    """Run a coroutine that gave item on; return its result, or a Stream as soon as
    it gives a piece.

    MicroPython has one type for generators and coroutines, so what comes out tells:
    str and bytes are pieces, None is for the event loop.
    """
    while not isinstance(item, _PIECES):
        try:
            yield _to_loop(item)
        except BaseException as e:
            thrown = e
        else:
            thrown = None
        try:
            item = coroutine.throw(thrown) if thrown else coroutine.send(None)
        except StopIteration as e:
            return e.value
    return Stream(item, coroutine)


async def call(function, *args):
    """Call what may be a coroutine function or a plain one; return its result, or a
    Stream."""
    result = function(*args)
    if hasattr(result, "send") and hasattr(result, "throw"):
        try:
            item = next(result)
        except StopIteration as e:
            return e.value
        return await resume(result, item)
    return result


def response_of(result, status=200):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    if isinstance(result, tuple):
        if not 2 <= len(result) <= 3 or not isinstance(result[1], int):
            raise TypeError("not (body, status) nor (body, status, headers)")
        response = response_of(result[0])
        response.status = result[1]
        response.headers.update(result[2] if len(result) > 2 else {})
        return response
    if result is None:
        return Response(None, 204 if status == 200 else status)
    return Response(result, status)


# -- sending


def _type_of(body):
    if isinstance(body, (dict, list)):
        return "application/json"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return "application/octet-stream"
    return "text/html; charset=utf-8"


def _field_lines(response, skip):
    """Return the response's field lines (str) but for the names in skip, and a dict
    of those. Raises ValueError for what is no name or value of a field."""
    lines = ""
    skipped = {}
    for name, value in response.headers.items():
        key = _check_token(name).lower()
        for v in value if isinstance(value, list) else (value,):
            if key in skip:
                skipped[key] = check_value(v)
            else:
                lines += name + ": " + check_value(v) + "\r\n"
    return lines, skipped


async def send_response(conn, r, response):
    """Send a Response as the answer to r; conn.closing says whether it is the
    last. Raises ValueError or TypeError, before anything is sent, for what can't
    be sent, OSError when the client is gone."""
    status = response.status
    body = response.body
    lines, own = _field_lines(
        response, ("content-length", "transfer-encoding", "connection", "content-type")
    )
    if "close" in own.get("connection", "").lower() or not r.drainable():
        conn.closing = True
    content = status >= 200 and status != 204 and status != 304
    stream = None
    if hasattr(body, "send"):
        stream = Stream(None, body)
    elif hasattr(body, "__aiter__"):
        stream = body
    elif isinstance(body, (dict, list)):
        import json

        body = json.dumps(body)
    elif body is None:
        body = b""
    elif not isinstance(body, _PIECES):
        raise TypeError("a handler can't return " + repr(type(body)))
    if content and (response.body is not None or "content-type" in own):
        lines += "Content-Type: " + own.get("content-type", _type_of(response.body)) + "\r\n"
    length = int(own["content-length"]) if "content-length" in own and stream else None
    chunked = False
    if stream is None:
        if isinstance(body, str):
            body = memoryview(body)  # its length is in bytes
        length = len(body)
    elif length is None and content:
        chunked = r.flags & _HTTP11
        if chunked:
            lines += "Transfer-Encoding: chunked\r\n"
        else:
            conn.closing = True  # its end is the body's
    if length is not None and content:
        lines += "Content-Length: {}\r\n".format(length)
    lines += _connection(conn, r, own.get("connection"))
    head = "HTTP/1.1 {} {}\r\n{}\r\n".format(status, reason(status), lines).encode()
    if not content or r.method == "HEAD":
        if hasattr(body, "close"):
            body.close()
        await send(conn, head)
    elif stream is None:
        m = 0 if length > _PIECE else length
        await send(conn, head + bytes(body[:m]) if m else head, memoryview(body)[m:])
    else:
        await _send_stream(conn, head, stream, chunked, length)


def _connection(conn, r, options):
    """Return the Connection field's line, which tells whether the connection stays
    where that does not go without saying (RFC 9112 9.6), and other options."""
    own = "close" if conn.closing else "" if r.flags & _HTTP11 else "keep-alive"
    if options and own not in options.lower():
        own += ", " + options
    return "Connection: " + (own or options) + "\r\n" if own or options else ""


async def _send_stream(conn, head, stream, chunked, left):
    """Send head and the pieces of stream: as chunks, or up to `left` bytes, or to
    the connection's end."""
    ended = False
    try:
        if not isinstance(stream, Stream) or stream._first is None:
            await send(conn, head)
            head = b""
        async for piece in stream:
            if not isinstance(piece, _PIECES):
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
