# A connection, and the queue in which it waits for its client: without a task, a buffer or
# anything else until something has come.
#
# state      waits for                     deadline        may give its place
# 1 head     a request, without a task     head_timeout    after a grace
# 2 idle     the next one, without a task  idle_timeout    first, if not just answered
# 0 busy     its task: the handler         none            if the client is gone
#            a part of the body            body_timeout    when it is late
#            room for the response         write_timeout   when it is late
# 3 stream   its task, a WebSocket or an   the client's    when it takes nothing
#            event stream                  own
import gc
from asyncio import core
from builtins import id, list, type  # found sooner in this module
from time import ticks_diff, ticks_ms

from micropython import const

import web

# Without memory the registration of a socket with the poller stops half-way, and
# leaves an entry that crashes the interpreter. This much is kept to complete it.
_WORDS = const(24)
_reserve = []

_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_POLLIN = const(1)
_POLLOUT = const(4)


UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


def reserve(sockets):
    """Keep the memory to wait for so many sockets at once. Raises MemoryError."""
    n = sockets + _WORDS  # unix has 8 bytes for each socket in one array
    if len(_reserve) < n:
        _reserve.extend([None] * (n - len(_reserve)))


class Queue(core.IOQueue):
    """asyncio's queue of tasks that wait for sockets. In its map there are servers and
    connections, too, which wait without a task: ready() is called when there is something
    to accept or to read, and broken() when that raised an exception."""

    def wait_io_event(self, dt):
        waiting = self.map
        wait = dt
        while True:
            for sock, event in self.poller.ipoll(wait):
                entry = waiting.get(id(sock))
                if type(entry) is not list:
                    core.cur_task = None  # none runs, and any may be cancelled
                    try:
                        entry.ready()
                    except Exception as e:
                        try:
                            if entry:
                                entry.broken(e)
                        except MemoryError:
                            pass  # nothing may end the event loop
                    continue
                # as asyncio does
                if event & ~_POLLOUT and entry[0] is not None:
                    core._task_queue.push(entry[0])
                    entry[0] = None
                if event & ~_POLLIN and entry[1] is not None:
                    core._task_queue.push(entry[1])
                    entry[1] = None
                if entry[0] is None and entry[1] is None:
                    self._dequeue(sock)
                else:
                    self.poller.modify(sock, _POLLOUT if entry[0] is None else _POLLIN)
            if dt >= 0:
                return
            # asyncio expects that a task is due
            task = core._task_queue.peek()
            wait = -1
            if task:
                wait = ticks_diff(task.ph_key, ticks_ms())
                if wait <= 0:
                    return


def register(server, sock, what, event=_POLLIN):
    """Have the queue's map tell what waits for sock. Raises MemoryError, and then nothing
    does."""
    if not _reserve:
        reserve(server.max_connections)
    queue = server.queue
    queue.map[id(sock)] = what
    try:
        queue.poller.register(sock, event)
    except MemoryError:
        del queue.map[id(sock)]
        _reserve.clear()
        queue.poller.register(sock, _POLLIN)
        queue.poller.unregister(sock)
        raise


def wait(server, sock, entry, task, direction=_READ):
    """Have task woken when sock is ready: `yield` is to follow, if it is the current
    one. Raises MemoryError, and then nothing is waited for."""
    # what IOQueue.queue_read does, with an entry that is made once
    entry[direction] = task
    try:
        register(server, sock, entry, _POLLOUT if direction else _POLLIN)
    except MemoryError:
        entry[direction] = None
        raise
    task.data = server.queue


def no_tasks(_):
    """What IOQueue.remove() finds in place of an entry, when it looks for a task."""
    return iter((None, None, None))


class Connection:
    """A client's connection. web.stream has the functions that wait for it.

    buf[pos:end] are the bytes received and not yet taken.
    """

    # what few connections change stands here, and costs each of them nothing
    state = 1  # see the table above
    since = 0  # the server's clock when it began to wait for body or writing
    began = 0  # and when it began to answer a request that takes its time
    evicted = False  # whether it gives its place to another, and must not stay on
    expired = False  # whether its deadline ended what its task waited for
    timed_out = False  # whether that was noticed
    sent = False  # whether any byte of a response has left
    lost = False  # whether the client is gone, or the stream broken off
    websocket = None  # the WebSocket that the connection became
    upgraded = None  # what is to get that, or an event stream; then the handler's task
    raw = None  # the socket under that of TLS
    drained = False  # whether the socket had no more when it was last read
    sender = None  # the task that waits to write
    busy = None  # an Event while there is one
    turns = 0  # socket calls in a row that found no need to wait
    helpers = ()  # further tasks that end with it
    touched = False  # whether there is more to close than a socket

    task = None  # the task that serves it, when one is needed
    entry = None  # and what the queue has of that
    closing = False  # whether the response under way is its last
    buf = None  # nobody's while nothing has come
    pos = 0
    end = 0

    __iter__ = no_tasks

    def __init__(self, server, sock, addr):
        self.server = server
        self.sock = sock
        self.addr = addr
        self.deadline = server.clock + server.head_ticks  # None for none
        self.left = server.max_requests

    def ready(self):
        """Something has come, or the client is gone."""
        server = self.server
        if self.buf:
            n = web.stream.more(self)
        else:
            n = self.sock.readinto(server.buf)
            self.pos = 0
            self.end = n or 0
            if n:
                self.buf = server.buf
        if n:
            try:
                server.feed(self)
            except StopIteration:  # without memory what serves has ended
                server.begin()
                raise MemoryError
        elif n == 0:
            server._forget(self)

    def broken(self, e):
        """The client is gone, or e is a fault of this package."""
        try:
            if isinstance(e, MemoryError):
                gc.collect()
                print("web: out of memory:", e)
                if not self.sent and self.sock:
                    self.sock.write(UNAVAILABLE)
            elif not isinstance(e, (OSError, EOFError)):
                print("web: fault:", repr(e))
        except (OSError, MemoryError):
            pass  # nothing may come out of here
        self.server._forget(self)

    def expire(self):
        """The deadline is over: end what the connection's task is waiting for, or the
        task that waits to send on it, with OSError (ETIMEDOUT)."""
        if self.websocket and not self.evicted and self.websocket.overdue():
            return
        self.deadline = None
        # what waits for the client may be another task than that of the connection
        task = self.sender or self.entry and self.entry[_READ] or self.task
        if task:
            self.expired = True
            task.cancel()
        elif self.websocket:
            self.websocket.end(1006)  # a client's, whose task does something else
        elif self.buf:
            self.refuse(408)
        else:
            self.server._forget(self)

    def refuse(self, status):
        """Answer what is no request with a status and the connection's end."""
        self.closing = True
        self.server.go_on(self, None, web.ending.refuse(self, status))

    def abort(self):
        """End what every task is waiting for on the connection, and its handler."""
        self.lost = True
        self.expired = True
        self.deadline = None
        for task in (self.sender, self.task or self.entry and self.entry[_READ]):
            if task and task is not core.cur_task:
                task.cancel()

    def close(self):
        """Close the socket. What was written and not sent is lost."""
        sock = self.sock
        if sock:
            # never used again: its descriptor may soon be another connection's
            self.sock = None
            queue = self.server.queue
            if queue.map.get(id(sock)) is self:
                queue._dequeue(sock)
            if self.websocket:
                self.websocket.end(1006)  # if it was not over
            if self.touched:
                for task in self.helpers:
                    task.cancel()
                if self.sender:
                    self.expire()
            try:
                sock.close()
            except OSError:
                pass  # of TLS; nothing may come out of here
            if self.touched and self.raw:  # which TLS leaves open when its handshake failed
                self.raw.close()
