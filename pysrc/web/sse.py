# Server-sent events (WHATWG HTML 9.2).


class EventSource:
    """An event stream to a browser, made by `await EventSource.upgrade(r, w)`."""

    def __init__(self, r, w):
        self._w = w
        self.last_event_id = r.headers.get("last-event-id")

    @classmethod
    async def upgrade(cls, r, w):
        """Answer r with the start of an event stream."""
        await w.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
        )
        return cls(r, w)

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


def _line(name, value):
    value = str(value)
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("line break in " + name)
    return name + ": " + value + "\n"
