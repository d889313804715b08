# WebSocket connections (RFC 6455): what they send, and what the server's clock sees to.
# web.incoming has what is received, web.outgoing what can't leave at once, and web.closing
# how they end.
#
# state    open   close_code  waits for                      due: ended, or pinged
# open     True   None        messages                       after ping_interval and _timeout
# closing  False  None        the other side's close frame   after head_timeout
# over     False  int         its handler to end             after head_timeout, unless the
#                                                            handler knows: it has received
#
# While no task receives, the clock looks through what has come with each tick.
from builtins import bytearray, bytes, len, memoryview, str, type  # found sooner

from micropython import const

import web
from web.conn import encoded, octets
from web.incoming import SENT, frames, receive, scratch
from web.stream import send_now

ws_build = frames.ws_build

_FIN = const(0x80)
_MASKED = const(0x80)  # expected of the other side, a client
_PINGING = const(1)  # a frame is awaited before a ping is due
_SPECIAL = const(2)  # sending takes more than to put a header before
_PING = const(9)
_PONG = const(10)
_NEXT = const(2)  # see web.incoming
_WHOLE_TEXT = const(0x81)  # the first byte of a message in one frame
_WHOLE_BYTES = const(0x82)
_TURNS = const(8)  # writes in a row without letting other tasks run
# Methods of WebSocket in other rooms, which fewer handlers call.
_ELSEWHERE = {
    "abort": "closing",
    "close": "closing",
    "collect": "outgoing",
    "finish": "closing",
    "json": "waiting",
    "ping": "pieces",
    "readinto": "pieces",
    "recv": "pieces",
    "stream": "pieces",
}


def put(ws, out, end, rest=()):
    """Begin to send a frame: out[:end], and a part that may follow. Returns what is to be
    awaited for the rest of it, which may raise OSError, or None."""
    conn = ws.conn
    turns = conn.turns
    sent = 0
    if ws.open and turns < _TURNS and not conn.busy and (not ws.queue or ws.flush()):
        conn.turns = turns + 1
        try:
            sent = send_now(conn, out, end)
        except OSError as e:
            return web.outgoing.failed(ws, e)
        if sent == end and not rest:
            return None
    return web.outgoing.go_on(ws, out, end, rest, sent)


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
    max_message = 65536
    open = True
    # what leaves before other frames: the parts that are left of one that has begun to, or
    # short ones that were collected
    queue = None
    queued = 0  # bytes of short frames in the queue
    drained = False  # whether the socket had no more when it was last read
    sending = False  # whether a part of a message was sent
    binary = True  # whether it takes bytes that are no text
    deflate = None  # what compresses, see web.deflate
    due = None  # the clock when it is to be pinged or ended, None for never
    pinged = False
    pings = None  # see web.waiting
    unread = behind = 0  # see web.waiting
    close_code = None
    close_reason = ""
    subprotocol = None

    def __init__(self, conn, max_message=max_message):
        self.conn = conn
        # reserved bits that frames may have, _PINGING and _SPECIAL
        self.expect = _MASKED
        self.arriving = None  # a message that does not come whole, see web.pieces
        if max_message != self.max_message:
            self.max_message = max_message

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
        ws = cls.begin(r, w.conn, max_message, **options)
        if not ws.flush():
            await web.outgoing.send_parts(ws)
        ws.attend()
        return ws

    @classmethod
    def begin(cls, r, conn, max_message=65536, **options):
        """The same, but the answer waits for the first frame or begun()."""
        ws = cls(conn, max_message)
        web.handshake.accept(r, conn, ws, **options)
        return ws

    def begun(self):
        """The handler has begun: have what is in the queue leave."""
        if not self.flush():
            web.outgoing.later(self)

    @property
    def closed(self):
        return self.close_code is not None

    def __getattr__(self, name):
        room = _ELSEWHERE.get(name)
        if room is None:
            raise AttributeError(name)
        method = getattr(getattr(web, room), name)
        if room != "closing":  # which leaves memory again
            setattr(WebSocket, name, method)
            return getattr(self, name)
        return lambda *args, **kwargs: method(self, *args, **kwargs)

    # -- receiving

    def receive(self, timeout=None):
        """Return (when awaited) the next message, a str for text, else a bytearray;
        None when the connection is over."""
        if timeout is None:
            return receive(self)
        return web.waiting.within(self, receive(self), timeout)

    def __aiter__(self):
        return self

    def __anext__(self):
        return receive(self, _NEXT)

    # -- sending

    def send(self, msg, more=False):
        """Send a message: str as text, a dict or list as JSON, which is text, bytes,
        bytearray or a memoryview as binary; a mutable one of these must stay as it is
        until then. With more it is a part of a message that the next call goes on with.
        To be awaited; raises OSError when the connection is over. Raises ValueError for
        a str that is no UTF-8, as one with half of a surrogate pair is, and for numbers
        that JSON has not."""
        if more or self.expect & _SPECIAL:
            return web.pieces.send_special(self, msg, more) or SENT
        kind = type(msg)
        first = _WHOLE_BYTES
        if kind is not bytearray and kind is not bytes:
            if kind is str:
                first = _WHOLE_TEXT
                msg = octets(msg)
            else:
                if isinstance(msg, (dict, list)):
                    first = _WHOLE_TEXT
                msg = encoded(msg)[1]
        if self.queue or self.conn.pos != self.conn.end:
            if self.collect(first, msg):
                return SENT
        return self.send_frame(first, msg) or SENT

    def send_frame(self, first, data):
        """Begin to send a frame. Returns what is to be awaited for the rest of it, which
        may raise OSError, or None."""
        out = scratch(len(data))
        end = ws_build(out, first, data, b"")
        rest = ()
        if end == len(out):
            rest = (memoryview(data)[end - (4 if len(data) < 65536 else 10) :],)
        return put(self, out, end, rest)

    def flush(self):
        """Send the frames that were collected, as far as the socket takes them at once.
        Returns whether nothing is left to be sent."""
        conn = self.conn
        n = self.queued
        if n and conn.sock and not (conn.busy or conn.lost):
            queue = self.queue
            try:
                sent = send_now(conn, queue, n)
                self.queue = (memoryview(queue)[sent:n],) if sent < n else None
                self.queued = 0
            except OSError:
                self.lose()
        return not self.queue

    # -- the end

    def control(self, opcode, data):
        """Do what the control frame asks for that came, or end the connection for minus
        a close code. Returns what is to be awaited for that, or None."""
        if opcode == _PING:
            return self.open and self.send_frame(_FIN | _PONG, data)
        if opcode != _PONG:
            return web.closing.answer(self, opcode, data)

    def sent(self, done):
        """A send that took its time has ended, or was broken off."""
        if not done:
            self.lose()
        elif not self.closed:
            self.attend()

    def lose(self):
        """A send failed: the connection is broken off, if it was not ending."""
        if self.open:
            self.conn.lost = True
            self.end(1006)

    def end(self, code):
        """The connection is over."""
        conn = self.conn
        self.open = False
        if not self.closed or self.close_code == 1006:
            self.close_code = code
        self.arriving = self.queue = None
        self.queued = 0
        conn.pos = conn.end
        for helper in conn.helpers:
            helper.cancel()  # who sends to it for a room
        # a handler that does not receive has this time to end before it is cancelled
        self.attend(conn.server.head_ticks)

    # -- the server's clock

    def attend(self, ticks=None):
        """Have the clock see to the connection soon, and until the handler receives; and have
        it end what takes longer than some ticks."""
        conn = self.conn
        server = conn.server
        if ticks:
            self.due = server.clock + ticks
        if conn.sock:
            soon = server.clock + 2
            # a sender has a deadline of its own, and what comes sooner is not put off
            if not conn.sender and (conn.deadline is None or conn.deadline > soon):
                conn.deadline = soon
            server.attend()
