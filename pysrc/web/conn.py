# A connection: a non-blocking socket and the one buffer that is read into. It is
# what handlers get as their writer.
from asyncio import core


class Connection:
    """The writer half of a request; also what the rest of `web` reads from.

    buf[pos:end] are the bytes received and not yet taken.
    """

    def __init__(self, sock, addr, size):
        self.sock = sock
        self.addr = addr
        self.buf = bytearray(size)
        self.pos = 0
        self.end = 0
        self.sent = False  # whether any byte of a response has left
        self.websocket = None  # the WebSocket that the connection became
        self._out = None

    # -- receiving

    async def receive_into(self, buf):
        """Read into buf, waiting until there is something. Returns how many bytes
        arrived; 0 at the end of the stream. Raises OSError."""
        while True:
            n = self.sock.readinto(buf)
            if n is not None:
                return n
            yield core._io_queue.queue_read(self.sock)

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

    async def send(self, data):
        """Send the bytes-like data at once. Raises OSError."""
        self.sent = True
        n = self.sock.write(data) or 0
        if n < len(data):
            view = memoryview(data)
            while n < len(data):
                yield core._io_queue.queue_write(self.sock)
                n += self.sock.write(view[n:]) or 0

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
        self.sock.close()

    async def wait_closed(self):
        """Send what was written, then close."""
        await self.drain()
        self.close()
