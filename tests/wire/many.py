"""A client for many connections at once, over TCP or TLS, that can end in the midst of
anything."""

import asyncio
import contextlib
import select
import socket
import ssl
import struct

from wire.reading import Reading


class Unserved(Exception):
    """The server did not do what the client expects."""


class Client:
    def __init__(self, port, trust=None, window=None):
        self.port = port
        self.loop = asyncio.get_running_loop()
        self.received = b""
        self.last = False  # whether the server said that nothing follows
        self.s = socket.socket()
        self.s.setblocking(False)
        if window:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.tls = None
        if trust:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = trust.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")

    async def connect(self):
        await self.loop.sock_connect(self.s, ("127.0.0.1", self.port))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.s.getsockname()[1]

    # -- sending

    def hello(self):
        """The beginning of a TLS handshake."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def sealed(self, data):
        """The bytes that stand for data on the wire."""
        if self.tls:
            self.tls.write(data)
            data = self.outgoing.read()
        return data

    async def send(self, data):
        with contextlib.suppress(OSError):  # what is received next tells
            await self.loop.sock_sendall(self.s, data)

    # -- receiving

    async def _receive(self, n=65536):
        try:
            return await self.loop.sock_recv(self.s, n)
        except OSError:
            return b""

    async def shake(self):
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as e:
                raise Unserved(f"TLS: {e}")
            else:
                break
            await self.send(self.outgoing.read())
            piece = await self._receive()
            if not piece:
                raise Unserved("the connection's end in the handshake")
            self.incoming.write(piece)
        await self.send(self.outgoing.read())

    async def more(self, n=65536):
        """Receive more. Returns False at the connection's end, be that a reset."""
        if not self.tls:
            piece = await self._receive(n)
        else:
            piece = None
            while piece is None:
                try:
                    piece = self.tls.read(n)
                except ssl.SSLWantReadError:
                    sealed = await self._receive()
                    if sealed:
                        self.incoming.write(sealed)
                    else:
                        piece = b""
                except ssl.SSLError:
                    piece = b""
        self.received += piece
        return bool(piece)

    async def _need(self, what):
        if not await self.more():
            raise Unserved(f"the end instead of {what}, after {self.received[:200]}")

    async def until(self, text):
        """What is received up to this text and with it."""
        while text not in self.received:
            await self._need(text)
        found, _, self.received = self.received.partition(text)
        return found + text

    async def take(self, n):
        while len(self.received) < n:
            await self._need(f"{n} bytes")
        taken, self.received = self.received[:n], self.received[n:]
        return taken

    async def response(self, expected, method="GET"):
        reading = Reading(method)
        try:
            whole = self.received and reading.feed(self.received)
            while not whole:
                self.received = b""
                await self.more()
                whole = reading.feed(self.received)
        except AssertionError as e:
            raise Unserved(f"instead of {expected}: {e}")
        self.received = reading.rest
        if reading.response.status != expected:
            raise Unserved(f"{reading.response.status} instead of {expected}")
        self.last = reading.response.closes

    async def frame(self):
        """The first byte and the payload of the next WebSocket frame."""
        first, n = await self.take(2)
        if n > 125:
            n = int.from_bytes(await self.take(2 if n == 126 else 8), "big")
        return first, await self.take(n)

    # -- ending

    def close(self):
        self.s.close()

    def reset(self):
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.close()

    def half_close(self):
        with contextlib.suppress(OSError):
            self.s.shutdown(socket.SHUT_WR)

    async def left(self, seconds):
        """Wait until the server ends the connection, or for so long, taking nothing."""
        poll = select.poll()
        poll.register(self.s, select.POLLRDHUP)
        deadline = self.loop.time() + seconds
        while not poll.poll(0) and self.loop.time() < deadline:
            await asyncio.sleep(0.01)
