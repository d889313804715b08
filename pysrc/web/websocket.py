# WebSocket connections (RFC 6455): messages in and out of frames.
from builtins import bytearray, len, memoryview, min  # found sooner in this module

from micropython import const

from web._choose import choose
from web._codec import utf8
from web.stream import fill, new_buffer, receive_into, send

_frames = choose("_frames", "_portable_frames")[0]
mask = _frames.mask
ws_build = _frames.ws_build
ws_parse = _frames.ws_parse
choose = None  # see there

_FIN = const(0x80)
_TEXT = const(1)
_BYTES = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_TYPES = {_TEXT: "text", _BYTES: "bytes", _CLOSE: "close", _PING: "ping", _PONG: "pong"}
_HEADER = const(14)
_PIECE = const(1024)  # a shorter frame is sent from one buffer
_BUFFER = const(256)  # bytes received at once, but for long payloads
_STEP = const(4096)  # a payload's memory grows so, not by what a header claims
_TURNS = const(8)  # frames sent in a row without letting other tasks run
_ENDED = const(-1)  # of _take(): no frame has begun


class WebSocket:
    """A WebSocket connection, made by `await WebSocket.upgrade(r, w)`, or given to a
    handler of App.websocket().

    open         whether messages can still be sent
    closed       whether it is over
    close_code   int why it ended, None before (RFC 6455 7.1.5)
    close_reason str
    subprotocol  str that was agreed upon, or None
    """

    def __init__(self, conn, max_message=65536):
        self._conn = conn
        self._max = max_message
        # What is arriving. It is kept here, so that who gives up waiting loses nothing.
        self._head = [0, 0, 0]  # the frame: first byte, length, offset of the key
        self._key = bytearray(4)
        self._left = _ENDED  # bytes of its payload that are still to come
        self._done = 0  # bytes of it that came
        self._kind = 0  # the opcode of a message of which a part came
        self._data = None  # what came of it
        self._small = None  # what came of a control frame
        self._utf8 = 0  # the state of its text
        self._payload = None  # of the last message or control frame
        self._ping_ticks = 0  # see keep()
        self._pong_ticks = 0
        self._pinged = False
        self.open = True
        self.close_code = None
        self.close_reason = ""
        self.subprotocol = None

    @classmethod
    async def upgrade(cls, r, w, max_message=65536, **options):
        """Answer the handshake in r and return the WebSocket. Raises HTTPException
        when r is no valid handshake.

        max_message   most bytes of a message, else it is closed with 1009
        subprotocols  str names, of which the client's first choice is agreed upon
        origins       str values of Origin that are allowed; any if not given
        """
        from web.handshake import accept

        return await accept(r, w, cls(w.conn, max_message), **options)

    @property
    def closed(self):
        return self.close_code is not None

    # -- receiving

    async def recv(self):
        """Return the next event, or None when the connection is over.

        An event is {'type': 'text' | 'bytes' | 'ping' | 'pong' | 'close', 'data': str
        for text, else bytes-like, 'fin': True}. Fragments come as one message; a ping
        was answered before it is returned.
        """
        opcode = await self._next()
        if not opcode:
            return None
        data = self._payload
        self._payload = None
        return {"type": _TYPES[opcode], "data": data, "fin": True}

    async def receive(self):
        """Return the next message, a str for text, else a bytearray; None when the
        connection is over."""
        opcode = self._take()  # it may be there already
        if opcode <= 0 or opcode >= _CLOSE:
            opcode = await self._next(opcode)
            while opcode >= _CLOSE:
                opcode = await self._next()
            if not opcode:
                return None
        data = self._payload
        self._payload = None
        return data

    def __aiter__(self):
        return self

    async def __anext__(self):
        message = await self.receive()
        if message is None:
            raise StopAsyncIteration
        return message

    async def _next(self, opcode=None):
        """Return the opcode of the next message or control frame, or 0 at the end. A
        caller that took it already passes it on."""
        while self.close_code is None:
            if opcode is None:
                opcode = self._take()
            try:
                if opcode == 0:
                    await self._receive()
                elif opcode < 0:
                    await self._fail(-opcode)
                elif opcode < _CLOSE or await self._answer(opcode):
                    return opcode
            except (OSError, EOFError):
                if self.close_code is None:
                    self._end(1006)
            opcode = None
        return 0

    def _take(self):
        """Take in what is in the buffer, up to the end of a message or of a control
        frame. Returns its opcode, with its payload in self._payload; 0 when more bytes
        are needed, and minus a close code when they are wrong."""
        if self.close_code is not None:
            return 0
        conn = self._conn
        while True:
            if self._left == _ENDED:
                wrong = self._take_header()
                if wrong <= 0:
                    return wrong
            n = min(conn.end - conn.pos, self._left)
            if n:
                start = conn.pos
                conn.pos = end = start + n
                buf = conn.buf
                mask(buf, start, end, self._key, self._done)
                if not self._add(memoryview(buf)[start:end]):
                    return -1007
                self._done += n
                self._left -= n
            if self._left:
                return 0
            self._left = _ENDED
            opcode = self._frame_ended()
            if opcode:
                return opcode

    def _take_header(self):
        """Take a frame's header from the buffer. Returns its length, 0 when it is not
        whole yet, or minus a close code."""
        conn = self._conn
        buf = conn.buf
        head = self._head
        used = ws_parse(buf, conn.pos, conn.end, True, 0, head)
        if used <= 0:
            return used
        first = head[0]
        if not first & 8:
            if bool(first & 15) == bool(self._kind):
                return -1002  # a message begins in another, or goes on without one
            if head[1] + (len(self._data) if self._kind else 0) > self._max:
                return -1009
            if first & 15:
                self._kind = first & 15
                self._utf8 = 0
                self._data = bytearray()
        else:
            self._small = bytearray()
        at = head[2]
        key = self._key
        key[0] = buf[at]
        key[1] = buf[at + 1]
        key[2] = buf[at + 2]
        key[3] = buf[at + 3]
        conn.pos += used
        self._left = head[1]
        self._done = 0
        if self._ping_ticks:
            self._rest()
        return used

    def _add(self, part):
        """Add a part of a payload. Returns False for text that can't be UTF-8."""
        if self._head[0] & 8:
            self._small.extend(part)
            return True
        self._data.extend(part)
        return self._check_text(part, 0, len(part))

    def _check_text(self, buf, start, end):
        if self._kind == _TEXT:
            self._utf8 = utf8(buf, start, end, self._utf8)
            return self._utf8 >= 0
        return True

    def _frame_ended(self):
        """Returns the opcode of what is whole now, 0 after a fragment, -1007 for text
        that ends amid a character."""
        first = self._head[0]
        if first & 8:
            self._payload = bytes(self._small)
            self._small = None
            return first & 15
        if not first & _FIN:
            return 0
        opcode = self._kind
        self._kind = 0
        self._payload = self._data
        self._data = None
        if opcode == _TEXT:
            if self._utf8:
                return -1007
            self._payload = str(self._payload, "utf-8")
        return opcode

    async def _receive(self):
        """Receive more. Raises EOFError, OSError."""
        conn = self._conn
        if self._left > len(conn.buf) and conn.pos == conn.end:
            # a long payload goes straight to where its message is put together
            data = self._data
            at = len(data)
            room = min(self._left, max(_STEP, at))
            while len(data) < at + room:
                data.extend(memoryview(conn.buf)[: at + room - len(data)])
            n = 0
            try:
                n = await receive_into(conn, memoryview(data)[at:])
            finally:
                data[at + n :] = b""
            if n:
                mask(data, at, at + n, self._key, self._done)
                self._done += n
                self._left -= n
                if not self._check_text(data, at, at + n):
                    await self._fail(1007)
        else:
            if conn.pos and conn.pos != conn.end:
                new_buffer(conn, _BUFFER)  # part of a header: there is room behind it
            n = await fill(conn, 0, len(conn.buf))
        if n <= 0:
            raise EOFError

    async def _answer(self, opcode):
        """Do what a control frame asks for. Returns whether it was sound."""
        data = self._payload
        if opcode == _CLOSE:
            code = _close_code(data)
            if code < 0:
                # a client sends nothing behind it, so there is nothing to wait for
                await self._send_close(bytes((-code >> 8, -code & 255)))
                self._end(-code)
                return False
            self.close_reason = str(memoryview(data)[2:], "utf-8")
            try:
                await self._send_close(data[:2])
            finally:
                self._end(code)
                self._payload = data
        elif opcode == _PING and self.open:
            rest = self._send_frame(_PONG, data)
            if rest:
                await rest
        return True

    # -- sending

    async def send(self, msg):
        """Send a message: str as text, bytes, bytearray or a memoryview of them as
        binary; a mutable one must stay as it is until then. Raises OSError when the
        connection is over."""
        if isinstance(msg, str):
            opcode = _TEXT
        elif isinstance(msg, (bytes, bytearray, memoryview)):
            opcode = _BYTES
        else:
            raise TypeError("str or bytes needed")
        rest = self._send_frame(opcode, msg)
        if rest:
            await rest

    async def ping(self, data=b""):
        """Send a ping with at most 125 bytes of data; recv() returns the pong. Raises
        ValueError for more, OSError when the connection is over."""
        if len(data) > 125:
            raise ValueError("more than 125 bytes")
        rest = self._send_frame(_PING, data)
        if rest:
            await rest

    async def close(self, code=1000, reason=""):
        """Say that nothing more will be sent. The close event that recv() returns
        then is the other side's answer. Raises ValueError for a code that may not
        be sent (RFC 6455 7.4) or a reason of more than 123 bytes."""
        payload = bytes((code >> 8, code & 255)) + reason.encode()
        if len(payload) > 125 or _close_code(payload) != code:
            raise ValueError("close code or reason")
        await self._send_close(payload)

    def abort(self):
        """End the connection at once."""
        self.open = False
        self._conn.abort()

    async def finish(self, code=1000):
        """End the connection as RFC 6455 7.1 has it: send a close frame, and wait for
        the other side's for some seconds. What else it sends is dropped."""
        try:
            await self.close(code)
            self._ping_ticks = 0
            self._conn.deadline = self._conn.server.clock + self._conn.server.head_ticks
            while await self._next():
                pass
        except OSError:
            self._end(1006)

    async def _send_close(self, payload):
        if self.open:
            rest = self._send_frame(_CLOSE, payload)
            self.open = False
            if rest:
                await rest

    def _send_frame(self, opcode, data):
        """Begin to send a frame. Returns what is to be awaited for the rest of it, or
        None. Raises OSError."""
        conn = self._conn
        if not self.open or conn.lost or conn.sock is None:
            raise OSError(32)  # EPIPE
        data = memoryview(data)  # of a str, too, its length is in bytes
        n = len(data)
        m = min(n, _PIECE)
        frame = bytearray(_HEADER + m)
        at = ws_build(frame, _FIN | opcode, n, None)
        frame[at : at + m] = data[:m]
        m += at
        conn.turns += 1
        if conn.busy or conn.turns > _TURNS or n > _PIECE:
            return send(conn, memoryview(frame)[:m], data[_PIECE:])
        try:
            sent = conn.sock.write(frame, m) or 0
        except OSError:
            conn.lost = True
            raise
        return send(conn, memoryview(frame)[sent:m]) if sent < m else None

    async def _fail(self, code):
        """End the connection for the other side's fault."""
        try:
            await self._send_close(bytes((code >> 8, code & 255)))
        finally:
            self._end(code)
        from web.ending import linger

        await linger(self._conn, _ends_with_close)

    def _end(self, code):
        self.open = False
        self.close_code = code
        self._data = self._small = self._payload = None

    # -- the server's clock

    def keep(self, interval, timeout):
        """Send a ping after `interval` seconds without a frame, and end the connection
        when none comes for `timeout` seconds more."""
        self._ping_ticks = int(interval * 4) or 1
        self._pong_ticks = int(timeout * 4) or 1
        self._rest()

    def _rest(self):
        # a frame came: begin anew to wait for one
        self._pinged = False
        self._conn.deadline = self._conn.server.clock + self._ping_ticks

    def overdue(self):
        """The deadline is over. Returns whether there is to be another one."""
        if self._pinged or not self._ping_ticks or not self.open or self._conn.busy:
            return False
        try:
            if self._send_frame(_PING, b""):
                return False  # the other side takes nothing
        except OSError:
            return False
        self._pinged = True
        self._conn.deadline = self._conn.server.clock + self._pong_ticks
        return True


def _ends_with_close(buf, n):
    """Whether the n bytes of buf seem to end with a client's close frame. More can't be
    told when it was a wrong header that ended the connection."""
    for size in (8, 6):
        if n >= size and buf[n - size] == 0x88 and buf[n - size + 1] == 0x80 | size - 6:
            return True
    return False


def _close_code(payload):
    """The code in a close frame (RFC 6455 7.4), 1005 without one; -1002 or -1007 for
    a payload that may not be sent."""
    n = len(payload)
    if n == 0:
        return 1005
    code = payload[0] << 8 | payload[1] if n > 1 else 0
    if n > 1 and utf8(payload, 2, n, 0):
        return -1007
    if 1000 <= code <= 1014 and not 1004 <= code <= 1006 or 3000 <= code <= 4999:
        return code
    return -1002
