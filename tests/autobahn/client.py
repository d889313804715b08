"""A WebSocket client that sends what it is told, be it wrong, and takes nothing but
what RFC 6455, and RFC 7692 if it was agreed upon, let a server send."""

import select
import socket
from typing import NamedTuple

from autobahn.deflate import negotiate
from test_websocket import frame, handshake

CONTINUATION, TEXT, BYTES, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1 = 4
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # for the key in handshake()
FRAMEWISE = 1 << 62


class Frame(NamedTuple):
    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    # Bytes sent at once; FRAMEWISE: the frame by itself; 0: with the frames around it
    chop: int = 0

    def encoded(self):
        return frame(self.opcode | self.rsv << 4, self.payload, self.fin)


def fragments(opcode, payload, size, rsv=0):
    """A message in frames with at most `size` bytes each."""
    starts = range(0, len(payload), size)
    return [
        Frame(
            CONTINUATION if at else opcode,
            payload[at : at + size],
            fin=at == starts[-1],
            rsv=0 if at else rsv,
        )
        for at in starts
    ]


class Client:
    """Upgrades a connection. What comes then is in self.events, (opcode, payload) for
    each message or control frame."""

    def __init__(self, server, offer=None):
        self.s = server.connect()
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.events = []
        self.kind = None  # the opcode of a message of which a part came
        self.parts = []
        self.packed = False
        self.extension = None  # what was agreed upon of the offer
        self.s.sendall(handshake("/", Sec_WebSocket_Extensions=offer))
        fields = self._upgraded()
        answer = fields.pop(b"sec-websocket-extensions", None)
        assert not any(name.startswith(b"sec-websocket-") for name in fields), fields
        if offer:
            self.extension = negotiate(offer, answer)
        else:
            assert answer is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def _upgraded(self):
        """The fields of the 101, but for what every one must have."""
        while b"\r\n\r\n" not in self.received:
            self._receive()
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        status, *lines = bytes(head).split(b"\r\n")
        assert status.startswith(b"HTTP/1.1 101 "), head
        fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            assert name.lower() not in fields, head
            fields[name.lower()] = value.strip()
        assert fields.pop(b"upgrade").lower() == b"websocket"
        assert fields.pop(b"connection").lower() == b"upgrade"
        assert fields.pop(b"sec-websocket-accept") == ACCEPT
        return fields

    def _receive(self):
        piece = self.s.recv(1 << 18)
        assert piece, f"the connection ended after {bytes(self.received[:200])}"
        self.received += piece

    def _take(self, n):
        while len(self.received) < n:
            self._receive()
        taken = bytes(self.received[:n])
        del self.received[:n]
        return taken

    def _frame(self):
        first, second = self._take(2)
        assert not second & 0x80, "a server masks no frame"
        n = second & 0x7F
        if n == 126:
            n = int.from_bytes(self._take(2), "big")
            assert n > 125, "not the shortest form of the length"
        elif n == 127:
            n = int.from_bytes(self._take(8), "big")
            assert 65535 < n < 1 << 63, "not the shortest form of the length"
        return first >> 7, first >> 4 & 7, first & 15, self._take(n)

    def _event(self):
        while True:
            fin, rsv, opcode, payload = self._frame()
            if opcode > BYTES:
                check_control(opcode, payload, fin, rsv)
                return opcode, payload
            assert (opcode == CONTINUATION) == (self.kind is not None), "fragments"
            if opcode:
                self.kind, self.parts = opcode, []
                self.packed = rsv == RSV1 and self.extension is not None
            assert rsv == (RSV1 if opcode and self.packed else 0), "reserved bits"
            self.parts.append(payload)
            if fin:
                break
        message = b"".join(self.parts)
        if self.packed:
            message = self.extension.unpack(message)
        if self.kind == TEXT:
            message.decode()
        opcode, self.kind = self.kind, None
        return opcode, message

    def run(self, steps):
        """Of the steps, frames and bytes are sent, those that nothing is between in one
        piece, and a function is called with the client."""
        together = []

        def send():
            self.s.sendall(b"".join(together))
            together.clear()

        for step in steps:
            if isinstance(step, bytes):
                together.append(step)
            elif not isinstance(step, Frame):
                send()
                step(self)
            elif not step.chop:
                together.append(step.encoded())
            else:
                send()
                data = step.encoded()
                for at in range(0, len(data), step.chop):
                    self.s.sendall(data[at : at + step.chop])
        send()

    def until_close(self):
        """The payload of the server's close frame; what came before is in self.events."""
        while True:
            opcode, payload = self._event()
            if opcode == CLOSE:
                return payload
            self.events.append((opcode, payload))

    def ended(self):
        """The server ends the connection, within a second, and sends nothing before."""
        self.s.settimeout(1)
        assert bytes(self.received) + self.s.recv(1) == b""


def check_control(opcode, payload, fin, rsv):
    """A control frame is sound (RFC 6455 5.5)."""
    assert opcode in (CLOSE, PING, PONG)
    assert fin and not rsv and len(payload) <= 125
    if opcode == CLOSE and payload:
        code = int.from_bytes(payload[:2], "big")
        assert len(payload) > 1
        assert code in (1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000))
        payload[2:].decode()


def gets(n):
    """A step: n messages or control frames come, of which none is a close frame."""

    def step(client):
        for _ in range(n):
            event = client._event()
            assert event[0] != CLOSE, f"closed: {event[1]}"
            client.events.append(event)

    return step


def quiet(client):
    """A step: nothing comes for a while."""
    assert not client.received
    assert not select.select([client.s], [], [], 0.1)[0]
