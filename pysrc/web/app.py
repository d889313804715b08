# The application, and its server. The bytes' way: accept, read a head (conn.py), call the
# handler that its path has, answer it, and so on with the next one.
import gc
from asyncio import CancelledError, core
from builtins import StopIteration, bytes, len, next, str, type

from micropython import const

import web
from web._codec import members, parse_head
from web.conn import (
    END,
    SENT,
    TEXT,
    Connection,
    CoroutineType,
    Request,
    end_of_head,
    no_tasks,
    nothing,
    register,
    respond,
    slow,
)

_TICK_MS = const(250)  # of the clock that deadlines are told by
_IDLE = const(2)  # a state of a connection, see conn.py
_HTTP11 = const(1)  # flags of a head
_KEEP_ALIVE = const(2)
_CHUNKED = const(8)
_POLLIN = const(1)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_GONE_AGAIN = const((11, 103))  # EAGAIN, ECONNABORTED: the client left before it was accepted
_TURNS = const(8)  # requests in a row without letting tasks run
_OWN = const(3)  # attributes of a Request that nobody has touched
_OK_HEAD = const(73)  # the length of TEXT
_IN_ONE = const(256)  # bytes of the longest body that leaves out of the one buffer


class App:
    """An application: routes, and the server that serves them over HTTP/1.1 within
    limits.

    host, port  where to listen; 0 is a port that is free, which app.port is when it serves
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

    log is None, or a function that is called when a response has ended: with the Request, None
    if it was none, the status (int, 0 if none was sent), the bytes sent and the ms it took.
    """

    # What is set on each, and here costs every program memory, stands in web.setup.
    log = None  # see web.debug
    clock = 0  # goes on as long as there is a deadline, see attend()
    failed = False  # whether the last client could not be accepted
    freed = 0  # when a connection ended by itself, by the clock
    watch = None  # the task that watches over deadlines
    router = None  # the tree of the paths with parameters, see web.router
    mounts = ()  # (app, prefix) of the apps that this one is mounted in
    hooks = None  # this app's own, see web.hooks
    hooked = False  # whether this app or a mounted one has any

    __iter__ = no_tasks

    def __init__(self, host="0.0.0.0", port=80, **options):
        web.setup.begin(self, host, port, options)

    def __getattr__(self, name):
        # get(), before_request() and what else is called before the server starts
        web.setup.method_of(name)
        return lambda *args, **kwargs: web.setup.method_of(name)(self, *args, **kwargs)

    # -- starting and stopping

    def run(self, *args, **kwargs):
        """Serve until an exception, Ctrl-C say, ends the program; see start()."""
        try:
            core.run(self.serve(*args, **kwargs))
        finally:
            if self.listener:  # the tasks stopped where they were
                web.control.abandon(self)
                core.new_event_loop()

    async def serve(self, *args, **kwargs):
        """Serve until stop() has ended, or until cancelled; see start()."""
        await self.start(*args, **kwargs)
        try:
            self.stopped.push(core.cur_task)
            core.cur_task.data = self.stopped
            yield
        finally:
            if self.listener:  # cancelled
                web.control.end_all(self)

    async def start(self, host=None, port=None, ssl=None, **options):
        """Begin to serve, in a task beside others: at host and port, if not the
        App's, with an ssl.SSLContext as HTTPS. With debug the console tells of each
        answer, and more. Raises OSError when the address can't be listened on."""
        web.setup.listen(self, host, port, ssl, options)

    async def stop(self, timeout=10):
        """Stop serving: accept no more, let requests in flight be answered, for
        `timeout` seconds at most, and free the port."""
        await web.control.stop(self, timeout)

    # -- accepting

    def ready(self):
        """A client wants to connect."""
        if self.streams or len(self.connections) >= self.most_connections:
            if not web.control.make_room(self):
                return
        conn = self.accept(True)
        self.failed = False
        try:
            conn.ready()  # most clients have sent their request already
        except Exception as e:
            conn.broken(e)

    def accept(self, serve):
        """Return the Connection of a client that waits, which is to be served or not.
        Raises OSError, MemoryError."""
        conn, addr = self.listener.accept()
        try:
            conn.setblocking(False)
            try:
                # a response's end must not wait for a delayed acknowledgement
                conn.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
            except OSError:
                pass
            conn = Connection(self, conn, addr)
            if self.ssl:
                web.control.secure(conn)
            self.connections.append(conn)
            self.attend()
            if self.last:
                try:
                    web.control.look_further(self)
                except Exception:
                    pass  # there is no memory or no descriptor to load it
            if serve:
                register(self, conn.sock, conn)
        except Exception:
            if conn in self.connections:
                self.connections.remove(conn)
            conn.close()
            raise
        return conn

    def broken(self, e):
        """A client could not be accepted: there is no memory or no descriptor for it. Say
        so once, and give it the place of one that is idle."""
        # nor may there be any to load a room
        if isinstance(e, OSError) and e.errno in _GONE_AGAIN or not self.listener:
            return
        gc.collect()
        self.last = True
        self.full = self.clock  # a lasting error must not be a busy loop
        self.queue.poller.modify(self.listener, 0)
        self.attend()
        if not self.failed:
            self.failed = True
            print("web: accept failed:", repr(e))
        for conn in self.connections:
            if conn.state == _IDLE and conn.deadline != self.idle_until:
                self.forget(conn)
                break

    def forget(self, conn):
        """Close a connection, whose place is free then."""
        if conn in self.connections:
            self.connections.remove(conn)
            if not conn.evicted:
                self.freed = self.clock
            conn.close()
            conn.task = None  # which asyncio's queue may keep for a while
            if self.full is not None and self.listener:
                self.full = None
                self.queue.poller.modify(self.listener, _POLLIN)

    # -- the clock

    def attend(self):
        """Have the clock go on. It stops while there are no connections but WebSockets
        that wait for no time: a sleeping task makes each wait for a socket dearer."""
        if self.watch is None:
            self.watch = core.create_task(self.watching())
        elif self.idle.peek():
            core._task_queue.push(self.idle.pop())

    async def watching(self):
        # one task for good: others would keep each that ended in memory
        while True:
            while self.tick():
                await core.sleep_ms(_TICK_MS)
            self.idle.push(core.cur_task)
            core.cur_task.data = self.idle
            yield

    def tick(self):
        # not in the task, whose frame would keep a connection that has ended
        self.clock += 1
        answered = slow(self) and self.idle_until  # whose last response may be lost
        self.idle_until = self.clock + self.idle_ticks
        needed = self.full is not None
        i = len(self.connections)
        while i:
            i -= 1
            conn = self.connections[i]
            if conn.deadline is None:
                needed = needed or self.stopping or not conn.websocket
            else:
                needed = True
                idle = conn.state == _IDLE
                if self.clock >= conn.deadline or idle and conn.deadline == answered:
                    try:
                        if idle:
                            self.forget(conn)
                        else:
                            web.stream.expire(conn)
                    except Exception:  # there is no memory or no descriptor to load it
                        self.forget(conn)
        if self.full is not None and self.listener:
            try:
                web.control.look_for_room(self)
            except Exception:
                self.full = None
                self.queue.poller.modify(self.listener, _POLLIN)
        return needed

    # -- a connection

    def begin(self):
        """Get ready to serve: feed(conn) answers what has come on a connection."""
        serving = self.serving()
        next(serving)
        self.feed = serving.send

    def serving(self):
        # Answers the requests in buf[pos:end] of each connection that is sent to it. It is a
        # generator, for its frame, which is taken from the heap, is made once.
        routes = self.routes
        streams = self.streams
        max_target = self.most_target  # locals are found sooner
        max_fields = self.most_fields
        out = bytearray(TEXT)  # the responses of most requests, one by one
        r = conn = rest = result = None
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
                        if used or not web.buffers.keep_part(conn):
                            web.ending.refuse(conn, -used or 431)
                        break
                    conn.pos = r._end = pos = pos + used
                    conn.left -= 1
                    if not conn.left or self.last or not head[3] & _KEEP_ALIVE:
                        conn.closing = True
                    large = head[4] > 0 or head[3] & _CHUNKED
                    if large:
                        conn.deadline = None  # reading it sets another
                        r._left = max(head[4], 0)
                        if head[3] & _CHUNKED:
                            r._chunks = web.chunked.Chunks(r)
                        if r._chunks or r._left > end - pos:
                            # the rest of it is read while others are
                            conn.own_buffer()
                    task = conn.own
                    if task is None:
                        task = conn.own = core.Task(conn)
                    conn.task = core.cur_task = task  # a handler's first step is its
                    entry = rest = None
                    try:
                        route = routes.get(head[1])
                        if route is None and self.router:
                            route = web.router.match(self.router, r)
                        if route:
                            entry = route.get(head[0])
                            if entry is None and head[0] == "HEAD":
                                entry = route.get("GET")
                        if streams:
                            result = web.shortage.hold(self, conn, r, route, entry)
                        elif entry is None or entry[1] or self.hooked:
                            result = web.dispatch.dispatch(self, conn, r, route, entry)
                        else:
                            if large:
                                r._limit = self.most_body if entry[2] is None else entry[2]
                                if r._left > r._limit:
                                    web.abort(413)
                            result = entry[0](r, **r.params) if r.params else entry[0](r)
                    except BaseException as e:
                        result, entry = web.faults.recover(conn, r, entry, e), False
                    kind = type(result)
                    while kind is CoroutineType:
                        task.data = conn  # until it waits, see web.tasks.drive()
                        try:
                            used = next(result)
                        except StopIteration as e:
                            result = e.value
                        except BaseException as e:  # CancelledError too, of another task
                            result, entry = web.faults.recover(conn, r, entry, e), False
                        else:
                            rest = entry, result, used
                            break
                        kind = type(result)
                    if large and rest is None and r._left <= conn.end - conn.pos:
                        conn.pos += r._left  # what nobody has read of a body that is there
                        r._left = 0
                    if rest is None and result is not SENT:
                        used = len(result) if kind is str else _IN_ONE
                        if used >= _IN_ONE or head[0] == "HEAD":
                            rest = respond(conn, r, entry, result)
                        else:
                            # most responses leave in one write, out of one buffer
                            out[_OK_HEAD:] = b"%d\r\n" % used
                            usual = head[3] & _HTTP11 and not (large or conn.closing)
                            out.extend(END if usual else end_of_head(conn, r))
                            used += len(out)
                            out.extend(result)
                            if len(out) != used:
                                rest = respond(conn, r, entry, result)
                            else:
                                used = conn.sock.write(out) or 0
                                if used < len(out):
                                    conn.sent = True
                                    conn.lost = slow(self)
                                    rest = web.stream.send_each(conn, (bytes(out[used:]),))
                    result = None
                    if rest is None:
                        if large and (r._left or r._chunks) and not conn.upgraded:
                            rest = nothing()  # but to drop that
                        elif conn.closing:
                            if conn.upgraded:
                                r = None
                                break
                            # closing a socket with unread bytes resets the connection
                            more = conn.pos != conn.end or head[3] & _KEEP_ALIVE and conn.sock
                            if more and (more is True or conn.sock.readinto(self.buf)):
                                rest = nothing()
                    if rest:
                        web.tasks.go_on(conn, r, rest)
                        rest = None
                        if conn.task or not conn.sock:
                            r = None
                            break
                    if large or members(r) != _OWN:
                        # nothing that was set on a request may be there in the next
                        r = None
                        buf = conn.buf
                        pos = conn.pos
                        end = conn.end
                    if conn.closing:
                        self.forget(conn)
                        break
                    conn.task = None
                    conn.state = _IDLE
                    conn.deadline = self.idle_until
                    turns -= 1
                    if pos < end:
                        if slow(self):  # or the next response would be taken for this one
                            self.forget(conn)
                            break
                        if not turns and web.tasks.go_on(conn, None, core.sleep_ms(0)):
                            break
                else:
                    conn.buf = None
            except (Exception, CancelledError) as e:
                r = rest = result = None
                conn.broken(e)
