# The server. The bytes' way: accept, read a head, answer it (app.py), and so on with
# the next one.
import asyncio
import gc
import sys
from asyncio import core
from builtins import len  # found sooner in this module

from micropython import const

from web._codec import parse_head
from web.conn import Connection, reserve, wait
from web.request import Request

_TICK_MS = const(250)  # of the clock that deadlines are told by
_GRACE = const(2)  # ticks in which an honest client has sent its head
_STALLED = const(8)  # ticks without a byte of a body that is due, or room for one
_FIRST = const(1 << 20)  # ticks: idle connections come first
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_BUSY = const(0)  # states of a connection: a request is answered
_HEAD = const(1)  # it waits for the whole of a head
_IDLE = const(2)  # it waits for a further request
_KEEP_ALIVE = const(2)
_CHUNKED = const(8)
_BUFFER = const(768)  # bytes of a connection's buffer; it grows with a longer head
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


def _ticks(seconds):
    return int(seconds * 1000) // _TICK_MS + 1


class Server:
    """Serves HTTP/1.1 connections within limits.

    host, port  where to listen
    max_head    most bytes of a request's head, else 431
    max_target  most bytes of its target, else 414
    max_fields  most field lines, else 431
    max_body    most bytes of its body, else 413; a route may have its own
    max_drain   most bytes of a body that no handler read which are read for the
                next request's sake, else the connection ends
    max_requests     most requests of a connection
    max_connections  most connections at once. When there are as many, a new one
                takes the place of one that is idle, or that owes its request or
                the rest of a body; else it waits until one ends
    head_timeout     seconds for a whole head to arrive in, else 408
    body_timeout     seconds for a further part of a body to arrive in, else 408
    idle_timeout     seconds for a further request to begin in, else the end
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
        max_drain=65536,
        max_requests=1000,
        max_connections=16,
        head_timeout=10,
        body_timeout=10,
        idle_timeout=15,
        write_timeout=10,
        backlog=128 if sys.platform in ("linux", "darwin", "win32") else 16,
    ):
        self.host = host
        self.port = port
        self.max_head = max_head
        self.max_target = max_target
        self.max_fields = max_fields
        self.max_body = max_body
        self.max_drain = max_drain
        self.max_requests = max_requests
        self.max_connections = max_connections
        self.backlog = backlog
        self.buffer = min(_BUFFER, max_head)
        self.body_ticks = _ticks(body_timeout)
        self.write_ticks = _ticks(write_timeout)
        self.head_ticks = _ticks(head_timeout)
        self._idle_ticks = _ticks(idle_timeout)
        self.clock = 0  # goes on as long as there are connections
        self._idle_until = self._idle_ticks
        self.stopping = False
        self._ssl = None
        self.queue = None  # the event loop's queue of tasks that wait for sockets
        self._listener = None
        self._task = None  # what accepts connections
        self._watch = None  # what watches over their deadlines
        self._connections = []  # in the order of their acceptance
        self._ended = asyncio.Event()  # one of them ended
        self._waiting = 0  # how many wait for that
        self._stopped = asyncio.Event()

    # -- starting and stopping

    def run(self, *args, **kwargs):
        """Serve until an exception, Ctrl-C say, ends the program; see start()."""
        asyncio.run(self.serve(*args, **kwargs))

    async def serve(self, *args, **kwargs):
        """Serve until stop() has ended, or until cancelled; see start()."""
        await self.start(*args, **kwargs)
        try:
            await self._stopped.wait()
        finally:
            if self._listener:  # cancelled
                self._close()
                self._end_all()

    async def start(self, host=None, port=None, ssl=None):
        """Begin to serve, in a task beside others: at host and port, if not the
        App's, with an ssl.SSLContext as HTTPS. Raises OSError when the address
        can't be listened on."""
        import socket

        if self._listener:
            raise OSError(114)  # EALREADY
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            address = socket.getaddrinfo(host or self.host, port or self.port)[0][-1]
            listener.bind(address)
            listener.listen(self.backlog)
            reserve(self.max_connections)
        except BaseException:
            listener.close()
            raise
        self._ssl = ssl
        self.stopping = False
        self._stopped.clear()
        self._connections = []
        self._watch = None  # an earlier event loop's
        self._listener = listener
        self.queue = core._io_queue
        self._task = asyncio.create_task(self._accept_all(listener))

    async def stop(self, timeout=10):
        """Stop serving: accept no more, let requests in flight be answered, for
        `timeout` seconds at most, and free the port."""
        if not self._listener:
            return
        self.stopping = True
        self._close()
        await self._finish(self.clock + _ticks(timeout))
        self._end_all()
        self._stopped.set()

    async def _finish(self, until):
        while self.clock < until:
            busy = False
            for conn in self._connections:
                if conn.state == _IDLE:
                    conn.expire()
                elif conn.websocket and conn.websocket.open:
                    asyncio.create_task(_leave(conn.websocket))
                # a handler may stop the server that it is called by
                busy = busy or conn.task is not core.cur_task
            if not busy:
                break
            await self._wait_for_end()

    def _close(self):
        self._task.cancel()
        self._listener.close()
        self._listener = None

    def _end_all(self):
        for conn in list(self._connections):
            if conn.task is not core.cur_task:
                conn.task.cancel()
                self._forget(conn)

    async def _wait_for_end(self):
        """Wait until a connection ends, or for a while."""
        self._ended.clear()
        self._waiting += 1
        try:
            await asyncio.wait_for_ms(self._ended.wait(), _TICK_MS)
        except asyncio.TimeoutError:
            pass
        finally:
            self._waiting -= 1

    # -- accepting

    async def _accept_all(self, listener):
        entry = [None, None, listener]
        while True:
            try:
                while len(self._connections) >= self.max_connections:
                    self._evict()
                    await self._wait_for_end()
                wait(self, listener, entry, self._task)
                yield
                self._accept(listener)
            except Exception as e:
                # the client left already, or there is no memory or descriptor for
                # it: that must not end the server. The pause keeps a lasting error
                # from becoming a busy loop.
                gc.collect()
                try:
                    print("web: accept failed:", repr(e))
                except MemoryError:
                    pass
                await asyncio.sleep_ms(100)

    def _evict(self):
        """End the connection that waits for its client the longest, if it may be."""
        chosen = None
        longest = -1
        for conn in self._connections:
            if conn.deadline is None:
                continue  # its handler works
            if conn.state == _IDLE:
                wait = self.clock - conn.deadline + _FIRST
            elif conn.state == _HEAD:
                wait = self.clock - conn.deadline + self.head_ticks - _GRACE
            else:
                wait = self.clock - conn.since - _STALLED
            if wait > longest:
                longest = wait
                chosen = conn
        if chosen:
            chosen.expire()

    def _accept(self, listener):
        sock, addr = listener.accept()
        conn = None
        try:
            sock.setblocking(False)
            try:
                # a response's end must not wait for a delayed acknowledgement
                sock.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
            except OSError:
                pass
            conn = Connection(self, sock, addr)
            if self._ssl:
                # the handshake takes place when it is first read
                conn.raw = sock
                conn.touched = True
                conn.sock = conn.entry[2] = self._ssl.wrap_socket(
                    sock, server_side=True, do_handshake_on_connect=False
                )
            if self._watch is None:
                self._watch = asyncio.create_task(self._watch_deadlines())
            conn.task = asyncio.create_task(self._serve_connection(conn))
            self._connections.append(conn)
        except Exception:
            (conn or sock).close()
            raise

    def _forget(self, conn):
        conn.close()
        try:
            self._connections.remove(conn)
        except ValueError:
            pass  # it could not be started
        if self._waiting:
            self._ended.set()

    async def _watch_deadlines(self):
        try:
            while self._connections:
                await asyncio.sleep_ms(_TICK_MS)
                self.clock += 1
                self._idle_until = self.clock + self._idle_ticks
                for conn in self._connections:
                    if conn.deadline is not None and self.clock >= conn.deadline:
                        conn.expire()
        finally:
            self._watch = None

    # -- a connection

    async def _serve_connection(self, conn):
        r = Request(conn)
        head = r._head
        buf = conn.buf
        sock = conn.sock
        left = self.max_requests
        answer = self.answer  # and other locals, which are found sooner
        entry = conn.entry
        max_target = self.max_target
        max_fields = self.max_fields
        try:
            n = sock.readinto(buf)  # most clients have sent their request already
            while True:
                while conn.pos == conn.end:
                    if n:
                        conn.pos = 0
                        conn.end = n
                        break
                    if n == 0:
                        return  # the client left without a request
                    wait(self, sock, entry, conn.task)
                    yield
                    n = sock.readinto(buf)
                used = parse_head(
                    buf, conn.pos, conn.end, max_target, max_fields, head
                ) or await self._read_head(conn, head)
                if used <= 0:
                    if used:
                        await _refuse(conn, -used)
                    return
                n = None
                left -= 1
                if not left or self.stopping or not head[3] & _KEEP_ALIVE:
                    conn.closing = True
                conn.pos = r._end = conn.pos + used
                if r._dirty or head[4] > 0 or head[3] & _CHUNKED:
                    r.begin()
                rest = answer(conn, r)
                if rest:
                    # other tasks run only now
                    conn.state = _BUSY
                    conn.deadline = None
                    await rest
                    conn.sent = False
                if conn.closing or r._dirty and not await r.drain():
                    break
                conn.state = _IDLE
                conn.deadline = self._idle_until
                if self.stopping:
                    break
            # one that asked for the end has no more to send
            if (
                conn.pos != conn.end
                or r._dirty
                and r.unread
                or (head[3] & _KEEP_ALIVE and conn.pending())
            ):
                await _linger(conn)
        except (OSError, EOFError):
            pass  # the client is gone, or was waited for long enough
        except asyncio.CancelledError:
            if not conn.expired:
                raise
        except MemoryError as e:
            gc.collect()
            print("web: out of memory:", e)
            if not conn.sent and conn.sock:
                conn.send_now(_UNAVAILABLE)
        except Exception as e:
            print("web: fault:", repr(e))  # of this package
        finally:
            self._forget(conn)

    async def _read_head(self, conn, head):
        """Read the rest of a head that came in part. Returns its length, 0 when the
        client leaves, or minus the status to refuse it with."""
        if conn.state == _IDLE:
            conn.state = _HEAD
            conn.deadline = self.clock + self.head_ticks
        sock = conn.sock
        lines = _has_line(conn.buf, conn.pos, conn.end)
        while True:
            n = conn.read_now(self.max_head)
            if n is None:
                wait(self, sock, conn.entry, conn.task)
                try:
                    yield
                except asyncio.CancelledError:
                    try:
                        conn.cancelled()
                    except OSError:
                        return -408
                    raise
                continue
            if n <= 0:
                return n and -431
            new = _has_line(conn.buf, conn.end - n, conn.end)
            if lines and not new:
                continue  # nothing that could be judged anew
            lines = lines or new
            used = parse_head(conn.buf, conn.pos, conn.end, self.max_target, self.max_fields, head)
            if used:
                return used


async def _refuse(conn, status):
    from web.errors import refuse

    conn.deadline = None
    await refuse(conn, status)


async def _linger(conn):
    from web.errors import linger

    await linger(conn)


async def _leave(websocket):
    try:
        await websocket.close(1001)
    except OSError:
        pass


def _has_line(buf, start, end):
    return b"\n" in bytes(memoryview(buf)[start:end])
