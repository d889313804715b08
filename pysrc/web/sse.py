# Server-sent events (WHATWG HTML 9.2).
import asyncio

import web
from web.app import octets
from web.stream import receive_into, send

# what no further field line may be
_OWN = ("content-type", "content-length", "transfer-encoding", "connection")


class EventSource:
    """An event stream to a browser, made by `await EventSource.upgrade(r, w)`, or given
    to a handler of App.sse().

    last_event_id  str, the id of the last event that the browser got before it
                   connected anew, or None

    When the browser leaves, the task of the handler is cancelled.
    """

    binary = False  # whether it takes bytes that are no text
    queued = 0
    queue = None  # the answer, as long as it has not left

    def __init__(self, r, w):
        self.conn = w.conn
        self.last_event_id = r.headers.get("last-event-id")

    @classmethod
    async def upgrade(cls, r, w, retry=None, heartbeat=15, headers=None):
        """Answer r with the start of an event stream.

        retry      ms after which the browser connects anew
        heartbeat  seconds after which a comment is sent, so that the connection is
                   not taken for dead; None for none
        headers    dict of str by name, further field lines; a list for a field with
                   several. ValueError for what can't be one, or is the stream's own
        """
        events = cls.begin(r, w, retry, heartbeat, headers)
        head = events.queue
        events.queue = None
        await w.send(head)
        events.begun()
        return events

    @classmethod
    def begin(cls, r, w, retry=None, heartbeat=15, headers=None):
        """The same, but the answer waits: for the first event or begun()."""
        # nginx would hold back what is short otherwise
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\nConnection: close\r\n"
        )
        if headers:
            head += web.syntax.field_lines(headers, _OWN)
        head += "\r\n"
        if retry is not None:
            head += "retry: {}\n\n".format(int(retry))
        web.stream.admit(w.conn)
        events = cls(r, w)
        events.queue = head.encode()
        events._heartbeat = heartbeat
        return events

    def begun(self):
        """The handler has begun: have the answer leave, and the client watched."""
        conn = self.conn
        conn.touched = True
        conn.helpers = list(conn.helpers) + [asyncio.create_task(self._watch())]
        if self._heartbeat:
            conn.helpers.append(asyncio.create_task(self._keep(self._heartbeat)))

    async def send(self, msg, id=None, event=None):
        """Send an event.

        msg is its data (str or bytes-like, or anything str() takes), of one or
        more lines. Raises ValueError for an id or event name with a line break or
        NUL in it and for text that is no UTF-8, OSError when the client is gone.
        """
        out = ""
        if id is not None:
            out = _line("id", id)
        if event is not None:
            out += _line("event", event)
        if isinstance(msg, (bytes, bytearray, memoryview)):
            msg = str(msg, "utf-8")
        # each of CRLF, CR and LF ends a line of the stream
        for line in str(msg).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            out += "data: " + line + "\n"
        await self._send(out + "\n")

    async def comment(self, text=""):
        """Send a comment (str of one line), which the browser drops. Raises as send()
        does."""
        await self._send(_line("", text) + "\n")

    async def flush(self):
        """Have the answer leave, if it has not."""
        if self.queue:
            await self._send("")

    async def _send(self, text):
        data = octets(text)
        head = self.queue
        if head:
            self.queue = None
            data = head + data
        await send(self.conn, data)

    def abort(self):
        """End the connection at once."""
        web.stream.abort(self.conn)

    async def _keep(self, heartbeat):
        try:
            while True:
                await asyncio.sleep(heartbeat)
                await self.comment()
        except OSError:
            pass

    async def _watch(self):
        # a browser sends nothing: what is there to read is its leaving
        conn = self.conn
        try:
            await self.flush()
            while await receive_into(conn, conn.buf) > 0:
                pass
        except (OSError, MemoryError):
            pass
        if conn.sock:
            web.stream.abort(conn)


def _line(name, value):
    value = str(value)
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("line break in " + (name or "comment"))
    return name + ": " + value + "\n"
