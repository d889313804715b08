# Raw handlers, which write their whole response themselves.
import web
from web.conn import SENT, CoroutineType, octets
from web.stream import send_each


class Writer:
    """The writer that a raw handler gets, much as asyncio's."""

    def __init__(self, conn):
        self.conn = conn
        self._out = None  # what was written and not yet sent

    def write(self, data):
        """Add data (bytes-like or str, sent as UTF-8) to what the next drain()
        sends. Raises ValueError for a str that can't be UTF-8, TypeError."""
        data = octets(data)
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
            await send_each(self.conn, (data,))

    async def send(self, *parts):
        """Send what was written, then the parts (bytes-like or str). Raises OSError when
        the client is gone, ValueError and TypeError as write() does."""
        parts = [octets(part) for part in parts]
        await self.drain()
        await send_each(self.conn, parts)

    def get_extra_info(self, name):
        """Return the client's address for 'peername', the socket for 'socket'."""
        return {"peername": self.conn.addr, "socket": self.conn.sock}[name]

    def close(self):
        """Close the connection. What was written and not drained is lost."""
        self._out = None
        self.conn.close()

    async def wait_closed(self):
        """Send what was written, then close."""
        await self.drain()
        self.close()


class _HeadWriter(Writer):
    """The writer of a raw GET handler that answers HEAD: passes on the head alone."""

    def __init__(self, conn):
        super().__init__(conn)
        self._head = b""

    def write(self, data):
        if self._head is not None:
            self._head += octets(data)
            end = self._head.find(b"\r\n\r\n")
            if end >= 0:
                super().write(self._head[: end + 4])
                self._head = None

    async def drain(self):
        await super().drain()
        if self._head is None:
            raise _HeadSent  # there is no need to run the handler on

    async def send(self, *parts):
        for part in parts:
            self.write(part)
        await self.drain()


class _HeadSent(Exception):
    pass


async def run(handler, conn, r):
    """Run a raw handler. Raises what it raises, and HTTPException(500) when it sent
    nothing."""
    conn.closing = True  # nobody knows where its response ends
    w = (_HeadWriter if r.method == "HEAD" else Writer)(conn)
    try:
        coroutine = handler(r, w)
        if type(coroutine) is not CoroutineType:
            raise TypeError("the handler is no async def")
        await coroutine
        await w.drain()
        if conn.websocket:
            await conn.websocket.finish()
    except _HeadSent:
        pass
    except BaseException as e:
        if conn.websocket and not conn.lost:
            web.faults.fault_of(conn, e)
            await conn.websocket.finish(1011)
        raise
    if not conn.sent and conn.sock:
        path = web.console.escaped(r.path)
        print(
            "web: {} {}: the handler sent no response: write to w, or use @app.get".format(
                r.method, path
            )
        )
        raise web.faults.HTTPException(500)
    return SENT
