# The opening handshake of a WebSocket (RFC 6455 4.2). A connection has one, so this room
# leaves memory again after each.
from binascii import a2b_base64, b2a_base64

from micropython import const

import web
from web._codec import next_field

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE = const(4)
_EXPECT = const(16)
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


def _check(r, buf):
    """Return a dict of the fields of r, those of the handshake without sec-websocket, and
    the target and the others as they are kept: for as long as the connection is open.
    Raises HTTPException for no handshake (RFC 6455 4.2.1)."""
    head = r._head
    kept = buf[head[6] : head[7]]
    fields = {}
    line = [None, None]
    pos = next_field(buf, head[5], r._end, line)
    while pos:
        name, value = line
        name = name.lower()
        if name[:13] == "sec-websocket":
            name = name[13:]
        elif name not in ("upgrade", "connection"):
            kept += (name + ":" + value + "\r\n").encode()
        fields[name] = fields[name] + ", " + value if name in fields else value
        pos = next_field(buf, pos, r._end, line)
    get = fields.get
    if (
        head[0] != "GET"
        or not head[3] & _UPGRADE
        or "websocket" not in _items(get("upgrade", "").lower())
        or get("-version") != "13"
    ):
        raise web.HTTPException(426, None, _REFUSAL)
    key = get("-key", "")
    try:
        if len(key) != 24 or len(a2b_base64(key)) != 16 or r._left or r._chunks:
            raise ValueError
    except ValueError:
        raise web.HTTPException(400)
    return fields, kept + b"\r\n"


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
    fields, kept = _check(r, buf)
    get = fields.get
    if origins is not None and get("origin") not in origins:
        raise web.HTTPException(403)
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept_key(get("-key").encode())
        + b"\r\n"
    )
    for name in _items(get("-protocol", "")):
        if name in subprotocols:
            ws.subprotocol = name
            answer += b"Sec-WebSocket-Protocol: " + name.encode() + b"\r\n"
            break
    if compress:
        answer += web.deflate.negotiate(ws, get("-extensions", ""), compress)
    if headers:
        lines, own = web.response.split(headers)
        known = "\n" + lines.lower()
        if own or "\nupgrade:" in known or "\nsec-websocket-" in known:
            raise ValueError("headers")
        answer += lines.encode()
    if head[3] & _EXPECT:  # RFC 9110 7.8
        answer = b"HTTP/1.1 100 Continue\r\n\r\n" + answer
    web.stream.admit(conn)
    if not 0 < head[8] < head[5]:  # else there is a Host in the target
        r._buf = kept
        r._end = len(kept)
        head[5:8] = head[7] - head[6], 0, head[7] - head[6]
    else:
        r._buf = buf[: r._end]
    web.incoming.new_buffer(conn, 0)
    ws.queue = answer + b"\r\n"
    ws.queued = len(ws.queue)
    conn.websocket = ws
    conn.turns = 0
    if ping_interval:
        web.waiting.keep(ws, ping_interval, ping_timeout)
