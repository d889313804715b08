# The server and the router. The bytes' way: accept, read the head, match the
# route, run the handler, close.
import asyncio
import socket
import sys
from asyncio import core

from micropython import const

from web._codec import parse_head
from web.conn import Connection
from web.request import Request

_BUFFER = const(512)  # bytes at first; it grows with a longer head
_EXPECT = const(16)
_CHUNKED = const(8)
_EVERYTHING = const(0x3FFFFFFF)
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


class App:
    """An application: routes and the server that serves them.

    host, port  where to listen
    max_head    most bytes of a request's head, else 431
    max_target  most bytes of its target, else 414
    max_fields  most field lines, else 431
    max_body    most bytes of its body, else 413
    backlog     connections that wait to be accepted
    """

    def __init__(
        self,
        host="0.0.0.0",
        port=80,
        max_head=4096,
        max_target=1024,
        max_fields=48,
        max_body=65536,
        backlog=16,
    ):
        self.host = host
        self.port = port
        self.max_head = max_head
        self.max_target = max_target
        self.max_fields = max_fields
        self.max_body = max_body
        self.backlog = backlog
        self._routes = {}  # path: {method: handler}
        self._methods = set(_METHODS)
        self._head = [None] * 10  # what parse_head fills in; read before any await

    # -- routes

    def add_handler(self, path, handler, methods=("GET",)):
        """Have `async handler(r, w)` answer requests for path."""
        route = self._routes.setdefault(path, {})
        for method in methods:
            self._methods.add(method)
            route[method] = handler

    def route(self, path, methods=("GET",)):
        """Decorate an `async def handler(r, w)` that answers requests for path.

        The handler writes a whole raw response; the connection ends after it.
        """

        def decorate(handler):
            self.add_handler(path, handler, methods)
            return handler

        return decorate

    # -- serving

    async def serve(self):
        """Accept connections until cancelled. Raises OSError when the address
        can't be listened on."""
        listener = self._listen()
        try:
            while True:
                yield core._io_queue.queue_read(listener)
                try:
                    sock, addr = listener.accept()
                except OSError as e:
                    # the client left already, or there are no descriptors: the
                    # pause keeps a lasting error from becoming a busy loop
                    print("web: accept failed:", e)
                    await asyncio.sleep_ms(100)
                    continue
                sock.setblocking(False)
                asyncio.create_task(self._serve_connection(Connection(sock, addr, _BUFFER)))
        finally:
            listener.close()

    def _listen(self):
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(socket.getaddrinfo(self.host, self.port)[0][-1])
            listener.listen(self.backlog)
        except OSError:
            listener.close()
            raise
        return listener

    async def _serve_connection(self, conn):
        try:
            await self._serve_request(conn)
        except (OSError, EOFError):
            pass  # the client is gone
        except MemoryError as e:
            print("web: out of memory:", e)
        finally:
            conn.close()

    async def _serve_request(self, conn):
        used = await self._read_head(conn)
        if used == 0:
            return  # the client left without a request
        if used < 0:
            await _refuse(conn, -used)
            return
        r = Request(conn, self._head, 0, used)
        conn.pos = used
        status, handler, headers = self._match(r)
        if status:
            await _refuse(conn, status, headers, r)
            return
        if r.flags & _EXPECT and r.length and conn.pos == conn.end:
            await conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            conn.sent = False
        await self._run(handler, r, conn)
        if r.unread > conn.end - conn.pos:
            from web.errors import linger

            await linger(conn, r.unread - (conn.end - conn.pos))

    async def _read_head(self, conn):
        """Returns the head's length, 0 without a request, or minus a status."""
        while True:
            if not await conn.fill(0, self.max_head):
                return -431 if conn.end >= self.max_head else 0
            used = parse_head(conn.buf, 0, conn.end, self.max_target, self.max_fields, self._head)
            if used:
                return used

    def _match(self, r):
        """Returns (status, handler, header lines); status is 0 with a handler."""
        route = self._routes.get(r.path)
        handler = route and route.get(r.method)
        if r.flags & _CHUNKED:
            return 411, None, ""
        if r.length > self.max_body:
            return 413, None, ""
        if handler:
            return 0, handler, ""
        if r.method not in self._methods:
            return 501, None, ""
        if route:
            return 405, None, "Allow: {}\r\n".format(", ".join(sorted(route)))
        return 404, None, ""

    async def _run(self, handler, r, conn):
        try:
            await handler(r, conn)
            await conn.drain()
            if conn.websocket:
                await conn.websocket.close()
        except (OSError, EOFError):
            raise
        except Exception as e:
            from web.errors import HTTPException

            status = 500
            headers = ""
            if isinstance(e, HTTPException):
                status = e.status
                headers = e.headers
            else:
                _report(r, e)
            if conn.websocket:
                await conn.websocket.close(1011)
            elif not conn.sent:
                await _refuse(conn, status, headers, r)


async def _refuse(conn, status, headers="", r=None):
    # r is None where the head could not be parsed: then nobody knows what follows
    from web.errors import linger, refuse

    await refuse(conn, status, headers, r and r.method == "HEAD")
    if r is None or r.flags & _CHUNKED:
        await linger(conn, _EVERYTHING)
    else:
        await linger(conn, r.unread - (conn.end - conn.pos))


def _report(r, e):
    """One line on the console for a handler's fault, and where it was raised."""
    import io

    trace = io.StringIO()
    sys.print_exception(e, trace)
    lines = trace.getvalue().strip().split("\n")
    where = lines[-2].strip() if len(lines) > 1 else ""
    print("web: {} {}: {} ({})".format(r.method, r.path, lines[-1], where))
