# The server. The bytes' way: accept, read a head, answer it (app.py), and so on with
# the next one.
import asyncio
import gc
import sys
from builtins import id, len  # found sooner in this module

from micropython import const

from web._codec import members, parse_head
from web.conn import Connection, later, reserve, wait
from web.request import Request

_TICK_MS = const(250)  # of the clock that deadlines are told by
_RATE = const(4)  # ticks a second
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_BUSY = const(0)  # states of a connection: a request is answered
_IDLE = const(2)  # it waits for a further request; 3: it is a WebSocket or event stream
_KEEP_ALIVE = const(2)
_CHUNKED = const(8)
_POLLIN = const(1)
_LEFT = (11, 103)  # EAGAIN, ECONNABORTED: the client left before it was accepted
_BUFFER = const(768)  # bytes of a connection's buffer; it grows with a longer head
_OWN = const(3)  # attributes of a Request that nobody has touched
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


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
    max_connections  most connections at once, by default as many as the port's network
                stack has, but one: 4, on ESP32 8, on a computer 16. When there are as
                many, a new one takes the place of one that is idle, or that owes its
                request or the rest of a body; else it waits until one ends, and gets
                503 when none is about to
    max_streams      most WebSockets and event streams among them, else 503; by default
                all but one, which is kept for requests that end
    head_timeout     seconds for a whole head to arrive in, else 408
    body_timeout     seconds for a further part of a body to arrive in, else 408
    idle_timeout     seconds for a further request to begin in, else the end
    write_timeout    seconds for a client to take more of what is sent to it
    backlog     connections that wait to be accepted, by default 16, on a computer 128
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
        max_connections=None,
        max_streams=None,
        head_timeout=10,
        body_timeout=10,
        idle_timeout=15,
        write_timeout=10,
        backlog=None,
    ):
        self.host = host
        self.port = port
        self.max_head = max_head
        self.max_target = max_target
        self.max_fields = max_fields
        self.max_body = max_body
        self.max_drain = max_drain
        self.max_requests = max_requests
        # lwIP as rp2, stm32 and mimxrt have it opens 5 connections, ESP32 has 10 sockets
        # for all uses. One more than are served must fit: a client that waits is seen
        # then, and the place of an idle one is given to it.
        computer = sys.platform in ("linux", "darwin", "win32")
        most = max_connections or (16 if computer else 8 if sys.platform == "esp32" else 4)
        self.max_connections = most
        self.max_streams = max(1, most - 1) if max_streams is None else max_streams
        self.backlog = backlog or (128 if computer else 16)
        self.buffer = min(_BUFFER, max_head)
        self.body_ticks = int(body_timeout * _RATE) + 1
        self.write_ticks = int(write_timeout * _RATE) + 1
        self.head_ticks = int(head_timeout * _RATE) + 1
        self.idle_ticks = int(idle_timeout * _RATE) + 1
        self.clock = 0  # goes on as long as there is a deadline, see attend()
        self._idle_until = self.idle_ticks
        self.stopping = False
        self.last = False  # whether responses are their connections' last: clients wait
        self._ssl = None
        self.queue = None  # the event loop's queue of tasks that wait for sockets
        self._failed = False  # whether the last client could not be accepted
        self._listener = None
        self._task = None  # what accepts connections
        self._watch = None  # what watches over their deadlines
        self._needed = asyncio.Event()  # it should
        self.streams = []  # responses of pieces under way, see web.streaming
        self.connections = []  # in the order of their acceptance
        self.on_end = self._forget  # what asyncio calls when the task of one has ended
        self.ended = asyncio.Event()  # one of them ended
        self.waiting = 0  # how many wait for that
        self.stopped = asyncio.Event()

    # -- starting and stopping

    def run(self, *args, **kwargs):
        """Serve until an exception, Ctrl-C say, ends the program; see start()."""
        try:
            asyncio.run(self.serve(*args, **kwargs))
        finally:
            if self._listener:  # the tasks stopped where they were
                later("control", "abandon", self)
                asyncio.new_event_loop()

    async def serve(self, *args, **kwargs):
        """Serve until stop() has ended, or until cancelled; see start()."""
        await self.start(*args, **kwargs)
        try:
            await self.stopped.wait()
        finally:
            if self._listener:  # cancelled
                self._close()
                later("control", "end_all", self)

    async def start(self, host=None, port=None, ssl=None):
        """Begin to serve, in a task beside others: at host and port, if not the
        App's, with an ssl.SSLContext as HTTPS. Raises OSError when the address
        can't be listened on."""
        reserve(self.max_connections)
        gc.collect()
        # what is needed once does not stay in memory
        starting = __import__("web.starting", None, None, ("listen",))
        try:
            starting.listen(self, host, port, ssl)
        finally:
            starting = sys.modules["web"].starting = sys.modules["web.starting"] = None
            del sys.modules["web"].starting, sys.modules["web.starting"]

    async def stop(self, timeout=10):
        """Stop serving: accept no more, let requests in flight be answered, for
        `timeout` seconds at most, and free the port."""
        await later("control", "stop", self, timeout)

    def _close(self):
        """Accept no more."""
        self._task.cancel()
        self._listener.close()
        self._listener = None

    # -- accepting

    async def _accept_all(self, listener):
        entry = [None, None, listener]
        while True:
            try:
                wait(self, listener, entry, self._task)
                yield
                if self.streams:
                    await later("streaming", "wait_for_memory", self)
                if len(self.connections) >= self.max_connections:
                    if not await later("control", "make_room", self, listener):
                        continue
                self._accept(listener, self._serve_connection)
                self._failed = False
                if self.last and not self.stopping:
                    self.last = later("control", "is_ready", listener)  # another waits
            except Exception as e:
                if isinstance(e, OSError) and e.errno in _LEFT:
                    continue
                # there is no memory or no descriptor for it: that must not end the
                # server. The pause keeps a lasting error from being a busy loop.
                gc.collect()
                self._complain(e)
                await asyncio.sleep_ms(100)

    def _complain(self, e):
        """Say once that a client could not be accepted, and give it the place of one that
        is idle."""
        self.last = True
        if not self._failed:
            try:
                print("web: accept failed:", repr(e))
                self._failed = True
            except MemoryError:
                pass
        for conn in self.connections:
            if conn.state == _IDLE and conn.deadline != self._idle_until:
                conn.evicted = True
                conn.expire()
                break

    def _accept(self, listener, serve):
        """Accept a client, and have the coroutine function serve(conn) run in a task."""
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
            self.connections.append(conn)
            self.attend()
            conn.task = asyncio.create_task(serve(conn))
            conn.task.state = self.on_end
        except Exception:
            self._forget(conn)
            (conn or sock).close()
            raise

    def _forget(self, ended, _=None):
        """Close a connection, whose place is free then: this one, or that of a task that
        has ended, by an exception maybe or before its first step."""
        for conn in self.connections:
            if conn is ended or conn.task is ended:
                self.connections.remove(conn)
                conn.close()
                conn.task = None  # which asyncio's queue may keep for a while
                if self.waiting:
                    self.ended.set()
                break

    def attend(self):
        """Have the clock go on. It stops while there are no connections but WebSockets
        that wait for no time: a sleeping task makes each wait for a socket dearer."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_deadlines())
        elif not self._needed.state:
            self._needed.set()

    async def _watch_deadlines(self):
        # one task for good: others would keep each that ended in memory
        while True:
            self._needed.clear()
            while self._tick():
                await asyncio.sleep_ms(_TICK_MS)
            await self._needed.wait()

    def _tick(self):
        # not in the task, whose frame would keep a connection that has ended
        self.clock += 1
        self._idle_until = self.clock + self.idle_ticks
        needed = False
        for conn in self.connections:
            if conn.deadline is None:
                needed = needed or self.stopping or not conn.websocket
            else:
                needed = True
                if self.clock >= conn.deadline:
                    conn.expire()
        return needed

    # -- a connection

    async def _serve_connection(self, conn):
        head = [None] * 10
        r = Request(conn, head)
        buf = conn.buf
        sock = conn.sock
        left = self.max_requests
        answer = self.answer  # and other locals, which are found sooner
        entry = conn.entry
        task = conn.task
        key = id(sock)
        queue = self.queue
        waiting = queue.map
        register = queue.poller.register
        max_target = self.max_target
        max_fields = self.max_fields
        streams = self.streams
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
                    # what wait() does, whose call would take a frame from the heap
                    entry[0] = task
                    waiting[key] = entry
                    try:
                        register(sock, _POLLIN)
                    except MemoryError:
                        wait(self, sock, entry, task)
                    task.data = queue
                    yield
                    n = sock.readinto(buf)
                used = parse_head(
                    buf, conn.pos, conn.end, max_target, max_fields, head
                ) or await later("stream", "read_head", conn, head)
                if used <= 0:
                    if used:
                        await later("ending", "refuse", conn, -used)
                    return
                n = None
                left -= 1
                if not left or self.last or not head[3] & _KEEP_ALIVE:
                    conn.closing = True
                conn.pos = r._end = conn.pos + used
                if head[4] > 0 or head[3] & _CHUNKED:
                    r.begin()
                if streams:
                    await later("streaming", "wait_for_memory", self, conn)
                rest = answer(conn, r)
                if rest:
                    # other tasks run only now
                    conn.state = _BUSY
                    conn.began = self.clock
                    if not (r._left or r._chunks):
                        conn.deadline = None  # else reading the body has set one
                    await rest
                    conn.sent = False
                    if self.stopping:
                        conn.closing = True
                if conn.closing:
                    break
                if r._dirty and (r._left or r._chunks) and not await later("body", "drain", r):
                    break
                conn.state = _IDLE
                conn.deadline = self._idle_until
                if r._dirty or members(r) != _OWN:
                    # nothing that was set on a request may be there in the next
                    r = Request(conn, head)
            if conn.upgraded:
                return
            if conn.pos != conn.end or r._dirty or head[3] & _KEEP_ALIVE:
                await later("ending", "leave", conn, r)
        except (OSError, EOFError):
            pass  # the client is gone, or was waited for long enough
        except asyncio.CancelledError:
            if not conn.expired:
                raise
        except MemoryError as e:
            gc.collect()
            print("web: out of memory:", e)
            if not conn.sent and conn.sock:
                try:
                    sock.write(UNAVAILABLE)
                except OSError:
                    pass
        except Exception as e:
            print("web: fault:", repr(e))  # of this package
        finally:
            task.data = None  # asyncio expects it of a task that ends
            if conn.upgraded:
                later("upgraded", "go_on", conn, r)
