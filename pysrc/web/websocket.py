# WebSocket connections (RFC 6455). web.incoming has what is received, web.outgoing what
# is sent.
import asyncio

from micropython import const

import web
from web._codec import utf8
from web.incoming import receive
from web.outgoing import flush, flush_soon, send_frame, send_message

_FIN = const(0x80)
_MASKED = const(0x80)
_PINGING = const(1)  # a frame is awaited before a ping is due
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
    await asyncio.sleep_ms(0)  # who goes on trying keeps no other task waiting
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
    binary = True  # whether it takes bytes that are no text
    deflate = None  # what compresses, see web.deflate
    due = None  # the clock when a ping is due, or the other side's time to answer, or
    # that of a handler to end, is over; None for never
    pinged = False
    alarm = None  # what ends a wait for a message, see web.timed
    rang = False
    unread = behind = 0  # see web.unattended
    ping_ticks = _pong_ticks = 0  # see keep()
    close_code = None
    close_reason = ""
    subprotocol = None

    def __init__(self, conn, max_message=65536):
        self.conn = conn
        self.max_message = max_message
        self.left = _FRESH  # bytes of the frame that are still to come
        # that, reserved bits that the next frame may have, and _PINGING
        self.expect = _MASKED
        self.queued = 0  # bytes in the queue
        self.special = False  # whether sending takes more than to put a header before
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
        headers       dict of str by name, further field lines; a list for a field with
                      several. ValueError for what can't be one, or is the handshake's
        """
        ws = cls.begin(r, w, max_message, **options)
        head = bytes(memoryview(ws.queue)[: ws.queued])
        ws.queue = None
        ws.queued = 0
        await web.stream.send(w.conn, head)
        ws.attend()
        return ws

    @classmethod
    def begin(cls, r, w, max_message=65536, **options):
        """The same, but the answer waits for the first frame or begun()."""
        from web.handshake import accept

        ws = cls(w.conn, max_message)
        accept(r, w, ws, **options)
        return ws

    def begun(self):
        """The handler has begun: have what is in the queue leave."""
        try:
            if self.queued and not flush(self):
                asyncio.create_task(flush_soon(self))
        except OSError:
            self.lose()  # what the handler does next tells

    @property
    def closed(self):
        return self.close_code is not None

    # -- receiving

    def recv(self, timeout=None):
        """Return (when awaited) the next event, or None when the connection is over.

        An event is {'type': 'text' | 'bytes' | 'ping' | 'pong' | 'close', 'data': str
        for text, else bytes-like, 'fin': True}. Fragments come as one message; a ping
        was answered before it is returned, and is none when nobody received for long.

        As with all that receives, timeout is in seconds, None for none: when it is over
        asyncio.TimeoutError is raised, and nothing is lost. Raises RuntimeError when
        another task is receiving.
        """
        waiting = receive(self, _ANY)
        return waiting if timeout is None else web.timed.within(self, waiting, timeout)

    def receive(self, timeout=None):
        """Return (when awaited) the next message, a str for text, else a bytearray;
        None when the connection is over."""
        if timeout is None:
            return receive(self)
        return web.timed.within(self, receive(self), timeout)

    def json(self, timeout=None):
        """Return (when awaited) the value of the next message, which is JSON; None when
        the connection is over, as for the text null. Raises ValueError when the message
        is no JSON."""
        return web.timed.decoded(self.receive(timeout))

    def __aiter__(self):
        return self

    def __anext__(self):
        return receive(self, _NEXT)

    def readinto(self, buf, timeout=None):
        """Receive (when awaited) the next message into buf, text as UTF-8. Returns its
        length in bytes, None when the connection is over, which ends with 1009 when the
        message is longer than buf. Raises ValueError when receive() has begun with it."""
        waiting = web.pieces.readinto(self, buf)
        return waiting if timeout is None else web.timed.within(self, waiting, timeout)

    def stream(self, timeout=None):
        """Return the next message in pieces, of which never more than one is in memory:
        `async for piece in ws.stream()`, see Pieces. The timeout is for each."""
        return web.pieces.Pieces(self, timeout)

    # -- sending

    def send(self, msg, more=False):
        """Send a message: str as text, bytes, bytearray or a memoryview as binary; a
        mutable one must stay as it is until then. With more it is a part of a message
        that the next call goes on with. To be awaited; raises OSError when the
        connection is over. Raises ValueError for a str that is no UTF-8, as one with
        half of a surrogate pair is."""
        try:
            if more or self.special:
                return web.pieces.send_special(self, msg, more) or _sent
            return send_message(self, msg) or _sent
        except OSError as e:
            self.lose()
            return _raise(e)  # to who awaits it

    async def ping(self, data=b""):
        """Send a ping with at most 125 bytes of data; recv() returns the pong. Raises
        ValueError for more, OSError when the connection is over."""
        data = bytes(data)
        if len(data) > 125:
            raise ValueError("more than 125 bytes")
        try:
            rest = send_frame(self, _FIN | _PING, data)
        except OSError as e:
            self.lose()
            rest = _raise(e)
        if rest:
            await rest

    async def close(self, code=1000, reason=""):
        """Say that nothing more will be sent. The close event that recv() returns
        then is the other side's answer; without one in head_timeout seconds the
        connection ends. Raises ValueError for a code that may not be sent (RFC 6455
        7.4), a reason of more than 123 bytes or one that is no UTF-8."""
        payload = bytes((code >> 8, code & 255)) + reason.encode()
        if len(payload) > 125 or _close_code(payload) != code:
            raise ValueError("close code or reason")
        await self._send_close(payload)

    def abort(self):
        """End the connection at once."""
        web.stream.abort(self.conn)
        self.lose()

    async def finish(self, code=1000):
        """End the connection as RFC 6455 7.1 has it: send a close frame, and wait for
        the other side's for some seconds. What else it sends is dropped."""
        try:
            await self.close(code)
            while self.left != _OVER:
                if self.conn.entry[0]:
                    await asyncio.sleep_ms(50)  # another task still receives
                else:
                    await receive(self, _ANY)
        except (OSError, MemoryError):  # what is dropped may be long
            self.end(1006)

    async def _send_close(self, payload):
        if not self.open:
            return
        try:
            rest = send_frame(self, _FIN | _CLOSE, payload)
        except OSError:
            self.lose()
            raise
        self.open = False
        self.expect &= ~_PINGING  # the other side has its time to answer
        self.due = self.conn.server.clock + self.conn.server.head_ticks
        self.attend()
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
                return await self.closing(data)
            elif event == _PING and self.open:
                rest = send_frame(self, _FIN | _PONG, data)
                if rest:
                    await rest
                    self.arriving[_EVENT:] = event, data
        except OSError:
            self.lose()
        return event > _PART

    async def closing(self, data):
        """Answer a close frame, which ends the connection."""
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

    def sent(self, done):
        """A send that took its time has ended, or was broken off."""
        if not done:
            self.lose()
        elif self.left != _OVER:
            self.attend()
            if self.conn.deadline <= self.conn.server.clock:
                self.overdue()  # while it was sent there was another deadline

    def lose(self):
        """A send failed: the connection is broken off, if it was not ending."""
        if self.open:
            self.conn.lost = True
            self.end(1006)

    def end(self, code):
        conn = self.conn
        self.open = False
        if not self.closed or self.close_code == 1006:
            self.close_code = code
        self.left = _OVER
        if self.arriving:
            self.arriving[2:_EVENT] = [None] * 8
        self.queue = self.after = self.into = None
        self.queued = 0
        for helper in conn.helpers:
            helper.cancel()  # who sends to it for a room
        # a handler that does not receive has this time to end before it is cancelled
        self.due = conn.server.clock + conn.server.head_ticks
        if conn.sock:
            self.attend()

    # -- the server's clock

    def attend(self):
        """Have the clock see to the connection soon, and until the handler receives."""
        conn = self.conn
        soon = conn.server.clock + 2
        # a sender has a deadline of its own, and what comes sooner is not put off
        if not conn.sender and (conn.deadline is None or conn.deadline > soon):
            conn.deadline = soon
        conn.server.attend()

    def keep(self, interval, timeout):
        """Send a ping after `interval` seconds without a frame, and end the connection
        when none comes for `timeout` seconds more."""
        self.expect |= _PINGING
        self.ping_ticks = int(interval * 4) or 1
        self._pong_ticks = int(timeout * 4) or 1
        self.rest()
        self.attend()

    def rest(self):
        # a frame came: begin anew to wait for one
        self.pinged = False
        self.due = self.conn.server.clock + self.ping_ticks

    def overdue(self):
        """The deadline is over. Returns whether there is to be another; else a task that
        waits for the other side, or does not see that it is gone, is cancelled."""
        conn = self.conn
        if conn.busy:
            return False  # the other side takes nothing
        receiving = conn.entry[0]
        if self.left == _OVER and receiving:
            return False
        if not receiving:
            web.unattended.look(self)
        clock = conn.server.clock
        due = self.due
        if due is not None and clock >= due:
            if self.left == _OVER:
                return False
            if not self.expect & _PINGING or self.pinged or not self._send_ping():
                self.end(1006)
                return not receiving
            self.pinged = True
            due = self.due = clock + self._pong_ticks
        if receiving is not conn.upgraded and self.left != _OVER:
            due = clock + 1  # another task may stop to receive without a word
        if not conn.sender:
            conn.deadline = due
        return True

    def _send_ping(self):
        self.conn.turns = 0  # no other task's turn is given to
        try:
            return not send_frame(self, _FIN | _PING, b"")
        except (OSError, MemoryError):
            return False


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
