# Connections in memory, for tests: what the server and its clients take for sockets, and what
# the event loop's poll() asks whether they are ready.
import io
import sys
from asyncio import core, wait_for

from micropython import const

import web
from web.stream import park, wake

_HELD = const(4096)  # bytes that wait to be read, as in the window of a board's TCP
_POLL = const(3)  # requests of ioctl() of streams, py/stream.h
_CLOSED = const(4)
_POLLIN = const(1)
_POLLOUT = const(4)
_EBADF = const(9)
_EAGAIN = const(11)
_EPIPE = const(32)
_EINVAL = const(22)
_FIRST_PORT = const(49152)  # of clients, RFC 6335 6


class Wire(io.IOBase):
    """One end of a connection in memory, which Client.connect() gives to a test. It sends and
    receives bytes as they are.

    open   whether this end is
    ended  whether the other end is closed, and no more will come than what is there
    """

    def __init__(self, peer=None, timeout=10):
        self.peer = peer
        self.fault = None  # what the server last told on its console of this connection
        self.faults = []  # and all that it told
        self.ended = False
        self._timeout = timeout
        self._data = bytearray()  # what has come, and was not taken
        self.open = True
        self._waiting = core.TaskQueue()

    # -- what a test does

    async def send(self, data):
        """Send data (bytes-like, or str as UTF-8). Raises OSError when the other end is closed,
        asyncio.TimeoutError when it takes nothing in time."""
        data = memoryview(data.encode() if isinstance(data, str) else data)
        while data:
            n = self.write(data)
            if n is None:
                await wait_for(self._until(self._writable), self._timeout)
            else:
                data = data[n:]

    async def receive(self, n=4096):
        """Return what has come (bytes, n at most), waiting until there is something; b"" at
        the end. Raises asyncio.TimeoutError when nothing comes in time."""
        if not self._readable():
            await wait_for(self._until(self._readable), self._timeout)
        return self.read(n)

    async def receive_all(self):
        """Return all that comes until the end (bytes). Raises as receive() does."""
        data = b""
        while True:
            more = await self.receive()
            if not more:
                return data
            data += more

    async def _until(self, is_ready):
        while not is_ready():
            park(self._waiting)
            yield

    def _readable(self):
        return self._data or self.ended or not self.open

    def _writable(self):
        return self.ended or not self.open or len(self.peer._data) < _HELD

    # -- what a socket does

    def connect(self, _):
        pass

    def readinto(self, buf, n=4096):
        if not self.open:
            raise OSError(_EBADF)
        n = min(len(buf), len(self._data), n)
        if n:
            buf[:n] = memoryview(self._data)[:n]
            self._data[:n] = b""
            wake(self.peer._waiting)
        elif len(buf) and not self.ended:
            return None
        return n

    def read(self, n=4096):
        buf = bytearray(n)
        n = self.readinto(buf)
        return None if n is None else bytes(memoryview(buf)[:n])

    def write(self, data, n=None):
        if self.ended or not self.open:
            raise OSError(_EPIPE)
        n = min(len(data) if n is None else n, _HELD - len(self.peer._data))
        if n <= 0:
            return None
        self.peer._data.extend(memoryview(data)[:n])
        wake(self.peer._waiting)
        return n

    def close(self):
        """Close this end. What it has sent can still be received."""
        if self.open:
            self.open = False
            self.peer.ended = True
            wake(self.peer._waiting)
            wake(self._waiting)

    def setblocking(self, _):
        pass

    def setsockopt(self, *_):
        pass

    def ioctl(self, request, flags):
        if request == _POLL:
            ready = _POLLIN if self._readable() else 0
            return flags & (ready | (_POLLOUT if self._writable() else 0))
        return 0 if request == _CLOSED else -_EINVAL


class Listener(io.IOBase):
    """What the server takes for a listening socket."""

    def __init__(self):
        self._pending = []  # (wire, address) of those who connect
        self._connected = 0

    def wire(self, addr, timeout):
        """Return the client's end of a new connection, whose client is at addr (str)."""
        ours = Wire(None, timeout)
        ours.peer = Wire(ours)
        self._connected += 1
        self._pending.append((ours.peer, (addr, _FIRST_PORT + self._connected)))
        return ours

    def accept(self):
        if not self._pending:
            raise OSError(_EAGAIN)
        return self._pending.pop(0)

    def close(self):
        for wire, _ in self._pending:
            wire.close()
        self._pending.clear()

    def setblocking(self, _):
        pass

    def setsockopt(self, *_):
        pass

    bind = listen = setblocking

    def ioctl(self, request, flags):
        if request == _POLL:
            return flags & _POLLIN if self._pending else 0
        return 0 if request == _CLOSED else -_EINVAL


# -- in place of sockets


class _Sockets:
    """What stands in for the module socket while a socket is made."""

    SOL_SOCKET = SO_REUSEADDR = SOCK_STREAM = 1

    def __init__(self, sock):
        self.sock = sock

    def socket(self, *_):
        return self.sock

    def getaddrinfo(self, host, port, *_):
        return [(2, 1, 0, "", (host, port))]


class instead:
    """`with instead(sock):` has what makes a socket meanwhile get sock. No task may run."""

    def __init__(self, sock):
        self._sockets = _Sockets(sock)

    def __enter__(self):
        self._before = sys.modules.get("socket")
        sys.modules["socket"] = self._sockets

    def __exit__(self, *_):
        if self._before:
            sys.modules["socket"] = self._before
        else:
            del sys.modules["socket"]


def listener_of(app):
    """Return the Listener by which app serves in the current event loop, which it begins to do
    if it does not yet. Raises OSError (EALREADY) when it serves by a socket."""
    listener = app.listener
    if not isinstance(listener, Listener) or app.queue is not core._io_queue:
        listener = Listener()
        with instead(listener):
            web.setup.listen(app, None, 1, None, {})
    return listener


# -- what the server tells on its console


def _noted(say, sock, what, e):
    if isinstance(sock, Wire):
        sock.peer.fault = e
        sock.peer.faults.append(e)
    say(what, e)


_console = web.console
_report = _console.report
_tell = _console.tell
_console.report = lambda r, e: _noted(_report, r._conn.sock, r, e)
_console.tell = lambda conn, e: _noted(_tell, conn.sock, conn, e)
