"""A WebSocket client that sends what it is told, be it wrong, and takes nothing but
what RFC 6455, and RFC 7692 if it was agreed upon, let a server send."""

import select
from typing import NamedTuple

import wire
from autobahn.deflate import negotiate

CONTINUATION, TEXT, BYTES, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1 = 4
FRAMEWISE = 1 << 62


class Frame(NamedTuple):
    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    # Bytes sent at once; FRAMEWISE: the frame by itself; 0: with the frames around it
    chop: int = 0

    def encoded(self):
        return wire.frame(self.opcode | self.rsv << 4, self.payload, self.fin)


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


class Client(wire.Client):
    """Upgrades a connection. What comes then is in self.events, (opcode, payload) for
    each message or control frame."""

    def __init__(self, server, offer=None):
        super().__init__(server)
        self.events = []
        self.kind = None  # the opcode of a message of which a part came
        self.parts = []
        self.packed = False
        self.extension = None  # what was agreed upon of the offer
        answer = self._upgraded(offer)
        if offer:
            self.extension = negotiate(offer, answer and answer.encode())
        else:
            assert answer is None

    def _upgraded(self, offer):
        """What the 101 says of extensions, which has what every one must have."""
        response = self.upgrade("/", Sec_WebSocket_Extensions=offer)
        fields = dict(response.fields)
        assert len(fields) == len(response.fields), response
        assert fields.pop("upgrade").lower() == "websocket"
        assert fields.pop("connection").lower() == "upgrade"
        assert fields.pop("sec-websocket-accept").encode() == wire.ACCEPT
        answer = fields.pop("sec-websocket-extensions", None)
        assert not any(name.startswith("sec-websocket-") for name in fields), fields
        return answer

    def _frame(self):
        found = self.frame()
        assert found, "the connection ended"
        first, payload = found
        return first >> 7, first >> 4 & 7, first & 15, payload

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
            self.send(b"".join(together))
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
                    self.send(data[at : at + step.chop])
        send()

    def until_close(self):
        """The payload of the server's close frame; what came before is in self.events."""
        while True:
            opcode, payload = self._event()
            if opcode == CLOSE:
                return payload
            self.events.append((opcode, payload))

    def ends(self):
        """The server ends the connection, and sends nothing before."""
        assert bytes(self.received) + self.socket.recv(1) == b""


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
    assert not select.select([client.socket], [], [], 0.1)[0]
