# A connection: a non-blocking socket and the one buffer that is read into. It is
# what handlers get as their writer.
import asyncio
import time
from asyncio import core

from micropython import const

_EBADF = const(9)
_EPIPE = const(32)
_ETIMEDOUT = const(110)
_TURNS = const(8)  # socket calls in a row that found no need to wait


class Connection:
    """The writer half of a request; also what the rest of `web` reads from.

    buf[pos:end] are the bytes received and not yet taken. Once its deadline is
    over, waiting for the client ends with OSError (ETIMEDOUT).
    """

    def __init__(self, sock, addr, size, write_timeout=10000):
        self.sock = sock
        self.addr = addr
        self.task = None  # the task that serves it
        self.deadline = None  # in time.ticks_ms()
        self.waiting = False  # for a request's head
        self.since = 0  # when it began to, in time.ticks_ms()
        self.timed_out = False
        self._expired = False
        self._write_timeout = write_timeout
        self.buf = bytearray(size)
        self.pos = 0
        self.end = 0
        self.sent = False  # whether any byte of a response has left
        self.lost = False  # whether the client is gone, or the stream broken off
        self.websocket = None  # the WebSocket that the connection became
        self._out = None  # what was written and not yet sent
        self._busy = None  # an Event while a sender waits for the socket
        self._sender = None  # that sender's task
        self._turns = 0

    # -- receiving

    async def receive_into(self, buf):
        """Read into buf, waiting until there is something. Returns how many bytes
        arrived; 0 at the end of the stream. Raises OSError."""
        await self._give_way()
        while True:
            if self.sock is None:
                raise OSError(_EBADF)
            try:
                n = self.sock.readinto(buf)
            except OSError:
                self.lost = True
                raise
            if n is not None:
                return n
            self._turns = 0
            try:
                yield core._io_queue.queue_read(self.sock)
            except asyncio.CancelledError:
                self._raise_timeout()
                raise

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
        view = memoryview(self.buf)[self.end :] if self.end else self.buf
        n = await self.receive_into(view)
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

    def wait_at_most(self, ms):
        """Set the deadline: from now on, or none for None."""
        self.deadline = None if ms is None else time.ticks_add(time.ticks_ms(), ms)

    def expire(self):
        """End what the connection's task is waiting for, or the task that waits to
        send on it."""
        self._expired = True
        self.deadline = None
        (self._sender or self.task).cancel()

    def _raise_timeout(self):
        # the task was cancelled: by expire(), or by somebody else?
        if self._expired:
            self._expired = False
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

    async def send(self, data, more=b""):
        """Send the bytes-like data, then more, with no other task's data between.
        Raises OSError. Cancelled half-way, it leaves the connection unusable."""
        while self._busy:
            await self._busy.wait()
        await self._give_way()
        if self.sock is None or self.lost:
            raise OSError(_EPIPE)
        self.sent = True
        done = False
        deadline = self.deadline
        try:
            for part in (data, more):
                n = self._write_some(part)
                if n < len(part):
                    if self._busy is None:
                        self._busy = asyncio.Event()
                    view = memoryview(part)
                    while n < len(part):
                        await self._wait_to_write()
                        n += self._write_some(view[n:])
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
        self.wait_at_most(self._write_timeout)
        try:
            yield core._io_queue.queue_write(self.sock)
        except asyncio.CancelledError:
            self._raise_timeout()
            raise
        finally:
            self._sender = None

    def _write_some(self, data):
        if self.sock is None:
            raise OSError(_EBADF)
        return (self.sock.write(data) or 0) if len(data) else 0

    def discard(self):
        """Forget what was written and not yet sent."""
        self._out = None

    # -- as asyncio's streams have it

    def get_extra_info(self, name):
        """Return the client's address for 'peername', the socket for 'socket'."""
        return {"peername": self.addr, "socket": self.sock}[name]

    def close(self):
        """Close the socket. What was written and not drained is lost."""
        self._out = None
        if self.websocket:
            self.websocket.open = False
        if self.sock:
            # never used again: its descriptor may soon be another connection's
            sock = self.sock
            self.sock = None
            sock.close()

    async def wait_closed(self):
        """Send what was written, then close."""
        await self.drain()
        self.close()
