# The opening handshake of WebSocket connections (RFC 6455 4.2).
from binascii import a2b_base64, b2a_base64

from micropython import const

import web
from web.buffers import new_buffer
from web.faults import HTTPException
from web.outgoing import keep

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE = const(4)
_EXPECT = const(16)
_PACKED = const(0x40)
# what no further field line may be
_OWN = ("upgrade", "connection", "content-length", "transfer-encoding", "sec-websocket-")
_UPGRADE_FIELDS = "Upgrade: websocket\r\nConnection: upgrade\r\n"


def accept_key(key):
    """Return the Sec-WebSocket-Accept (bytes) for a key (bytes), RFC 6455 4.2.2."""
    try:
        from hashlib import sha1
    except ImportError:
        from web._sha1 import sha1
    return b2a_base64(sha1(key + _GUID).digest()).strip()


def _items(value):
    return [item.strip() for item in value.split(",")]


def check(r):
    """Return the client's key (bytes). Raises HTTPException (RFC 6455 4.2.1)."""
    get = r.headers.get
    options = [item.lower() for item in _items(get("upgrade", ""))]
    if r.method != "GET" or not r.flags & _UPGRADE or "websocket" not in options:
        raise HTTPException(426, _UPGRADE_FIELDS)
    if get("sec-websocket-version") != "13":
        raise HTTPException(426, _UPGRADE_FIELDS + "Sec-WebSocket-Version: 13\r\n")
    key = get("sec-websocket-key", "").encode()
    try:
        if len(key) == 24 and len(a2b_base64(key)) == 16 and r.length == 0:
            return key
    except ValueError:
        pass
    raise HTTPException(400)


def accept(
    r,
    w,
    ws,
    subprotocols=(),
    origins=None,
    ping_interval=None,
    ping_timeout=10,
    compress=0,
    headers=None,
):
    """Put the answer to the handshake in r into the queue of ws; see
    WebSocket.upgrade()."""
    key = check(r)
    get = r.headers.get
    if origins is not None and get("origin") not in origins:
        raise HTTPException(403)
    head = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept_key(key) + b"\r\n"
    )
    for name in _items(get("sec-websocket-protocol", "")):
        if name in subprotocols:
            ws.subprotocol = name
            head += b"Sec-WebSocket-Protocol: " + name.encode() + b"\r\n"
            break
    if compress:
        agreed = web.deflate.negotiate(get("sec-websocket-extensions", ""), compress)
        if agreed:
            ws.deflate, line = agreed
            ws.special = True
            ws.expect |= _PACKED
            head += line
    if headers:
        head += web.syntax.field_lines(headers, _OWN).encode()
    if r.flags & _EXPECT:  # RFC 9110 7.8
        head = b"HTTP/1.1 100 Continue\r\n\r\n" + head
    conn = w.conn
    web.stream.admit(conn)
    r._buf = conn.buf[: r._end]  # for as long as the connection is open, but no more
    new_buffer(conn, 0)
    keep(ws, head + b"\r\n")
    conn.websocket = ws
    conn.drained = False
    conn.turns = 0
    if ping_interval:
        ws.keep(ping_interval, ping_timeout)
