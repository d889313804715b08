# The server and the router. The bytes' way: accept, read the head, match the
# route, run the handler, close.
import asyncio
import gc
import sys
import time
from asyncio import core

from micropython import const

from web._codec import parse_head
from web.conn import Connection
from web.request import Request

_BUFFER = const(512)  # bytes at first; it grows with a longer head
_WATCH_MS = const(250)
_GRACE_MS = const(500)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
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
    max_connections  most connections at once; when there are as many, one that
                still owes its request is ended for a new one, else that waits
    head_timeout     seconds for a whole head to arrive in, else 408
    body_timeout     seconds for a further part of the body to arrive in, else 408
    write_timeout    seconds for a client to take more of what is sent to it
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
        max_connections=16,
        head_timeout=10,
        body_timeout=10,
        write_timeout=10,
        backlog=16,
    ):
        self.host = host
        self.port = port
        self.max_head = max_head
        self.max_target = max_target
        self.max_fields = max_fields
        self.max_body = max_body
        self.max_connections = max_connections
        self.head_timeout = head_timeout
        self.body_timeout = body_timeout
        self.write_timeout = write_timeout
        self.backlog = backlog
        self._connections = []  # in the order of their acceptance
        self._watch = None  # the task that watches their deadlines
        self._ended = asyncio.Event()  # one of them ended
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
                    await self._make_room()
                    self._accept(listener)
                except Exception as e:
                    # the client left already, or there is no memory or descriptor
                    # for it: that must not end the server. The pause keeps a
                    # lasting error from becoming a busy loop.
                    print("web: accept failed:", repr(e))
                    gc.collect()
                    await asyncio.sleep_ms(100)
        finally:
            listener.close()

    async def _make_room(self):
        """Wait until there is one connection less than the most."""
        while len(self._connections) >= self.max_connections:
            for conn in self._connections:
                # one that waits for its head, and for long enough that an honest
                # client would have sent it
                if conn.waiting and time.ticks_diff(time.ticks_ms(), conn.since) >= _GRACE_MS:
                    conn.expire()
                    break
            self._ended.clear()
            try:
                await asyncio.wait_for_ms(self._ended.wait(), _GRACE_MS)
            except asyncio.TimeoutError:
                pass

    def _accept(self, listener):
        sock, addr = listener.accept()
        try:
            sock.setblocking(False)
            try:
                # a response's end must not wait for a delayed acknowledgement
                sock.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
            except OSError:
                pass
            size = min(_BUFFER, self.max_head)
            conn = Connection(sock, addr, size, int(self.write_timeout * 1000))
            if self._watch is None:
                self._watch = asyncio.create_task(self._watch_deadlines())
            self._connections.append(conn)
        except Exception:
            sock.close()
            raise
        try:
            conn.task = asyncio.create_task(self._serve_connection(conn))
        except Exception:
            self._forget(conn)
            raise

    def _forget(self, conn):
        conn.close()
        if conn in self._connections:
            self._connections.remove(conn)
        self._ended.set()

    async def _watch_deadlines(self):
        try:
            while self._connections:
                await asyncio.sleep_ms(_WATCH_MS)
                now = time.ticks_ms()
                for conn in self._connections:
                    if conn.deadline is not None and time.ticks_diff(conn.deadline, now) <= 0:
                        conn.expire()
        finally:
            self._watch = None

    def _listen(self):
        import socket

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
            gc.collect()
            if not conn.sent and conn.sock:
                conn.sock.write(_UNAVAILABLE)
        finally:
            self._forget(conn)

    async def _serve_request(self, conn):
        conn.wait_at_most(int(self.head_timeout * 1000))
        conn.since = time.ticks_ms()
        conn.waiting = True
        used = await self._read_head(conn)
        conn.waiting = False
        conn.deadline = None
        if used == 0:
            return  # the client left without a request
        if used < 0:
            await _refuse(conn, -used)
            return
        r = Request(conn, self._head, used, int(self.body_timeout * 1000))
        conn.pos = used
        status, handler, headers = self._match(r)
        if status:
            await _refuse(conn, status, headers, r)
            return
        if r.flags & _EXPECT and r.length and conn.pos == conn.end:
            await conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            conn.sent = False
        await self._run(handler, r, conn)
        if conn.websocket is None and (r.unread or conn.pending()):
            from web.errors import linger

            await linger(conn, r.unread or _EVERYTHING)

    async def _read_head(self, conn):
        """Returns the head's length, 0 without a request, or minus a status."""
        lines = False  # whether a whole line came
        while True:
            old = conn.end
            try:
                if not await conn.fill(0, self.max_head):
                    return -431 if conn.end >= self.max_head else 0
            except OSError:
                if conn.timed_out and old:
                    return -408
                raise
            if lines and b"\n" not in bytes(memoryview(conn.buf)[old : conn.end]):
                continue  # nothing that could be judged anew
            used = parse_head(conn.buf, 0, conn.end, self.max_target, self.max_fields, self._head)
            if used:
                return used
            lines = lines or b"\n" in bytes(memoryview(conn.buf)[: conn.end])

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
        status = 500
        headers = ""
        try:
            await handler(r, conn)
            await conn.drain()
            if conn.websocket:
                await conn.websocket.close()
            if conn.sent or conn.sock is None:
                return
            print("web: {} {}: the handler sent no response".format(r.method, r.path))
        except Exception as e:
            if conn.lost:
                raise  # the client is gone; that is no fault of the handler's
            from web.errors import HTTPException

            if isinstance(e, HTTPException):
                status = e.status
                headers = e.headers
            elif isinstance(e, MemoryError):
                raise
            elif conn.timed_out:
                status = 408
            else:
                _report(r, e)
            if conn.websocket:
                await conn.websocket.close(1011)
        if not conn.sent and conn.sock:
            from web.errors import refuse

            await refuse(conn, status, headers, r.method == "HEAD")  # the caller lingers


async def _refuse(conn, status, headers="", r=None):
    # r is None where the head could not be parsed: then nobody knows what follows
    from web.errors import linger, refuse

    await refuse(conn, status, headers, r and r.method == "HEAD")
    if r is None or r.unread or r.flags & _CHUNKED or conn.pending():
        await linger(conn, _EVERYTHING)


def _report(r, e):
    """One line on the console for a handler's fault, and where it was raised."""
    import io

    trace = io.StringIO()
    sys.print_exception(e, trace)
    lines = trace.getvalue().strip().split("\n")
    where = lines[-2].strip() if len(lines) > 1 else ""
    print("web: {} {}: {} ({})".format(r.method, r.path, lines[-1], where))
