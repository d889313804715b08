# WebSocket connections (RFC 6455), the server's side.
from binascii import a2b_base64, b2a_base64

from micropython import const

from web._choose import choose
from web._codec import utf8
from web.errors import HTTPException
from web.stream import fill, new_buffer, receive_into, send

_frames = choose("_frames", "_portable_frames")[0]
mask = _frames.mask
ws_build = _frames.ws_build
ws_parse = _frames.ws_parse
choose = None  # see there

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
_UPGRADE_FIELDS = "Upgrade: websocket\r\nConnection: upgrade\r\n"
_PIECE = const(1024)  # a shorter frame is sent from one buffer
_BUFFER = const(256)  # bytes received at once, but for long payloads
_STEP = const(4096)  # a payload's memory grows by this, not by what a header claims


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
        raise HTTPException(426, _UPGRADE_FIELDS)
    if get("sec-websocket-version") != "13":
        raise HTTPException(426, _UPGRADE_FIELDS + "Sec-WebSocket-Version: 13\r\n")
    key = get("sec-websocket-key", "").encode()
    try:
        if len(key) == 24 and len(a2b_base64(key)) == 16 and not r.length:
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
        self._conn = w.conn
        self._max = max_message
        self._kind = 0  # opcode of the message that is arriving in fragments
        self._message = None  # what has arrived of it
        # the frame that is arriving, kept here so that a cancelled recv() loses
        # nothing: its header, payload and how much of that has arrived
        self._head = [0, 0, 0]
        self._key = bytearray(4)
        self._data = None
        self._start = 0
        self._at = 0
        self._end_at = 0
        self._utf8 = 0
        self.open = True
        self.close_code = None

    @classmethod
    async def upgrade(cls, r, w, max_message=65536):
        """Answer the handshake in r and return the WebSocket.

        max_message is the most bytes of a message, else it is closed with 1009.
        Raises HTTPException when r is no valid handshake.
        """
        key = _check_handshake(r)
        conn = w.conn
        r._buf = conn.buf
        new_buffer(conn, _BUFFER)
        await w.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n"
        )
        conn.websocket = ws = cls(r, w, max_message)
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
        if self._data is None:
            code = await self._receive_header()
            if code:
                return await self._fail(code)
        if not await self._receive_payload():
            return await self._fail(1007)
        data = self._data
        self._data = None
        first = self._head[0]
        if first & 8:
            return await self._control(first & 15, bytes(data))
        if not first & _FIN:
            self._message = data
            return None
        kind = self._kind
        self._kind = 0
        self._message = None
        if kind == _BYTES:
            data = bytes(data)
        elif self._utf8:
            return await self._fail(1007)
        else:
            data = str(data, "utf-8")
        return {"type": _TYPES[kind], "data": data, "fin": True}

    async def _receive_header(self):
        """Make ready for the next frame's payload. Returns 0, or a close code."""
        conn = self._conn
        head = self._head
        while True:
            used = ws_parse(conn.buf, conn.pos, conn.end, True, 0, head)
            if used < 0:
                return -used
            if used:
                break
            if conn.pos and conn.pos != conn.end:
                new_buffer(conn, _BUFFER)  # part of a header: there is room behind it
            if await fill(conn, 0, len(conn.buf)) <= 0:
                raise EOFError
        opcode = head[0] & 15
        start = 0
        if not opcode & 8:
            if (opcode == _CONT) != (self._kind != 0):
                return 1002
            if opcode:
                self._kind = opcode
                self._utf8 = 0
            elif self._message:
                start = len(self._message)
            if start + head[1] > self._max:
                return 1009
        for i in range(4):
            self._key[i] = conn.buf[head[2] + i]
        conn.pos += used
        self._start = self._at = start
        self._end_at = start + head[1]
        self._data = self._message if start else bytearray()
        return 0

    async def _receive_payload(self):
        """Receive the frame's payload, unmasked as it arrives. Returns False as
        soon as a text can't be UTF-8 any more."""
        conn = self._conn
        data = self._data
        is_text = self._kind == _TEXT and not self._head[0] & 8
        while self._at < self._end_at:
            at = self._at
            if at == len(data):
                data.extend(bytes(min(_STEP, self._end_at - at)))
            n = min(conn.end - conn.pos, len(data) - at)
            if n:
                data[at : at + n] = memoryview(conn.buf)[conn.pos : conn.pos + n]
                conn.pos += n
            else:
                n = await receive_into(conn, memoryview(data)[at:])
                if not n:
                    raise EOFError
            self._at = at + n
            mask(data, at, at + n, self._key, at - self._start)
            if is_text:
                self._utf8 = utf8(data, at, at + n, self._utf8)
                if self._utf8 < 0:
                    return False
        return True

    async def _control(self, opcode, data):
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
        """Send a message: str as text, bytes, bytearray or a memoryview of them as
        binary; a mutable one must stay as it is until then. Raises OSError when
        the connection is over."""
        if not self.open or self._conn.lost:
            raise OSError(32)  # EPIPE
        if isinstance(msg, str):
            await self._send_frame(_TEXT, msg.encode())
        elif isinstance(msg, (bytes, bytearray, memoryview)):
            await self._send_frame(_BYTES, msg)
        else:
            raise TypeError("str or bytes needed")

    async def close(self, code=1000, reason=""):
        """Say that nothing more will be sent. The close event that recv() returns
        then is the other side's answer. Raises ValueError for a code that may not
        be sent (RFC 6455 7.4) or a reason of more than 123 bytes."""
        payload = bytes((code >> 8, code & 255)) + reason.encode()
        if len(payload) > 125 or _close_code(payload) != code:
            raise ValueError("close code or reason")
        await self._send_close(payload)

    async def _send_close(self, payload):
        if self.open:
            self.open = False
            await self._send_frame(_CLOSE, payload)

    async def _send_frame(self, opcode, data):
        n = len(data)
        m = min(n, _PIECE)
        frame = bytearray(_HEADER + m)
        at = ws_build(frame, _FIN | opcode, n, None)
        view = memoryview(data)
        frame[at : at + m] = view[:m]
        await send(self._conn, memoryview(frame)[: at + m], view[m:])

    async def _fail(self, code):
        """End the connection for the peer's fault."""
        self._end(code)
        try:
            await self._send_close(bytes((code >> 8, code & 255)))
            from web.ending import linger

            await linger(self._conn)
        except OSError:
            pass
        return None

    def _end(self, code):
        self.close_code = code
        self._data = self._message = None


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
