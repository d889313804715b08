# WebSocket connections (RFC 6455), the server's side.
import asyncio
from binascii import a2b_base64, b2a_base64

from micropython import const

from web._codec import mask, utf8, ws_build, ws_parse
from web.errors import HTTPException

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE = const(4)
_FIN = const(0x80)
_CONT = const(0)
_TEXT = const(1)
_BYTES = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_TYPES = {_TEXT: "text", _BYTES: "bytes", _CLOSE: "close", _PING: "ping", _PONG: "pong"}
_HEADER = const(14)
_PIECE = const(1024)  # a shorter frame is sent from one buffer


def accept_key(key):
    """Return the Sec-WebSocket-Accept (bytes) for a key (bytes), RFC 6455 4.2.2."""
    try:
        from hashlib import sha1
    except ImportError:
        from web._sha1 import sha1
    return b2a_base64(sha1(key + _GUID).digest()).strip()


def _check_handshake(r):
    """Return the client's key (bytes). Raises HTTPException (RFC 6455 4.2.1)."""
    get = r.headers.get
    options = [e.strip().lower() for e in get("upgrade", "").split(",")]
    if r.method != "GET" or not r.flags & _UPGRADE or "websocket" not in options:
        raise HTTPException(426, "Upgrade: websocket\r\n")
    if get("sec-websocket-version") != "13":
        raise HTTPException(426, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
    key = get("sec-websocket-key", "").encode()
    try:
        if len(key) == 24 and len(a2b_base64(key)) == 16:
            return key
    except ValueError:
        pass
    raise HTTPException(400)


class WebSocket:
    """A WebSocket connection, made by `await WebSocket.upgrade(r, w)`.

    open        whether messages can still be sent
    close_code  int why it ended, None before
    """

    def __init__(self, r, w, max_message=65536):
        self._conn = w
        self._max = max_message
        self._kind = 0  # opcode of the message that is arriving in fragments
        self._data = None  # what has arrived of it
        self._utf8 = 0
        self._head = [0, 0, 0]
        self._key = bytearray(4)
        self._lock = asyncio.Lock()
        self.open = True
        self.close_code = None

    @classmethod
    async def upgrade(cls, r, w, max_message=65536):
        """Answer the handshake in r and return the WebSocket.

        max_message is the most bytes of a message, else it is closed with 1009.
        Raises HTTPException when r is no valid handshake.
        """
        key = _check_handshake(r)
        await w.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n"
        )
        w.websocket = ws = cls(r, w, max_message)
        return ws

    # -- receiving

    async def recv(self):
        """Return the next event, or None when the connection is over.

        An event is {'type': 'text' | 'bytes' | 'ping' | 'pong' | 'close',
        'data': str for text, else bytes, 'fin': True}. Fragments come as one
        message; a ping was answered before it is returned.
        """
        while self.close_code is None:
            try:
                event = await self._receive_frame()
            except (OSError, EOFError):
                self.open = False
                self._end(1006)
                break
            if event is not None:
                return event
        return None

    async def _receive_frame(self):
        """Take in one frame. Returns an event, or None for a message's part."""
        conn = self._conn
        head = self._head
        while True:
            used = ws_parse(conn.buf, conn.pos, conn.end, True, 0, head)
            if used < 0:
                return await self._fail(-used)
            if used:
                break
            if not await self._fill():
                raise EOFError
        for i in range(4):
            self._key[i] = conn.buf[head[2] + i]
        conn.pos += used
        opcode = head[0] & 15
        if opcode & 8:
            return await self._control(opcode, head[1])
        if (opcode == _CONT) != (self._kind != 0):
            return await self._fail(1002)
        if opcode:
            self._kind = opcode
            self._data = None
        return await self._message_part(head[0] & _FIN, head[1])

    async def _fill(self):
        conn = self._conn
        if conn.pos and conn.pos != conn.end:
            # part of a header: there is room behind it once it is moved up
            n = conn.end - conn.pos
            conn.buf[:n] = conn.buf[conn.pos : conn.end]
            conn.pos = 0
            conn.end = n
        return await conn.fill(0, len(conn.buf))

    async def _message_part(self, fin, length):
        old = self._data
        start = len(old) if old else 0
        if start + length > self._max:
            return await self._fail(1009)
        data = bytearray(start + length)
        if start:
            data[:start] = old
        old = self._data = None
        if not await self._payload(data, start, self._kind == _TEXT):
            return await self._fail(1007)
        if not fin:
            self._data = data
            return None
        kind = self._kind
        self._kind = 0
        if kind == _TEXT:
            if self._utf8:
                return await self._fail(1007)
            data = str(data, "utf-8")
        else:
            data = bytes(data)
        return {"type": _TYPES[kind], "data": data, "fin": True}

    async def _payload(self, data, start, is_text):
        """Fill data[start:], unmasked as it arrives. Returns False as soon as a
        text can't be UTF-8 any more."""
        conn = self._conn
        view = memoryview(data)
        at = start
        while at < len(data):
            n = min(conn.end - conn.pos, len(data) - at)
            if n:
                data[at : at + n] = memoryview(conn.buf)[conn.pos : conn.pos + n]
                conn.pos += n
            else:
                n = await conn.receive_into(view[at:])
                if not n:
                    raise EOFError
            mask(data, at, at + n, self._key, at - start)
            if is_text:
                self._utf8 = utf8(data, at, at + n, self._utf8)
                if self._utf8 < 0:
                    return False
            at += n
        return True

    async def _control(self, opcode, length):
        data = bytearray(length)
        await self._payload(data, 0, False)
        data = bytes(data)
        if opcode == _CLOSE:
            code = _close_code(data)
            if code == 1002 or code == 1007:
                return await self._fail(code)
            await self._send_close(data[:2])
            self._end(code)
        elif opcode == _PING and self.open:
            await self._send_frame(_PONG, data)
        return {"type": _TYPES[opcode], "data": data, "fin": True}

    # -- sending

    async def send(self, msg):
        """Send a message: str as text, bytes-like as binary. Raises OSError when
        the connection is over."""
        if not self.open:
            raise OSError(32)  # EPIPE
        if isinstance(msg, str):
            await self._send_frame(_TEXT, msg.encode())
        else:
            await self._send_frame(_BYTES, msg)

    async def close(self, code=1000, reason=""):
        """Say that nothing more will be sent. The close event that recv() returns
        then is the other side's answer."""
        if self.open:
            await self._send_close(bytes((code >> 8, code & 255)) + reason.encode())

    async def _send_close(self, payload):
        if self.open:
            self.open = False
            await self._send_frame(_CLOSE, payload)

    async def _send_frame(self, opcode, data):
        n = len(data)
        frame = bytearray(_HEADER + min(n, _PIECE))
        at = ws_build(frame, _FIN | opcode, n, None)
        m = min(n, _PIECE)
        view = memoryview(data)
        frame[at : at + m] = view[:m]
        # frames must not mix when several tasks send
        async with self._lock:
            await self._conn.send(memoryview(frame)[: at + m])
            if m < n:
                await self._conn.send(view[m:])

    async def _fail(self, code):
        """End the connection for the peer's fault."""
        self._end(code)
        try:
            await self._send_close(bytes((code >> 8, code & 255)))
            from web.errors import linger

            await linger(self._conn, self._max)
        except OSError:
            pass
        return None

    def _end(self, code):
        self.close_code = code
        self._data = None


def _close_code(payload):
    """The code in a close frame (RFC 6455 7.4), 1005 without one; 1002 or 1007
    when the peer may not send it so."""
    n = len(payload)
    if n == 0:
        return 1005
    code = payload[0] << 8 | payload[1] if n > 1 else 0
    if utf8(payload, 2, n, 0) if n > 1 else 0:
        return 1007
    if 1000 <= code <= 1014 and not 1004 <= code <= 1006 or 3000 <= code <= 4999:
        return code
    return 1002
