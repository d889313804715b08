# Responses that the server gives of itself, for requests that no handler answers.
import asyncio
import time

from micropython import const

_DISCARD_BYTES = const(65536)
_DISCARD_MS = const(2000)
_PAUSE_MS = const(200)

_REASONS = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    426: "Upgrade Required",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class HTTPException(Exception):
    """Raised in a handler: answer with this status instead.

    status   int
    headers  str, further field lines, each ended by CRLF

    Raises ValueError when headers are not such lines.
    """

    def __init__(self, status, headers=""):
        super().__init__(status)
        lines = headers.split("\r\n")
        for line in lines[:-1]:
            if ":" not in line or "\r" in line or "\n" in line:
                raise ValueError("field line")
        if lines[-1]:
            raise ValueError("field line without CRLF")
        self.status = status
        self.headers = headers


async def refuse(conn, status, headers="", head=False):
    """Answer with an error status and the connection's end."""
    reason = _REASONS.get(status, "Error")
    body = ""
    # RFC 9110 8.6: these have no content, and no length of it
    if status >= 200 and status != 204 and status != 304:
        headers += "Content-Type: text/plain\r\nContent-Length: {}\r\n".format(len(reason))
        body = "" if head else reason
    conn.discard()
    await conn.send(
        "HTTP/1.1 {} {}\r\nConnection: close\r\n{}\r\n{}".format(
            status, reason, headers, body
        ).encode()
    )


async def linger(conn, left):
    """Take up to `left` bytes that the client is still sending, until it pauses.

    Closing a socket with unread data resets the connection, and the reset may
    overtake the response (RFC 9112 9.6).
    """
    left = min(left, _DISCARD_BYTES)
    start = time.ticks_ms()
    try:
        while left > 0 and time.ticks_diff(time.ticks_ms(), start) < _DISCARD_MS:
            n = await asyncio.wait_for_ms(conn.receive_into(conn.buf), _PAUSE_MS)
            if not n:
                break
            left -= n
    except (OSError, asyncio.TimeoutError):
        pass
