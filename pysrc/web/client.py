# A WebSocket client (RFC 6455 4.1). What it sends and receives are heads like those of
# requests, so the parser of these looks at both.
import os
from asyncio import core
from binascii import b2a_base64

from micropython import const

import web
from web._codec import find_field, parse_head
from web.app import App
from web.buffers import fill
from web.conn import Connection, octets
from web.incoming import mask, new_buffer, scratch
from web.poll import begin_wait
from web.stream import send_now
from web.websocket import WebSocket, put, ws_build

_MAX_HEAD = const(4096)  # bytes of a server's answer
_MAX_TARGET = const(65536)
_ANSWER = const(768)  # bytes of the answer to the handshake that are read at once
_UPGRADE = const(4)  # flag of a head
_PACKED = const(0x40)
_SPECIAL = const(2)  # see web.websocket
_CHUNK = const(1024)  # bytes of a long message that are masked at once
_EINPROGRESS = (115, 119, 36, 10035)  # of Linux and lwIP, ESP-IDF, macOS, Windows

_clients = None  # an App, whose clock watches over the clients' deadlines


class HandshakeError(Exception):
    """A server's answer is none that opens a WebSocket.

    status  int of the answer: 101 where that is not the fault; 0 where it is not HTTP/1.1
    """

    def __init__(self, status, what):
        super().__init__("{} ({})".format(what, status))
        self.status = status


def _masked(key, data, done):
    chunk = bytearray(_CHUNK)
    while done < len(data):
        n = min(_CHUNK, len(data) - done)
        chunk[:n] = data[done : done + n]
        mask(chunk, 0, n, key, done)
        yield memoryview(chunk)[:n]
        done += n


class _Client(WebSocket):
    """The client's end of a connection: it masks its frames, and closes the socket."""

    lingers = False

    def send_frame(self, first, data):
        # a masked one (RFC 6455 5.3)
        n = len(data)
        key = os.urandom(4)
        out = scratch(n)
        end = ws_build(out, first, data, key)
        start = 6 if n < 126 else 8 if n < 65536 else 14
        mask(out, start, end, key, 0)
        done = end - start
        if n == done or not self.open:
            return put(self, out, end)
        rest = _masked(key, memoryview(data), done)
        return web.outgoing.send_parts(self, bytes(memoryview(out)[:end]), rest)

    def end(self, code):
        super().end(code)
        if not self.lingers:
            _forget(self.conn)

    def abort(self):
        web.closing.abort(self)
        self.end(1006)


def _forget(conn):
    if conn.sock:
        conn.server.forget(conn)


async def connect(
    url,
    *,
    subprotocols=(),
    origin=None,
    headers=(),
    max_message=65536,
    ping_interval=None,
    ping_timeout=10,
    timeout=10,
    ssl=None,
    verify=True,
    compress=0,
):
    """Connect to the WebSocket server at url, ws:// or wss://, and return a WebSocket.

    subprotocols  str names to choose from
    origin        str of the field Origin, None for none
    headers       dict or (name, value) pairs of str, further field lines
    max_message   most bytes of a message, else the connection is closed with 1009
    ping_interval seconds without a frame after which a ping is sent, None for none
    ping_timeout  seconds more after which the server is taken for dead
    timeout       seconds for connection and handshake; looking up the host's name
                  takes what it takes
    ssl           the ssl.SSLContext for wss://, which has the certificate of the
                  server's authority. Without one no certificate is trusted
    verify        whether the server's certificate has to be of such an authority, and
                  for the host of url. The context's verify_mode is set to it
    compress      permessage-deflate with windows of 2**compress bytes, 9 to 15; 0 for none

    Raises ValueError for what can't be a URL or a field, OSError when there is no
    connection in time or no trust, HandshakeError when the server's answer is another.
    """
    key = b2a_base64(os.urandom(16)).strip()
    secure, host, port, data = _request(url, key, subprotocols, origin, headers, compress)
    ssl = web.trust.judge(ssl, verify) if secure else None
    conn = _open(host, port, timeout)
    try:
        await _send(conn, data, ssl, host)
        ws = await _answer(conn, max_message, key, subprotocols, compress)
    except BaseException as e:
        # cancelled by the clock: ETIMEDOUT
        fault = OSError(110) if conn.expired else e
        _forget(conn)
        raise web.trust.explain(fault) if secure else fault
    conn.deadline = conn.task = None
    conn.websocket = ws
    if ping_interval:
        web.waiting.keep(ws, ping_interval, ping_timeout)
    return ws


def _request(url, key, subprotocols, origin, headers, compress):
    """Return whether url is of wss, its host and port, and the head to send. Raises
    ValueError."""
    scheme, _, rest = url.partition("://")
    secure = scheme.lower() == "wss"
    host = rest.replace("?", "/").split("/", 1)[0]
    target = rest[len(host) :]
    name, colon, port = host.rpartition(":")
    if not colon or port[-1:] == "]":
        name = host
        port = 443 if secure else 80
    if not secure and scheme.lower() != "ws" or not name or "#" in rest:
        raise ValueError("url")
    if not 0 < int(port) < 65536:
        raise ValueError("url: port")
    fields = list(headers.items() if isinstance(headers, dict) else headers)
    if origin is not None:
        fields.append(("Origin", origin))
    if subprotocols:
        fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    data = (
        "GET {}{} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n"
    ).format("" if target[:1] == "/" else "/", target, host, key.decode())
    for field in fields:
        data += "{}: {}\r\n".format(*field)
    if compress:
        data += web.deflate.offer(compress)
    data += "\r\n"
    lines = data.count("\n") - len(fields) - bool(compress)
    data = octets(data)
    head = [None] * 10
    if lines != 7 or parse_head(data, 0, len(data), _MAX_TARGET, 99, head) != len(data):
        raise ValueError("url or field")  # or more than one in what should be one
    return secure, name.strip("[]"), int(port), data


def _open(host, port, timeout):
    """Return a Connection with a socket that is to be connected. Raises OSError."""
    global _clients
    if _clients is None or _clients.queue is not core._io_queue:
        # or what there is is an earlier event loop's
        _clients = App(max_connections=4)
        _clients.queue = core._io_queue
        web.forget("setup")  # which made it
    import socket

    address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    conn = Connection(_clients, socket.socket(address[0]), address[-1])
    conn.deadline = _clients.clock + int(timeout * 4) + 1
    conn.task = core.cur_task
    conn.buf = bytearray(_ANSWER)
    _clients.connections.append(conn)
    _clients.attend()
    return conn


async def _send(conn, data, ssl, host):
    """Connect, and send the head. Raises OSError."""
    sock = conn.sock
    sock.setblocking(False)
    try:
        sock.setsockopt(6, 1, 1)  # TCP_NODELAY
    except OSError:
        pass
    try:
        sock.connect(conn.addr)
    except OSError as e:
        if e.errno not in _EINPROGRESS:
            raise
    # not web.stream's send(), which has its own time limit for each wait
    while data:
        begin_wait(conn, 1)
        yield
        if ssl and not conn.raw:
            web.trust.secure(conn, ssl, host)
        data = data[send_now(conn, data, len(data)) :]


async def _answer(conn, max_message, key, subprotocols, compress):
    """Receive the server's answer, check it (RFC 6455 4.1), and return the WebSocket, with
    what was agreed upon. Raises HandshakeError, OSError."""
    end = -1
    while end < 0:
        n = await fill(conn, 0, _MAX_HEAD)
        if n == 0:
            raise OSError(104)  # ECONNRESET
        text = bytes(memoryview(conn.buf)[: conn.end])
        if n < 0 or text[:7] != b"HTTP/1."[: len(text)]:
            raise HandshakeError(0, "no head of HTTP/1.1")
        end = text.find(b"\r\n\r\n")
    conn.pos = end = end + 4
    status = text[9:12]
    if not status.isdigit() or text[12] not in b" \r":
        raise HandshakeError(0, "no status")
    status = int(status)
    # its field lines as those of a request, which are parsed and checked already
    data = b"GET / HTTP/1.1\r\nHost:a\r\n" + text[text.find(b"\n") + 1 : end]
    head = [None] * 10
    end = parse_head(data, 0, len(data), 9, _MAX_HEAD, head)
    if status != 101 or text[:9] != b"HTTP/1.1 " or end <= 0 or not head[3] & _UPGRADE:
        raise HandshakeError(status, "no upgrade")
    start = head[5]
    accept = web.handshake.accept_key(key).decode()
    web.forget("handshake")
    if (find_field(data, start, end, "upgrade") or "").lower() != "websocket" or find_field(
        data, start, end, "sec-websocket-accept"
    ) != accept:
        raise HandshakeError(status, "no WebSocket")
    ws = _Client(conn, max_message)
    ws.expect = _SPECIAL
    ws.subprotocol = name = find_field(data, start, end, "sec-websocket-protocol")
    if name is not None and name not in subprotocols:
        raise HandshakeError(status, "subprotocol")
    extensions = find_field(data, start, end, "sec-websocket-extensions")
    if extensions is not None:
        try:
            if not compress:
                raise ValueError
            ws.deflate = web.deflate.agree(extensions, compress)
        except ValueError:
            raise HandshakeError(status, "extension")
        ws.expect |= _PACKED
    new_buffer(conn, 0)
    return ws
