# A client for tests: it speaks to an App in its own program through the server's own code, over
# connections in memory. No program loads this room but the tests of one.
import asyncio

from micropython import const

import web
from web.answers import Response
from web.wires import listener_of

_HOPS = const(10)  # redirects that are followed
_SEE_OTHER = const(303)


def run(coroutine, timeout=30):
    """Return what a coroutine returns, for a test that is no `async def`. The server goes on
    from one run() to the next. Raises what it raises, and asyncio.TimeoutError after timeout
    seconds."""
    return asyncio.run(asyncio.wait_for(coroutine, timeout))


class Client:
    """A client of an App in the same program. The app serves it as any other, but without
    sockets, from the first request on, in the event loop that runs then.

    app      the App
    headers  dict of str by name, fields that every request has
    follow   whether redirects within the app are followed, 10 at most
    raises   whether what a handler raises by mistake is raised by the request as well. Else
             there is a response of 500, as for other clients
    timeout  seconds in which the server has to send something, else asyncio.TimeoutError
    addr     str, the client's address, which is in r.addr
    cookies  Cookies that responses have set
    faults   list of what handlers raised by mistake, each as it was told on the console
    """

    def __init__(self, app, headers=None, follow=True, raises=True, timeout=10, addr="127.0.0.1"):
        self.app = app
        self.headers = headers or {}
        self.follow = follow
        self.raises = raises
        self.timeout = timeout
        self.addr = addr
        self.cookies = web.jar.Cookies()
        self.faults = []
        self._idle = []  # connections that can have another request
        self._wires = []  # all that are open

    # -- requests

    async def request(
        self,
        method,
        path,
        params=None,
        headers=None,
        body=None,
        json=None,
        form=None,
        files=None,
        follow=None,
        stream=False,
    ):
        """Send a request, and return the Response.

        method   str
        path     str, with its query; what no URL can hold must be percent-encoded
        params   dict or pairs, as urlencode() takes them, that are added to the query
        headers  dict of str by name, further fields, a list for one of several lines
        body     bytes-like, str, or an iterable of these that is sent in chunks
        json     what is sent as JSON instead
        form     dict or pairs that are sent as a form
        files    dict or pairs of what is sent as files of a form, multipart/form-data: bytes,
                 str, an open file, or a tuple (filename, one of these[, type])
        follow   as that of the Client, for this request
        stream   whether to return when the head has come: the body is then read by
                 `async for piece in response` or `await response.read()`

        Raises ValueError for a line break in a field and for what is no response of HTTP/1,
        asyncio.TimeoutError, EOFError for a response that ends too soon, and with raises what
        the handler raised.
        """
        if params:
            path += ("&" if "?" in path else "?") + web.urlencode(params)
        fields, body = web.sending.encoded(headers, body, json, form, files)
        history = []
        while True:
            response = await self._exchange(method, path, fields, body, stream)
            response.history = history
            target = response.redirected(method)
            if not (self.follow if follow is None else follow) or not target:
                return response
            if len(history) >= _HOPS:
                raise ValueError("more than 10 redirects: " + target)
            if response.status == _SEE_OTHER or method == "POST" and response.status < 303:
                if method != "HEAD":
                    method = "GET"
                fields, body = web.sending.without_body(fields), b""
            await response.read()
            history = history + [response]
            path = target

    def get(self, path, **options):
        """Send a GET, see request(), and return the Response."""
        return self.request("GET", path, **options)

    def post(self, path, **options):
        """Send a POST, see request(), and return the Response."""
        return self.request("POST", path, **options)

    def put(self, path, **options):
        """Send a PUT, see request(), and return the Response."""
        return self.request("PUT", path, **options)

    def patch(self, path, **options):
        """Send a PATCH, see request(), and return the Response."""
        return self.request("PATCH", path, **options)

    def delete(self, path, **options):
        """Send a DELETE, see request(), and return the Response."""
        return self.request("DELETE", path, **options)

    async def _exchange(self, method, path, fields, body, stream):
        # a connection that the server has not closed meanwhile
        while True:
            wire = self._idle.pop() if self._idle else self.connect()
            if not wire.ended:
                break
            self.drop(wire)
        try:
            head = web.sending.head(method, path, self.fields(path, fields))
            await web.sending.send(wire, head, body)
            response = Response(self, wire, method, path)
            await response.begin()
            self.cookies.take(path, response.headers)
            if not stream:
                await response.read()
            return response
        except BaseException:
            self.drop(wire)
            raise

    def fields(self, path, own=()):
        """Return the field lines, pairs of str, of a request for path that has its own."""
        fields = list(own)
        known = [name.lower() for name, _ in own]
        cookies = self.cookies.line(path)
        for name, value in web.sending.pairs(self.headers):
            if name.lower() not in known:
                fields.append((name, value))
        known += [name.lower() for name in self.headers]
        if "host" not in known:
            fields.insert(0, ("Host", "localhost"))
        if cookies and "cookie" not in known:
            fields.append(("Cookie", cookies))
        return fields

    # -- connections

    def connect(self):
        """Return a Wire to the server, which sends and receives bytes as they are, what is no
        valid request among them."""
        wire = listener_of(self.app).wire(self.addr, self.timeout)
        wire.faults = self.faults
        self._wires = [other for other in self._wires if other.open]
        self._wires.append(wire)
        return wire

    def keep(self, wire):
        # It can have another request.
        self._idle.append(wire)

    def drop(self, wire):
        # It can have none.
        wire.close()
        if wire in self._wires:
            self._wires.remove(wire)
        if wire in self._idle:
            self._idle.remove(wire)

    def close(self):
        """Close all connections of this client."""
        for wire in list(self._wires):
            self.drop(wire)

    # -- streams

    def events(self, path, last_event_id=None, **options):
        """Return the Events that an event stream at path sends, for `async for event in
        client.events(path)`. The options are those of request()."""
        return web.following.Events(self, path, last_event_id, options)

    def websocket(self, path, **options):
        """Open a WebSocket at path: `ws = await client.websocket(path)`, or `async with
        client.websocket(path) as ws`, which closes it. The options are those of
        web.connect(). Raises web.HandshakeError, whose status is that of an answer which is
        none."""
        return web.following.Opening(self, path, options)
