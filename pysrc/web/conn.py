# A connection: a non-blocking socket and the one buffer that is read into. It is
# what raw handlers get as their writer.
import asyncio
from asyncio import core
from builtins import bytearray, id, len, memoryview  # found sooner in this module

from micropython import const

_EBADF = const(9)
_EPIPE = const(32)
_ETIMEDOUT = const(110)
_TURNS = const(8)  # socket calls in a row that found no need to wait

# Without memory the registration of a socket with the poller stops half-way, and
# leaves an entry that crashes the interpreter. This much is kept to complete it.
_WORDS = const(24)
_reserve = []
_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_WRITE = const(1)  # and to write
_POLLIN = const(1)
_POLLOUT = const(4)


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
    key = id(sock)
    entry[direction] = task
    queue.map[key] = entry
    event = _POLLOUT if direction else _POLLIN
    try:
        queue.poller.register(sock, event)
    except MemoryError:
        entry[direction] = None
        del queue.map[key]
        _reserve.clear()
        queue.poller.register(sock, event)
        queue.poller.unregister(sock)
        raise
    task.data = queue


# What a connection does, its state.
_HEAD = const(1)  # it waits for the whole of a head


class Connection:
    """The writer half of a request; also what the rest of `web` reads from.

    buf[pos:end] are the bytes received and not yet taken. Once its deadline is
    over, waiting for the client ends with OSError (ETIMEDOUT).
    """

    # what few connections change stands here, and costs each of them nothing
    state = _HEAD  # what it does
    touched = False  # whether there is more to close than a socket
    since = 0  # the server's clock when it began to wait for body or writing
    raw = None  # the socket under that of TLS
    timed_out = False
    sent = False  # whether any byte of a response has left
    lost = False  # whether the client is gone, or the stream broken off
    websocket = None  # the WebSocket that the connection became
    expired = False  # whether its deadline ended what its task waited for
    _drained = False  # whether the socket had no more when it was last read
    _out = None  # what was written and not yet sent
    _busy = None  # an Event while a sender waits for the socket
    _sender = None  # that sender's task
    _turns = 0

    def __init__(self, server, sock, addr):
        self.server = server
        self.sock = sock
        self.addr = addr
        self.task = None  # the task that serves it
        self.deadline = server.clock + server.head_ticks  # None for none
        self.closing = False  # whether the response under way is its last
        self.entry = [None, None, sock]
        self.buf = bytearray(server.buffer)
        self.pos = 0
        self.end = 0

    # -- receiving

    def read_now(self, limit):
        """Read into the buffer what is there, without waiting. Returns how many
        bytes arrived: None when it is to be waited for, 0 at the end of the stream,
        -1 when the buffer holds `limit` bytes. Raises OSError."""
        buf = self.buf
        size = len(buf)
        if self.end == size:
            if self.pos:  # what was taken makes room
                rest = buf[self.pos :]
                self.pos = 0
                self.end = len(rest)
                buf[: self.end] = rest
            elif size >= limit:
                return -1
            else:
                buf.extend(bytes(min(size, limit - size)))
                size = len(buf)
        n = self._read(memoryview(buf)[self.end :] if self.end else buf)
        if n:
            self.end += n
        return n

    def _read(self, buf):
        if self.sock is None:
            raise OSError(_EBADF)
        try:
            return self.sock.readinto(buf)
        except OSError:
            self.lost = True
            raise

    async def receive_into(self, buf):
        """Read into buf, waiting until there is something. Returns how many bytes
        arrived; 0 at the end of the stream. Raises OSError."""
        await self._give_way()
        n = None if self._drained else self._read(buf)
        while n is None:
            self._turns = 0
            if self.sock is None:
                raise OSError(_EBADF)
            self._begin_wait(_READ)
            try:
                yield
            except asyncio.CancelledError:
                self.cancelled(_READ)
                raise
            n = self._read(buf)
        self._drained = 0 < n < len(buf)
        return n

    async def fill(self, keep, limit):
        """Read more bytes behind those in the buffer, of which buf[:keep] stays
        as it is. When the buffer is full it grows, to `limit` bytes at most.
        Returns how many bytes arrived: 0 at the end of the stream, or when the
        limit leaves no room."""
        if self.pos == self.end:
            self.pos = self.end = keep
        size = len(self.buf)
        if self.end == size:
            if size >= limit:
                return 0
            self.buf.extend(bytes(min(size, limit - size)))
        n = await self.receive_into(memoryview(self.buf)[self.end :])
        self.end += n
        return n

    def new_buffer(self, size):
        """Leave the buffer, with the head in it, to the request, and go on with
        one of `size` bytes, or as many as were received and not taken."""
        rest = memoryview(self.buf)[self.pos : self.end]
        self.end -= self.pos
        self.pos = 0
        self.buf = bytearray(max(size, self.end))
        self.buf[: self.end] = rest

    def pending(self):
        """Whether the client has sent what nobody took. Forgets it."""
        if self.pos < self.end:
            return True
        try:
            return bool(self.sock and self.sock.readinto(self.buf))
        except OSError:
            return False

    # -- deadlines, which the server watches over

    def wait_at_most(self, ticks):
        """Set the deadline: from now on by the server's clock, or none for None."""
        self.deadline = None if ticks is None else self.server.clock + ticks

    def expire(self):
        """End what the connection's task is waiting for, or the task that waits to
        send on it."""
        self.expired = True
        self.deadline = None
        (self._sender or self.task).cancel()

    def _begin_wait(self, direction):
        if self.entry[1 - direction] is None:
            wait(self.server, self.sock, self.entry, core.cur_task, direction)
        elif direction:
            self.server.queue.queue_write(self.sock)
        else:
            self.server.queue.queue_read(self.sock)

    def cancelled(self, direction=_READ):
        """Clear up after the cancelling of a task that waited for the socket. Raises
        OSError if it was expire() that did it."""
        entry = self.entry
        entry[direction] = None
        other = entry[1 - direction]
        if other and self.sock:
            # the queue forgot the socket on behalf of the other waiter as well
            wait(self.server, self.sock, entry, other, 1 - direction)
        if self.expired:
            self.expired = False
            self.timed_out = True
            raise OSError(_ETIMEDOUT)

    async def _give_way(self):
        # a socket that is always ready must not keep the other tasks waiting
        self._turns += 1
        if self._turns > _TURNS:
            self._turns = 0
            await asyncio.sleep_ms(0)

    # -- sending

    def write(self, data):
        """Add data (bytes-like or str, sent as UTF-8) to what the next drain()
        sends."""
        self.touched = True
        if isinstance(data, str):
            data = data.encode()
        out = self._out
        if out is None:
            # mutable data is copied: the caller may reuse it before drain()
            self._out = data if isinstance(data, bytes) else bytearray(data)
        elif isinstance(out, bytearray):
            out.extend(data)
        else:
            self._out = out = bytearray(out)
            out.extend(data)

    async def drain(self):
        """Send what was written. Raises OSError when the client is gone."""
        data = self._out
        if data:
            self._out = None
            await self.send(data)

    def send_now(self, data):
        """Send as much of data (bytes-like) as the socket takes without waiting.
        Returns how many bytes that is. No sender may be waiting. Raises OSError."""
        self.sent = True
        try:
            return self.sock.write(data) or 0
        except OSError:
            self.lost = True
            raise

    async def send(self, *parts):
        """Send the parts (bytes-like) with no other task's data between. Raises
        OSError. Cancelled half-way, it leaves the connection unusable."""
        self.touched = True
        while self._busy:
            await self._busy.wait()
        await self._give_way()
        if self.sock is None or self.lost:
            raise OSError(_EPIPE)
        deadline = self.deadline
        done = False
        try:
            for part in parts:
                n = self.send_now(part) if len(part) else 0
                if n < len(part):
                    if self._busy is None:
                        self._busy = asyncio.Event()
                    view = memoryview(part)
                    while n < len(part):
                        await self._wait_to_write()
                        n += self.send_now(view[n:])
            done = True
        finally:
            self.deadline = deadline
            if not done:
                self.lost = True
            if self._busy:
                self._busy.set()
                self._busy = None

    async def _wait_to_write(self):
        self._turns = 0
        self._sender = core.cur_task
        self.since = self.server.clock
        self.wait_at_most(self.server.write_ticks)
        try:
            self._begin_wait(_WRITE)
            try:
                yield
            except asyncio.CancelledError:
                self.cancelled(_WRITE)
                raise
        finally:
            self._sender = None
        if self.sock is None:
            raise OSError(_EBADF)

    def discard(self):
        """Forget what was written and not yet sent."""
        self._out = None

    # -- as asyncio's streams have it

    def get_extra_info(self, name):
        """Return the client's address for 'peername', the socket for 'socket'."""
        return {"peername": self.addr, "socket": self.sock}[name]

    def close(self):
        """Close the socket. What was written and not drained is lost."""
        sock = self.sock
        if sock:
            # never used again: its descriptor may soon be another connection's
            self.sock = None
            sock.close()
            if self.touched:
                self._close_more()

    def _close_more(self):
        self._out = None
        if self.raw:  # a TLS socket leaves it open when its handshake failed
            self.raw.close()
        if self.websocket:
            self.websocket.open = False
        if self._sender and self._sender is not core.cur_task:
            self.expire()

    async def wait_closed(self):
        """Send what was written, then close."""
        await self.drain()
        self.close()
