# A WebSocket client (RFC 6455 4.1).
import os
from asyncio import core
from binascii import b2a_base64

from micropython import const

import web
from web._codec import utf8
from web.app import App
from web.buffers import fill, new_buffer
from web.conn import Connection, reserve
from web.control import unwatch
from web.handshake import _items, accept_key
from web.stream import begin_wait, cancelled, send_now
from web.syntax import check_token, check_value
from web.websocket import WebSocket

_MAX_HEAD = const(4096)  # bytes of a server's answer
_BUFFER = const(768)
_PACKED = const(0x40)
_EINPROGRESS = (115, 119, 36, 10035)  # of Linux and lwIP, ESP-IDF, macOS, Windows
_PORTS = {"ws": 80, "wss": 443}

# Its clock watches over the clients' deadlines.
_clients = App(max_connections=4)


class HandshakeError(Exception):
    """A server's answer is none that opens a WebSocket.

    status  int of the answer: 101 where that is not the fault; 0 where it is not HTTP/1.1
    """

    def __init__(self, status, what):
        super().__init__("{} ({})".format(what, status))
        self.status = status


class _Client(WebSocket):
    """The client's end of a connection: it masks its frames, and closes the socket."""

    def __init__(self, conn, max_message):
        super().__init__(conn, max_message)
        self.expect = 0
        self.special = True
        self._lingers = False

    def end(self, code):
        if self.close_code is None:
            super().end(code)
            if not self._lingers:
                _forget(self.conn)

    async def fail(self, code):
        self._lingers = True
        try:
            await super().fail(code)
        finally:
            _forget(self.conn)

    def abort(self):
        super().abort()
        self.end(1006)


def _forget(conn):
    if conn.sock:
        _clients.forget(conn)


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
    secure, host, port, target = _parse(url)
    key = b2a_base64(os.urandom(16)).strip()
    head = _request(host, port, secure, target, key, subprotocols, origin, headers, compress)
    if secure:
        ssl = web.trust.judge(ssl, verify)
    conn = _open(host, port, timeout)
    try:
        await _writable(conn)  # when it is connected
        if secure:
            web.trust.secure(conn, ssl, host)
        await _send(conn, head)
        ws = _Client(conn, max_message)
        await _answer(conn, ws, key, subprotocols, compress)
    except BaseException as e:
        # cancelled by the clock in between, or for good
        expired = conn.expired
        _forget(conn)
        if expired and not isinstance(e, Exception):
            raise OSError(110)  # ETIMEDOUT
        raise web.trust.explain(e) if secure else e
    conn.deadline = conn.task = None
    conn.websocket = ws
    if ping_interval:
        ws.keep(ping_interval, ping_timeout)
    return ws


# -- the request


def _parse(url):
    """Return whether url is of wss, its host, port, and origin-form. Raises
    ValueError."""
    scheme, _, rest = url.partition("://")
    port = _PORTS.get(scheme.lower())
    if port is None or " " in check_value(rest) or "\t" in rest or "#" in rest:
        raise ValueError("url")
    end = len(rest)
    for mark in "/?":
        at = rest.find(mark)
        if 0 <= at < end:
            end = at
    target = rest[end:]
    host = rest[:end]
    if "@" in host:
        raise ValueError("url: credentials")
    name, bracket, tail = host.partition("]")
    if not bracket:
        name, _, tail = host.partition(":")
        tail = host[len(name) :]
    elif name[:1] == "[":
        name = name[1:]
    if tail:
        if tail[0] != ":" or not tail[1:].isdigit() or not 0 < int(tail[1:]) < 65536:
            raise ValueError("url: port")
        port = int(tail[1:])
    if not name:
        raise ValueError("url: host")
    return scheme.lower() == "wss", name, port, target if target[:1] == "/" else "/" + target


def _request(host, port, secure, target, key, subprotocols, origin, headers, compress):
    where = "[" + host + "]" if ":" in host else host
    if port != _PORTS["wss" if secure else "ws"]:
        where += ":{}".format(port)
    fields = [
        ("Host", where),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key.decode()),
    ]
    if origin is not None:
        fields.append(("Origin", origin))
    if subprotocols:
        fields.append(("Sec-WebSocket-Protocol", ", ".join(map(check_token, subprotocols))))
    fields += headers.items() if isinstance(headers, dict) else headers
    head = "GET " + target + " HTTP/1.1\r\n"
    for name, value in fields:
        head += check_token(name) + ": " + check_value(value) + "\r\n"
    if compress:
        head += web.deflate.offer(compress)
    head = (head + "\r\n").encode()
    if utf8(head, 0, len(head), 0):  # of lone surrogates
        raise ValueError("no UTF-8")
    return head


# -- the connection


def _open(host, port, timeout):
    """Begin to connect. Raises OSError."""
    import socket

    if _clients.queue is not core._io_queue:  # what there is is an earlier event loop's
        unwatch(_clients)
        _clients.queue = core._io_queue
        _clients.connections = []
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(address[0])
    try:
        sock.setblocking(False)
        try:
            sock.setsockopt(6, 1, 1)  # TCP_NODELAY
        except OSError:
            pass
        try:
            sock.connect(address[-1])
        except OSError as e:
            if e.errno not in _EINPROGRESS:
                raise
        conn = Connection(_clients, sock, address[-1])
        conn.deadline = _clients.clock + int(timeout * 4) + 1
        conn.task = core.cur_task
        conn.entry = [None, None, sock]
        conn.buf = bytearray(_BUFFER)
        reserve.extend([None] * (len(_clients.connections) + 28 - len(reserve)))
    except BaseException:
        sock.close()
        raise
    _clients.connections.append(conn)
    _clients.attend()
    return conn


async def _writable(conn):
    begin_wait(conn, 1)
    try:
        yield
    except core.CancelledError:
        cancelled(conn, 1)
        raise


async def _send(conn, head):
    # not web.stream's send(), which has its own time limit for each wait
    sent = 0
    while True:
        sent += send_now(conn, memoryview(head)[sent:], len(head) - sent)
        if sent == len(head):
            break
        await _writable(conn)


# -- the answer


async def _answer(conn, ws, key, subprotocols, compress):
    """Receive the server's answer. Raises HandshakeError, OSError."""
    conn.pos = conn.end = 0
    head = None
    while head is None:
        n = await fill(conn, 0, _MAX_HEAD)
        if n == 0:
            raise OSError(104)  # ECONNRESET
        if n < 0:
            raise HandshakeError(0, "head too long")
        head = _head(conn)
    status, fields = _fields(head)
    _check(ws, status, fields, key, subprotocols, compress)
    new_buffer(conn, 0)


def _head(conn):
    """Take the head from the buffer when it is whole; what is no head at all is not
    waited for."""
    text = bytes(memoryview(conn.buf)[: conn.end])
    if text[:7] != b"HTTP/1."[: len(text)]:
        raise HandshakeError(0, "no HTTP/1.1")
    end = text.find(b"\r\n\r\n")
    if end < 0:
        return None
    conn.pos = end + 4
    try:
        return str(text[:end], "utf-8")
    except UnicodeError:
        raise HandshakeError(0, "no text")


def _fields(head):
    """Return the status and a dict of the field lines of a head."""
    lines = head.split("\r\n")
    status = lines[0][9:12]
    if not status.isdigit() or len(status) < 3 or lines[0][12:13] not in ("", " "):
        raise HandshakeError(0, "no status")
    status = int(status)
    if status == 101 and lines[0][:9] != "HTTP/1.1 ":
        raise HandshakeError(status, "no HTTP/1.1")
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        try:
            if not colon:
                raise ValueError
            name = check_token(name).lower()
            value = check_value(value).strip()
        except ValueError:
            raise HandshakeError(status, "field line")
        fields[name] = fields[name] + ", " + value if name in fields else value
    return status, fields


def _check(ws, status, fields, key, subprotocols, compress):
    """Check an answer (RFC 6455 4.1), and take what was agreed upon to ws."""
    get = fields.get
    if status != 101:
        raise HandshakeError(status, "no switching")
    options = _items(get("connection", "").lower())
    if get("upgrade", "").lower() != "websocket" or "upgrade" not in options:
        raise HandshakeError(status, "no upgrade")
    if get("sec-websocket-accept", "") != accept_key(key).decode():
        raise HandshakeError(status, "accept")
    ws.subprotocol = get("sec-websocket-protocol")
    if ws.subprotocol is not None and ws.subprotocol not in subprotocols:
        raise HandshakeError(status, "subprotocol")
    extensions = get("sec-websocket-extensions")
    if extensions is not None:
        try:
            if not compress:
                raise ValueError
            ws.deflate = web.deflate.agree(extensions, compress)
        except ValueError:
            raise HandshakeError(status, "extension")
        ws.expect |= _PACKED
