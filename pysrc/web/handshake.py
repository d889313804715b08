# The opening handshake of a WebSocket (RFC 6455 4.2). A connection has one, so this room
# leaves memory again after each.
from binascii import a2b_base64, b2a_base64

from micropython import const

import web
from web._codec import find_field, next_field

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE = const(4)
_EXPECT = const(16)
# of the handshake, and of pages; Sec-WebSocket-* and Sec-Fetch-*, say, as well
_DROPPED = " accept accept-encoding cache-control connection pragma upgrade "
_REFUSAL = "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"


def accept_key(key):
    """Return the Sec-WebSocket-Accept (bytes) for a key (bytes), RFC 6455 4.2.2."""
    try:
        from hashlib import sha1
    except ImportError:
        from web._sha1 import sha1
    return b2a_base64(sha1(key + _GUID).digest()).strip()


def _items(value):
    return [item.strip() for item in value.split(",")]


def _key(r, buf, start, end):
    """Return the client's key (str). Raises HTTPException for no handshake (RFC 6455 4.2.1)."""
    if (
        r.method != "GET"
        or not r.flags & _UPGRADE
        or "websocket" not in _items((find_field(buf, start, end, "upgrade") or "").lower())
        or find_field(buf, start, end, "sec-websocket-version") != "13"
    ):
        raise web.HTTPException(426, None, _REFUSAL)
    key = find_field(buf, start, end, "sec-websocket-key") or ""
    try:
        if len(key) != 24 or len(a2b_base64(key)) != 16 or r._left or r._chunks:
            raise ValueError
    except ValueError:
        raise web.HTTPException(400)
    return key


def _keep(r, buf):
    """Have r keep its target and fields for as long as the connection is open, but for those
    that tell a WebSocket's handler nothing. The head moves together where it is, in buf
    (bytearray), and takes memory once."""
    head = r._head
    start = head[6]
    at = fields = head[7]
    pos = head[5]
    line = [None, None]
    while pos:
        end = next_field(buf, pos, r._end, line)
        name = line[0].lower()
        if not end or name[:4] != "sec-" and " " + name + " " not in _DROPPED:
            # the last one is the empty line
            kept = buf[pos : end or r._end]
            pos = at + len(kept)
            buf[at:pos] = kept
            at = pos
        pos = end
    r._buf = bytes(memoryview(buf)[start:at])
    r._end = at - start
    head[5:8] = fields - start, 0, fields - start


def accept(
    r,
    conn,
    ws,
    subprotocols=(),
    origins=None,
    ping_interval=None,
    ping_timeout=10,
    compress=0,
    headers=None,
):
    """Put the answer to the handshake in r into the queue of ws; see
    WebSocket.upgrade(). Raises HTTPException (RFC 6455 4.2.1)."""
    web.forget("handshake")
    buf = r._buf or conn.buf
    head = r._head

    start = head[5]
    end = r._end
    key = _key(r, buf, start, end)
    if origins is not None and find_field(buf, start, end, "origin") not in origins:
        raise web.HTTPException(403)
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept_key(key.encode()) + b"\r\n"
    )
    for name in _items(find_field(buf, start, end, "sec-websocket-protocol") or ""):
        if name in subprotocols:
            ws.subprotocol = name
            answer += b"Sec-WebSocket-Protocol: " + name.encode() + b"\r\n"
            break
    if compress:
        offers = find_field(buf, start, end, "sec-websocket-extensions") or ""
        answer += web.deflate.negotiate(ws, offers, compress)
    if headers:
        lines, own = web.response.split(headers)
        known = "\n" + lines.lower()
        if own or "\nupgrade:" in known or "\nsec-websocket-" in known:
            raise ValueError("headers")
        answer += lines.encode()
    if head[3] & _EXPECT:  # RFC 9110 7.8
        answer = b"HTTP/1.1 100 Continue\r\n\r\n" + answer
    web.stream.admit(conn)
    if 0 < head[8] < head[5] or r._buf:  # there is a Host in the target
        r._buf = bytes(memoryview(buf)[: r._end])
    else:
        # who has asked for the headers may look at another buffer than the server's
        _keep(r, buf if buf is conn.server.buf else buf[: r._end])
    web.incoming.new_buffer(conn, 0)
    ws.queue = answer + b"\r\n"
    ws.queued = len(ws.queue)
    conn.websocket = ws
    conn.turns = 0
    if ping_interval:
        web.waiting.keep(ws, ping_interval, ping_timeout)
