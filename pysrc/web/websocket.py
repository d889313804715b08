# WebSocket connections (RFC 6455). web.incoming has what is received, web.outgoing what
# is sent.
from micropython import const

from web._codec import utf8
from web.conn import later
from web.incoming import receive
from web.outgoing import send_frame, send_message

_FIN = const(0x80)
_MASKED = const(0x80)
_PART = const(3)  # see web.incoming
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_FRESH = const(-1)
_OVER = const(-3)
_EVENT = const(10)
_ANY = const(1)
_NEXT = const(2)


async def _nothing():
    pass


# What to await when there is nothing to wait for. A coroutine that has ended returns at
# once and takes no memory, as one for each message would.
_sent = _nothing()
try:
    _sent.send(None)
except StopIteration:
    pass


async def _raise(e):
    raise e


class WebSocket:
    """A WebSocket connection, made by `await WebSocket.upgrade(r, w)`, or given to a
    handler of App.websocket(), or made by `await web.connect(url)`.

    open         whether messages can still be sent
    closed       whether it is over
    close_code   int why it ended, None before (RFC 6455 7.1.5)
    close_reason str
    subprotocol  str that was agreed upon, or None
    """

    # what few connections change stands here, and costs each of them nothing
    arriving = None  # what did not come whole, see web.incoming
    into = None  # where the next message goes to, or True for away, see web.pieces
    sending = False  # whether a part of a message was sent
    queue = None  # frames that leave together, see web.outgoing,
    after = None  # and the rest of one behind them
    deflate = None  # what compresses, see web.deflate
    _pong_ticks = 0  # see keep()
    _pinged = False
    close_code = None
    close_reason = ""
    subprotocol = None

    def __init__(self, conn, max_message=65536):
        self.conn = conn
        self.max_message = max_message
        self.left = _FRESH  # bytes of the frame that are still to come
        self.expect = _MASKED  # and reserved bits that the next frame may have
        self.queued = 0  # bytes in the queue
        self.special = False  # whether sending takes more than to put a header before
        self.ping_ticks = 0  # see keep()
        self.open = True

    @classmethod
    async def upgrade(cls, r, w, max_message=65536, **options):
        """Answer the handshake in r and return the WebSocket. Raises HTTPException
        when r is no valid handshake.

        max_message   most bytes of a message, else it is closed with 1009
        subprotocols  str names, of which the client's first choice is agreed upon
        origins       str values of Origin that are allowed; any if not given
        ping_interval seconds without a frame after which a ping is sent, None for none
        ping_timeout  seconds more after which the client is taken for dead
        compress      permessage-deflate (RFC 7692), with a window of 2**compress bytes
                      for receiving, 9 to 15; 0 for none, and for clients that can't
                      keep to it
        """
        from web.handshake import accept

        return await accept(r, w, cls(w.conn, max_message), **options)

    @property
    def closed(self):
        return self.close_code is not None

    # -- receiving

    def recv(self):
        """Return (when awaited) the next event, or None when the connection is over.

        An event is {'type': 'text' | 'bytes' | 'ping' | 'pong' | 'close', 'data': str
        for text, else bytes-like, 'fin': True}. Fragments come as one message; a ping
        was answered before it is returned.
        """
        return receive(self, _ANY)

    def receive(self):
        """Return (when awaited) the next message, a str for text, else a bytearray;
        None when the connection is over."""
        return receive(self)

    def __aiter__(self):
        return self

    def __anext__(self):
        return receive(self, _NEXT)

    def readinto(self, buf):
        """Receive (when awaited) the next message into buf, text as UTF-8. Returns its
        length in bytes, None when the connection is over, which ends with 1009 when the
        message is longer than buf. Raises ValueError when receive() has begun with it."""
        return later("pieces", "readinto", self, buf)

    def stream(self):
        """Return the next message in pieces, of which never more than one is in memory:
        `async for piece in ws.stream()`, see Pieces."""
        return later("pieces", "Pieces", self)

    # -- sending

    def send(self, msg, more=False):
        """Send a message: str as text, bytes, bytearray or a memoryview of them as
        binary; a mutable one must stay as it is until then. With more it is a part of a
        message that the next call goes on with. To be awaited; raises OSError when the
        connection is over."""
        try:
            if more or self.special:
                return later("pieces", "send_special", self, msg, more) or _sent
            return send_message(self, msg) or _sent
        except OSError as e:
            return _raise(e)  # to who awaits it

    async def ping(self, data=b""):
        """Send a ping with at most 125 bytes of data; recv() returns the pong. Raises
        ValueError for more, OSError when the connection is over."""
        if len(data) > 125:
            raise ValueError("more than 125 bytes")
        rest = send_frame(self, _FIN | _PING, data)
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
        self.conn.abort()

    async def finish(self, code=1000):
        """End the connection as RFC 6455 7.1 has it: send a close frame, and wait for
        the other side's for some seconds. What else it sends is dropped."""
        try:
            await self.close(code)
            self.ping_ticks = 0
            if self.conn.lost:
                self.end(1006)
            self.conn.deadline = self.conn.server.clock + self.conn.server.head_ticks
            self.conn.server.attend()
            while await receive(self, _ANY):
                pass
        except (OSError, MemoryError):  # what is dropped may be long
            self.end(1006)

    async def _send_close(self, payload):
        if self.open:
            rest = send_frame(self, _FIN | _CLOSE, payload)
            self.open = False
            if rest:
                await rest

    async def control(self):
        """Do what the control frame asks for that came, or end the connection for minus
        a close code. Returns whether there is an event."""
        event, data = self.arriving[_EVENT:]
        try:
            if event < 0:
                await self.fail(-event)
            elif event == _CLOSE:
                return await self._closing(data)
            elif event == _PING and self.open:
                rest = send_frame(self, _FIN | _PONG, data)
                if rest:
                    await rest
                    self.arriving[_EVENT:] = event, data
        except OSError:
            if self.left != _OVER:
                self.end(1006)
        return event > _PART

    async def _closing(self, data):
        # a client sends nothing behind its close frame, so there is nothing to wait for
        code = _close_code(data)
        try:
            if code < 0:
                await self._send_close(bytes((-code >> 8, -code & 255)))
                return False
            self.close_reason = str(memoryview(data)[2:], "utf-8")
            await self._send_close(data[:2])
        finally:
            self.end(abs(code))
        return True

    async def fail(self, code):
        """End the connection for the other side's fault."""
        try:
            await self._send_close(bytes((code >> 8, code & 255)))
        finally:
            self.end(code)
        from web.ending import linger

        await linger(self.conn, _ends_with_close)

    def end(self, code):
        self.open = False
        self.close_code = code
        self.left = _OVER
        if self.arriving:
            self.arriving[2:_EVENT] = [None] * 8
        self.queue = self.after = self.into = None
        self.queued = 0

    # -- the server's clock

    def keep(self, interval, timeout):
        """Send a ping after `interval` seconds without a frame, and end the connection
        when none comes for `timeout` seconds more."""
        self.ping_ticks = int(interval * 4) or 1
        self._pong_ticks = int(timeout * 4) or 1
        self.conn.server.attend()
        self.rest()

    def rest(self):
        # a frame came: begin anew to wait for one
        self._pinged = False
        if not self.conn.sender:  # which has a deadline of its own
            self.conn.deadline = self.conn.server.clock + self.ping_ticks

    def overdue(self):
        """The deadline is over. Returns whether there is to be another one."""
        conn = self.conn
        if self.left == _OVER and not conn.sender and not conn.entry[0]:
            conn.deadline = None  # what the handler does besides is no wait for the client
            return True
        if self._pinged or not self.ping_ticks or not self.open or conn.busy:
            return False
        conn.turns = 0  # no other task's turn is given to
        try:
            if send_frame(self, _FIN | _PING, b""):
                return False  # the other side takes nothing
        except (OSError, MemoryError):
            return False
        self._pinged = True
        conn.deadline = conn.server.clock + self._pong_ticks
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
