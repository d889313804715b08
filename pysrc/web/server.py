# The server. The bytes' way: accept, read a head, answer it (app.py), and so on with
# the next one.
import asyncio
import gc
import sys
from asyncio import core
from builtins import id, len  # found sooner in this module

from micropython import const

import web
from web._codec import members, parse_head
from web.conn import Connection, no_tasks, register, reserve
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
_TURNS = const(8)  # requests in a row without letting tasks run
_OWN = const(3)  # attributes of a Request that nobody has touched


async def _nothing():
    pass


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

    __iter__ = no_tasks

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
        self.freed = 0  # when a connection ended by itself, by the clock
        self.full = None  # since when a client waits for a place, by the clock
        self.buf = None  # what is read into, before a connection has a part of a request
        self._job = None  # what a task's first step is for
        self._spare = None  # a task for the next handler, which may wait
        self._watch = None  # what watches over their deadlines
        self._needed = asyncio.Event()  # it should
        self.streams = []  # responses of pieces under way, see web.streaming
        self.connections = []  # in the order of their acceptance
        self.on_end = self._forget  # what asyncio calls when the task of one has ended
        self.ended = asyncio.Event()  # one of them ended
        self.stopped = asyncio.Event()

    # -- starting and stopping

    def run(self, *args, **kwargs):
        """Serve until an exception, Ctrl-C say, ends the program; see start()."""
        try:
            asyncio.run(self.serve(*args, **kwargs))
        finally:
            if self._listener:  # the tasks stopped where they were
                web.control.abandon(self)
                asyncio.new_event_loop()

    async def serve(self, *args, **kwargs):
        """Serve until stop() has ended, or until cancelled; see start()."""
        await self.start(*args, **kwargs)
        try:
            await self.stopped.wait()
        finally:
            if self._listener:  # cancelled
                self._close()
                web.control.end_all(self)

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
        await web.control.stop(self, timeout)

    def _close(self):
        """Accept no more."""
        if self._listener:
            self.queue._dequeue(self._listener)
            self._listener.close()
            self._listener = None

    # -- accepting

    def ready(self):
        """A client wants to connect."""
        if self.streams or len(self.connections) >= self.max_connections:
            if not web.control.make_room(self):
                # until a connection ends, or the clock finds one that may be ended
                self.full = self.clock
                self.queue.poller.modify(self._listener, 0)
                return
        self._accept(False)
        self._failed = False

    def broken(self, e):
        """A client could not be accepted: there is no memory or no descriptor for it. Say
        so once, and give it the place of one that is idle."""
        if isinstance(e, OSError) and e.errno in _LEFT or not self._listener:
            return
        gc.collect()
        self.last = True
        self.full = self.clock  # a lasting error must not be a busy loop
        self.queue.poller.modify(self._listener, 0)
        self.attend()
        if not self._failed:
            try:
                print("web: accept failed:", repr(e))
                self._failed = True
            except MemoryError:
                pass
        for conn in self.connections:
            if conn.state == _IDLE and conn.deadline != self._idle_until:
                self._forget(conn)
                break

    def _accept(self, refuse):
        sock, addr = self._listener.accept()
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
                conn.sock = self._ssl.wrap_socket(
                    sock, server_side=True, do_handshake_on_connect=False
                )
            self.connections.append(conn)
            self.attend()
            if self.last and not self.stopping:
                try:
                    self.last = web.control.is_ready(self._listener)  # another waits
                except Exception:
                    pass  # there is no memory or no descriptor to load it
            if refuse:
                web.control.turn_away(conn)
            else:
                register(self, conn.sock, conn)
        except Exception:
            self._forget(conn)
            (conn or sock).close()
            raise
        if not refuse:
            try:
                conn.ready()  # most clients have sent their request already
            except Exception as e:
                conn.broken(e)

    def _forget(self, ended, _=None):
        """Close a connection, whose place is free then: this one, or that of a task that
        has ended, by an exception maybe or before its first step."""
        for conn in self.connections:
            if conn is ended or conn.task is ended:
                self.connections.remove(conn)
                if not conn.evicted:
                    self.freed = self.clock
                conn.close()
                conn.task = None  # which asyncio's queue may keep for a while
                self.ended.set()
                if self.full is not None and self._listener:
                    self.full = None
                    self.queue.poller.modify(self._listener, _POLLIN)
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
        needed = self.full is not None
        i = len(self.connections)
        while i:
            i -= 1
            conn = self.connections[i]
            if conn.deadline is None:
                needed = needed or self.stopping or not conn.websocket
            else:
                needed = True
                if self.clock >= conn.deadline:
                    conn.expire()
        if self.full is not None and self._listener:
            try:
                web.control.look_for_room(self)
            except Exception:  # there is no memory or no descriptor to load it
                self.full = None
                self.queue.poller.modify(self._listener, _POLLIN)
        return needed

    # -- a connection

    def _serving(self):
        # Answers the requests in buf[pos:end] of each connection that is sent to it. It is
        # a generator, whose frame is made once: the frame of a function as long as this is
        # taken from the heap at each call.
        answer = self.answer  # and other locals, which are found sooner
        max_target = self.max_target
        max_fields = self.max_fields
        streams = self.streams
        r = conn = rest = None
        while True:
            conn = None
            conn = yield
            try:
                turns = _TURNS
                buf = conn.buf
                pos = conn.pos
                end = conn.end
                while pos < end:
                    if r is None:
                        head = [None] * 10
                        r = Request(conn, head)
                    else:
                        r._conn = conn
                    used = parse_head(buf, pos, end, max_target, max_fields, head)
                    if used <= 0:
                        conn.pos = pos
                        if used or not web.stream.keep_part(conn):
                            conn.refuse(-used or 431)
                        break
                    conn.pos = r._end = pos = pos + used
                    conn.left -= 1
                    if not conn.left or self.last or not head[3] & _KEEP_ALIVE:
                        conn.closing = True
                    if head[4] > 0 or head[3] & _CHUNKED:
                        r.begin()
                        if r._chunks or r._left > end - pos:
                            # the rest of it is read while others are
                            web.stream.own_buffer(conn)
                    task = self._spare
                    if task is None:
                        task = self._spare = core.Task(self._work())
                    conn.task = core.cur_task = task  # a handler's first step is its
                    if streams:
                        rest = web.streaming.answer_later(self, conn, r)
                    else:
                        rest = answer(conn, r)
                    if r._dirty or conn.closing:
                        if rest is None and not self._is_over(conn, r):
                            rest = _nothing()
                    if rest:
                        self.go_on(conn, r, rest)
                        rest = None
                        if conn.task or not conn.sock:
                            r = None
                            break
                    elif conn.closing:
                        self._forget(conn)
                        break
                    if r._dirty or members(r) != _OWN:
                        # nothing that was set on a request may be there in the next
                        r = None
                        buf = conn.buf
                        pos = conn.pos
                        end = conn.end
                    conn.task = None
                    conn.state = _IDLE
                    conn.deadline = self._idle_until
                    turns -= 1
                    if not turns and pos < end and self.go_on(conn, None, asyncio.sleep_ms(0)):
                        break
                else:
                    conn.buf = None
            except Exception as e:
                r = rest = None
                conn.broken(e)

    def begin(self):
        """Get ready to serve: feed(conn) answers what has come on a connection."""
        serving = self._serving()
        next(serving)
        self.feed = serving.send

    def _is_over(self, conn, r):
        """Whether nothing is left to do once r has been answered."""
        if r._left or r._chunks:
            return False
        if not conn.closing:
            return True
        if conn.pos != conn.end:
            return False
        # closing a socket with unread bytes resets the connection
        return not r._head[3] & _KEEP_ALIVE or not conn.sock or not conn.sock.readinto(self.buf)

    def go_on(self, conn, r, rest):
        """Have a task do what is left of the answer to r, or of something else that can be
        awaited. Returns whether it waits for something."""
        task = self._spare or core.Task(self._work())
        self._spare = None
        if conn.buf is self.buf and r is None:
            web.stream.own_buffer(conn)
        conn.task = task
        task.state = self.on_end
        if conn.entry is None:
            conn.entry = [None, None, conn.sock]
        conn.state = _BUSY
        conn.began = self.clock
        if r is None or not (r._left or r._chunks):
            conn.deadline = None  # else reading the body may have set one
        current = core.cur_task
        core.cur_task = task
        self._job = conn, r, rest
        try:
            task.coro.send(None)
            if self._spare is task:
                self._forget(task)  # if its connection ends with it
                if conn.task is None:
                    return False
        except BaseException:
            self._forget(task)
            raise
        finally:
            core.cur_task = current
            self._job = None
        if conn.buf is self.buf:
            web.stream.own_buffer(conn)
        if conn.sock and self.queue.map.get(id(conn.sock)) is conn:
            self.queue._dequeue(conn.sock)
        return True

    async def _work(self):
        # the task of a connection, of which the first step is taken by go_on()
        while True:
            conn, r, rest = self._job
            try:
                await rest
                rest = None
                conn.sent = False
                if self.stopping:
                    conn.closing = True
                if r and (r._left or r._chunks) and not (conn.closing or conn.upgraded):
                    if not await web.body.drain(r):
                        conn.closing = True
                if not conn.closing:
                    self._come_back(conn)
                elif not conn.upgraded and r and conn.sock:
                    if conn.pos != conn.end or r._dirty or r._head[3] & _KEEP_ALIVE:
                        await web.ending.leave(conn, r)
            except (OSError, EOFError):
                pass  # the client is gone, or was waited for long enough
            except asyncio.CancelledError:
                if not conn.expired:
                    raise
            except Exception as e:
                conn.broken(e)
            finally:
                core.cur_task.data = None  # asyncio expects it of a task that ends
                if conn.upgraded:
                    web.upgraded.go_on(conn, r)
            if self._job is None:
                return
            # it has not waited, and serves for the next
            conn = r = rest = None
            self._spare = core.cur_task
            yield

    def _come_back(self, conn):
        """Serve a connection without a task again."""
        conn.task = conn.entry = None
        conn.state = _IDLE
        conn.deadline = self._idle_until
        conn.expired = False
        if self._job is None and conn.sock:
            # the task has waited
            if conn.pos == conn.end:
                conn.buf = None
            register(self, conn.sock, conn)
            if conn.buf:
                current = core.cur_task
                self.feed(conn)
                core.cur_task = current
