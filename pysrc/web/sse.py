# Server-sent events (WHATWG HTML 9.2). A stream has no task of its own: the event loop's
# queue tells when its browser left, as that of a connection without a task, and the
# server's clock when a comment is due.
import web


class EventSource:
    """An event stream to a browser, made by `await EventSource.upgrade(r, w)`, or given
    to a handler of App.sse().

    last_event_id  str, the id of the last event that the browser got before it
                   connected anew, or None

    When the browser leaves, the task of the handler is cancelled.
    """

    binary = False  # whether it takes bytes that are no text
    open = True  # for as long as its connection's socket

    def __init__(self, r, conn, retry=None, heartbeat=15, headers=None):
        # nginx would hold back what is short otherwise
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\nConnection: close\r\n"
        )
        if headers:
            lines, own = web.response.split(headers)
            if own:  # which frames the stream
                raise ValueError("headers")
            head += lines
        head += getattr(r, "cors", "") + "\r\n"
        if retry is not None:
            head += "retry: %d\n\n" % round(retry * 1000)
        self.queue = head.encode()  # what leaves before anything else
        self._ticks = int((heartbeat or 99999999) * 4) or 1  # None is three years
        self.last_event_id = web.fields.field(r, "last-event-id")
        self.conn = conn
        web.stream.admit(conn)
        conn.events = self
        conn.ready = self.look

    @classmethod
    async def upgrade(cls, r, w, retry=None, heartbeat=15, headers=None):
        """Answer r with the start of an event stream.

        retry      seconds after which the browser connects anew
        heartbeat  seconds without an event after which a comment is sent, so that the
                   connection is not taken for dead; None for none
        headers    dict of str by name, further field lines; a list for a field with
                   several. ValueError for what can't be one, or is the stream's own
        """
        from asyncio import sleep_ms

        events = cls(r, w.conn, retry, heartbeat, headers)
        await w.send(events.queue)
        events.queue = b""
        await sleep_ms(0)  # the server lets go of the connection when a handler waits
        events.begun()
        return events

    def begun(self, data=b""):
        """The handler has begun, or sent something: have what is left in the queue, or else
        data, leave without waiting, and see to the browser."""
        conn = self.conn
        if conn.sender or not conn.sock:
            return
        clock = conn.deadline = conn.server.clock
        try:
            data = self.queue or data
            if data:
                self.queue = data[web.stream.send_now(conn, data, len(data)) :]
            # the event loop's queue forgets it when a task waits to send
            web.conn.register(conn.server, conn.sock, conn)
            conn.deadline = clock + (1 if self.queue else self._ticks)
        except Exception:
            conn.lost = True  # the clock, which is no task of a handler, ends it

    async def send(self, msg, id=None, event=None):
        """Send an event.

        msg is its data (str or bytes-like, dict or list, sent as JSON, or anything str()
        takes), of one or more lines. Raises ValueError for an id or event name with a
        line break or NUL in it, for text that is no UTF-8 and numbers that JSON has not,
        OSError when the client is gone.
        """
        await self.flush(encoded(msg, id, event))

    async def comment(self, text=""):
        """Send a comment (str of one line), which the browser drops. Raises as send()
        does."""
        await self.flush(web.conn.octets(_field(": ", text) + "\n"))

    async def flush(self, data=b""):
        """Send what has not left, and data (bytes-like)."""
        if self.queue:
            data = self.queue + data
            self.queue = b""
        try:
            await web.stream.send_each(self.conn, (data,))
        finally:
            self.begun()

    def post(self, data):
        """Have data leave without waiting. Returns what is to be awaited if it can't, else
        None."""
        if self.queue or self.conn.sender:
            return self.flush(data)
        self.begun(data)

    def abort(self):
        """End the connection at once."""
        web.stream.abort(self.conn)

    def look(self):
        """Something has come, or the connection's deadline is over: a browser sends nothing,
        so what is there to read is its leaving, and a comment may be due."""
        conn = self.conn
        try:
            # one that sends or reads has not done so in time, or the connection ends
            gone = conn.sender or conn.entry and conn.entry[0] or conn.lost
            gone = gone or conn.sock.readinto(conn.server.buf) == 0
        except Exception:
            gone = True
        if gone:
            web.stream.abort(conn)
            conn.close()
        elif conn.server.clock >= conn.deadline:
            self.begun(b": \n\n")


# It begins as it is made: the answer waits, for the first event or begun().
EventSource.begin = EventSource


def _field(name, value):
    value = str(value)
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("line break")
    return name + value + "\n"


def encoded(msg, id=None, event=None):
    """Return an event as it is sent (bytes-like); see EventSource.send()."""
    if isinstance(msg, (bytes, bytearray, memoryview, dict, list)):
        msg = str(web.conn.encoded(msg)[1], "utf-8")
    # each of CRLF, CR and LF ends a line of the stream
    msg = str(msg).replace("\r\n", "\n").replace("\r", "\n")
    msg = "data: " + msg.replace("\n", "\ndata: ") + "\n\n"
    if event is not None:
        msg = _field("event: ", event) + msg
    if id is not None:
        msg = _field("id: ", id) + msg
    return web.conn.octets(msg)
