# Streams that a client of web.testing follows: events, WebSockets.
import web
from web.wires import instead


class Event:
    """A server-sent event.

    data   str
    event  str, its name
    id     str, the last that was given, or None
    """

    def __init__(self, data, event, id):
        self.data = data
        self.event = event
        self.id = id

    def json(self):
        """Return what data has as JSON. Raises ValueError."""
        from json import loads

        return loads(self.data)


class Events:
    """An event stream, for `async for` and, to have it closed, `async with`.

    retry  float, seconds after which a browser connects anew, as the server said, or None
    """

    def __init__(self, client, path, last_event_id, options):
        self.retry = None
        self._client = client
        self._path = path
        self._options = options
        self._id = last_event_id
        self._response = None
        self._text = b""

    async def open(self):
        """Connect, if that was not done yet, and return the Response, of which the head has
        come. Raises ValueError when that is none of an event stream."""
        if self._response is None:
            fields = {"Accept": "text/event-stream"}
            if self._id is not None:
                fields["Last-Event-ID"] = self._id
            fields.update(self._options.pop("headers", None) or {})
            response = await self._client.request(
                "GET", self._path, headers=fields, stream=True, **self._options
            )
            kind = response.headers.get("content-type") or ""
            if response.status != 200 or not kind.startswith("text/event-stream"):
                await response.read()
                raise ValueError("no event stream: {} {}".format(response.status, response.text))
            self._response = response
        return self._response

    def close(self):
        """Leave, as a browser does whose page is closed."""
        if self._response:
            self._response.close()

    async def __aenter__(self):
        await self.open()
        return self

    async def __aexit__(self, *_):
        self.close()

    def __aiter__(self):
        return self

    async def __anext__(self):
        """Return the next Event (WHATWG HTML 9.2.6)."""
        data = []
        name = ""
        while True:
            line = await self._line()
            if not line:
                if data:
                    return Event("\n".join(data), name or "message", self._id)
                name = ""
            field, _, value = line.partition(":")
            value = value[1:] if value[:1] == " " else value
            if field == "data":
                data.append(value)
            elif field == "event":
                name = value
            elif field == "id":
                self._id = value
            elif field == "retry":
                self.retry = int(value) / 1000

    async def _line(self):
        response = await self.open()
        while b"\n" not in self._text:
            self._text += await response.__anext__()
        line, _, self._text = self._text.partition(b"\n")
        return str(line.rstrip(b"\r"), "utf-8")


class Opening:
    """A WebSocket that is to be opened, see Client.websocket()."""

    def __init__(self, client, path, options):
        self._client = client
        self._path = path
        self._options = options
        self._ws = self._wire = None

    async def _open(self):
        client = self._client
        own = web.sending.pairs(self._options.pop("headers", None))
        fields = client.fields(self._path, own)
        host = dict(fields).get("Host", "localhost")
        fields = [field for field in fields if field[0].lower() != "host"]
        options = {"timeout": client.timeout}
        options.update(self._options)
        opening = web.connect("ws://" + host + self._path, headers=fields, **options)
        self._wire = client.connect()
        with instead(self._wire):
            opening.send(None)  # until it waits, it makes its socket
        try:
            yield
        except BaseException as e:
            opening.throw(e)
        return await opening

    def __await__(self):
        return self._open()

    __iter__ = __await__  # which MicroPython calls

    async def __aenter__(self):
        self._ws = await self._open()
        return self._ws

    async def __aexit__(self, *_):
        await self._ws.close()
        while self._ws.close_code is None and await self._ws.receive() is not None:
            pass
        fault = self._wire.fault
        self._wire.fault = None
        if fault and self._client.raises:
            raise fault
