# Server-sent events (WHATWG HTML 9.2).
import asyncio

from web.conn import later
from web.stream import receive_into


class EventSource:
    """An event stream to a browser, made by `await EventSource.upgrade(r, w)`, or given
    to a handler of App.sse().

    last_event_id  str, the id of the last event that the browser got before it
                   connected anew, or None

    When the browser leaves, the task of the handler is cancelled.
    """

    def __init__(self, r, w):
        self._w = w
        self.last_event_id = r.headers.get("last-event-id")

    @classmethod
    async def upgrade(cls, r, w, retry=None, heartbeat=15):
        """Answer r with the start of an event stream.

        retry      ms after which the browser connects anew
        heartbeat  seconds after which a comment is sent, so that the connection is
                   not taken for dead; None for none
        """
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
        )
        if retry is not None:
            head += "retry: {}\n\n".format(int(retry))
        later("control", "admit", w.conn)
        await w.send(head.encode())
        events = cls(r, w)
        conn = w.conn
        conn.touched = True
        conn.helpers = [asyncio.create_task(_watch(conn))]
        if heartbeat:
            conn.helpers.append(asyncio.create_task(events._keep(heartbeat)))
        return events

    async def send(self, msg, id=None, event=None):
        """Send an event.

        msg is its data (str or bytes-like, or anything str() takes), of one or
        more lines. Raises ValueError for an id or event name with a line break or
        NUL in it, OSError when the client is gone.
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
        await self._w.send((out + "\n").encode())

    async def comment(self, text=""):
        """Send a comment (str of one line), which the browser drops. Raises as send()
        does."""
        await self._w.send((_line("", text) + "\n").encode())

    def abort(self):
        """End the connection at once."""
        self._w.conn.abort()

    async def _keep(self, heartbeat):
        try:
            while True:
                await asyncio.sleep(heartbeat)
                await self.comment()
        except OSError:
            pass


async def _watch(conn):
    # a browser sends nothing: what is there to read is its leaving
    try:
        while await receive_into(conn, conn.buf) > 0:
            pass
    except OSError:
        pass
    if conn.sock:
        conn.abort()


def _line(name, value):
    value = str(value)
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("line break in " + (name or "comment"))
    return name + ": " + value + "\n"
