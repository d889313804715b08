# A connection: a non-blocking socket, and the one buffer that is read into.
import gc
from asyncio import core
from builtins import bytearray, id  # found sooner in this module

from micropython import const

# Without memory the registration of a socket with the poller stops half-way, and
# leaves an entry that crashes the interpreter. This much is kept to complete it.
_WORDS = const(24)
_reserve = []

_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_POLLIN = const(1)
_POLLOUT = const(4)


_loaded = {}


def later(module, name, *args):
    """Call a function of one of the modules that hello world does without; each has
    another name."""
    # an import statement takes its time even when the module is there
    function = _loaded.get(name)
    if function is None:
        gc.collect()  # what stays for good should lie where the heap begins
        function = getattr(__import__("web." + module, None, None, (name,)), name)
        _loaded[name] = function
    return function(*args)


def reserve(sockets):
    """Keep the memory to wait for so many sockets at once. Raises MemoryError."""
    n = sockets + _WORDS  # unix has 8 bytes for each socket in one array
    if len(_reserve) < n:
        _reserve.extend([None] * (n - len(_reserve)))


def wait(server, sock, entry, task, direction=_READ):
    """Have task woken when sock is ready: `yield` is to follow, if it is the current
    one. Raises MemoryError, and then nothing is waited for."""
    # what IOQueue.queue_read does, with an entry that is made once for a socket
    if not _reserve:
        reserve(server.max_connections)
    queue = server.queue
    entry[direction] = task
    queue.map[id(sock)] = entry
    try:
        queue.poller.register(sock, _POLLOUT if direction else _POLLIN)
    except MemoryError:
        entry[direction] = None
        del queue.map[id(sock)]
        _reserve.clear()
        queue.poller.register(sock, _POLLIN)
        queue.poller.unregister(sock)
        raise
    task.data = queue


class Connection:
    """A client's connection. web.stream has the functions that wait for it.

    buf[pos:end] are the bytes received and not yet taken.
    """

    # what few connections change stands here, and costs each of them nothing
    state = 1  # what it does, see server.py
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

    def __init__(self, server, sock, addr):
        self.server = server
        self.sock = sock
        self.addr = addr
        self.task = None  # the task that serves it
        self.deadline = server.clock + server.head_ticks  # None for none
        self.closing = False  # whether the response under way is its last
        self.entry = [None, None, sock]  # what IOQueue has of it
        self.buf = bytearray(server.buffer)
        self.pos = 0
        self.end = 0

    def expire(self):
        """The deadline is over: end what the connection's task is waiting for, or the
        task that waits to send on it, with OSError (ETIMEDOUT)."""
        if self.websocket and not self.evicted and self.websocket.overdue():
            return
        self.expired = True
        self.deadline = None
        # what waits for the client may be another task than that of the connection
        task = self.sender or self.entry[_READ] or self.task
        if task:
            task.cancel()
        else:
            self.websocket.end(1006)  # a client's, whose task does something else

    def abort(self):
        """End what every task is waiting for on the connection, and its handler."""
        self.lost = True
        self.expired = True
        self.deadline = None
        for task in (self.sender, self.task or self.entry[_READ]):
            if task and task is not core.cur_task:
                task.cancel()

    def close(self):
        """Close the socket. What was written and not sent is lost."""
        sock = self.sock
        if sock:
            # never used again: its descriptor may soon be another connection's
            self.sock = None
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
