"""Our WebSocket client with servers that do not keep to RFC 6455, and what it sends."""

import base64
import contextlib
import hashlib
import re
import socket
import threading
import time
from functools import partial

import pytest
import wire
from test_connect import connect

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
ACCEPT = b"Sec-WebSocket-Accept: %s\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\n"
END = None
GOOD = SWITCHING + UPGRADE + ACCEPT + b"\r\n"


class RawServer:
    """Answers one client's handshake with a response in which %s stands for the value
    of Sec-WebSocket-Accept, then sends the parts, of which END ends its side. Ends the
    connection when the client sends a close frame or leaves. Has the client's .key and
    .frames then."""

    def __init__(self, response, *parts):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.thread = threading.Thread(target=self._serve, args=(response, parts), daemon=True)

    def _serve(self, response, parts):
        s, _ = self.listener.accept()
        s.settimeout(10)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with s:
            received = b""
            while b"\r\n\r\n" not in received:
                piece = s.recv(65536)
                assert piece, f"no whole head: {received}"
                received += piece
            head, rest = received.split(b"\r\n\r\n", 1)
            self.key = re.search(rb"\r\nSec-WebSocket-Key: (\S+)", head)[1]
            accept = base64.b64encode(hashlib.sha1(self.key + GUID).digest())
            with contextlib.suppress(ConnectionError):  # the client may have left
                for part in (response.replace(b"%s", accept), *parts):
                    if part is END:
                        with contextlib.suppress(OSError):  # the client may be gone already
                            s.shutdown(socket.SHUT_WR)
                    else:
                        s.sendall(part)
                    time.sleep(0.01)  # for it to be received on its own
            self._read_frames(s, rest)

    def _read_frames(self, s, data):
        self.frames, rest = split_frames(data)
        while not self.frames or self.frames[-1][0] != 0x88:
            try:
                piece = s.recv(65536)
            except ConnectionError:
                break
            if not piece:
                assert rest == b""
                break
            frames, rest = split_frames(rest + piece)
            self.frames += frames

    @property
    def sent(self):
        """The client's frames without their keys."""
        return [(first, payload) for first, _, payload in self.frames]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(10)
        assert not self.thread.is_alive()


frame = partial(wire.frame, key=None)  # as a server sends it


def split_frames(data):
    """A client's whole frames in data, as (first byte, masking key, payload), and the
    rest of it."""
    frames = []
    while len(data) > 1:
        assert data[1] & 0x80, "not masked"
        n, at = data[1] & 0x7F, 2
        if n > 125:
            at = 4 if n == 126 else 10
            n = int.from_bytes(data[2:at], "big")
        key, payload = data[at : at + 4], data[at + 4 : at + 4 + n]
        if len(data) < at + 4 + n:
            break
        frames.append((data[0], key, bytes(b ^ key[i & 3] for i, b in enumerate(payload))))
        data = data[at + 4 + n :]
    return frames, data


# -- handshakes


@pytest.mark.parametrize(
    "response",
    [
        SWITCHING + b"upgrade: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\n" + ACCEPT,
        SWITCHING + UPGRADE + b"sec-websocket-accept:%s \r\n",
        b"HTTP/1.1 101 \r\n" + UPGRADE + ACCEPT + b"Server: x\r\nDate: y\r\n",
    ],
    ids=["case", "space", "no phrase"],
)
def test_handshake(response):
    with RawServer(response + b"\r\n", frame(8, b"\x03\xe8")) as server:
        assert connect(server.url, ["receive"])[0] == ["open", None]


@pytest.mark.parametrize(
    "status,response",
    [
        (404, b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"),
        (404, b"HTTP/1.0 404 Not Found\r\n\r\n"),
        (200, b"HTTP/1.1 200 OK\r\n" + UPGRADE + ACCEPT),
        (101, SWITCHING + UPGRADE + b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        (101, SWITCHING + UPGRADE),
        (101, SWITCHING + b"Connection: Upgrade\r\n" + ACCEPT),
        (101, SWITCHING + b"Upgrade: h2c\r\nConnection: Upgrade\r\n" + ACCEPT),
        (101, SWITCHING + b"Upgrade: websocket\r\n" + ACCEPT),
        (101, SWITCHING + UPGRADE + ACCEPT + b"Sec-WebSocket-Protocol: other\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + b"Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + b"Sec-WebSocket-Extensions: other\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + b"no field\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + b"X: a\r\n folded\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + b"X: a\nX: b\r\n"),
        (101, SWITCHING + UPGRADE + ACCEPT + ACCEPT),
        (404, b"HTTP/1.1 404 Not Found\r\nno field\r\n"),
    ],
    ids="404 old 200 wrong-accept no-accept no-upgrade other-upgrade no-connection"
    " subprotocol compression extension no-field folded bare-lf two-accepts"
    " no-field-of-404".split(),
)
def test_refused_handshake(status, response):
    with RawServer(response + b"\r\n") as server:
        assert connect(server.url, subprotocols=["chat"]) == [["refused", status]]
    assert server.frames == []


@pytest.mark.parametrize(
    "response",
    [b"", GOOD[:40], b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 1x1 ?\r\n\r\n"]
    + [GOOD[:-2] + b"X: " + b"x" * 100000 + b"\r\n\r\n"],
    ids=["nothing", "half", "other protocol", "no status", "endless"],
)
def test_no_handshake(response):
    """A head that is none, is cut off, or is far too long."""
    with RawServer(response, END) as server:
        started = time.monotonic()
        (event,) = connect(server.url, timeout=50)
        assert event == ["OSError"] or event[0] == "refused"
        assert time.monotonic() - started < 30


@pytest.mark.parametrize("response", [b"", GOOD[:40]], ids=["nothing", "half"])
def test_handshake_that_does_not_end(response):
    with RawServer(response) as server:
        started = time.monotonic()
        assert connect(server.url, timeout=0.5) == [["OSError"]]
        assert 0.4 < time.monotonic() - started < 9


def test_server_that_accepts_nobody():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert connect(f"ws://127.0.0.1:{port}/", timeout=0.5) == [["OSError"]]


# -- frames


def test_frames_right_behind_the_handshake():
    with RawServer(GOOD + frame(1, b"early") + frame(8, b"\x03\xe8")) as server:
        assert connect(server.url, ["messages"])[1:] == [
            ["text", "early"],
            ["state", False, True, 1000, ""],
        ]


def test_bytes_one_by_one():
    data = frame(1, b"slow") + frame(2, b"\xff" * 130) + frame(8, b"\x0f\xa1why")
    with RawServer(GOOD[:-1], GOOD[-1:], *[bytes([b]) for b in data]) as server:
        assert connect(server.url, ["messages"])[1:] == [
            ["text", "slow"],
            ["binary", "ff" * 130],
            ["state", False, True, 4001, "why"],
        ]


@pytest.mark.parametrize(
    "code,data",
    [
        (1002, b"\x81\x85\x00\x00\x00\x00hello"),  # masked
        (1002, frame(0x41, b"x")),  # compressed, which was not agreed upon
        (1002, frame(0x21, b"x")),  # a reserved bit
        (1002, frame(3)),  # a reserved opcode
        (1002, frame(9, b"x" * 126)),  # a long control frame
        (1002, frame(9, b"x", fin=False)),  # a fragmented one
        (1002, frame(0, b"x")),  # nothing to continue
        (1002, frame(1, b"x", fin=False) + frame(1, b"y")),  # a message in a message
        (1002, frame(8, b"\x03")),  # half a close code
        (1002, frame(8, b"\x03\xed")),  # 1005 is never sent
        (1007, frame(8, b"\x03\xe8\xff")),  # the reason is not UTF-8
        (1007, frame(1, b"\xc0\xaf")),
        (1007, frame(1, b"\xe2\x82")),  # ends within a character
        (1009, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01"),  # 65,537 bytes
        (1009, b"\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00"),
    ],
    ids="masked compressed reserved-bit reserved-opcode long-ping fragmented-ping"
    " nothing-to-continue message-in-message half-code code-1005 reason-not-utf8 overlong"
    " ends-in-character too-long huge".split(),
)
def test_violation(code, data):
    with RawServer(GOOD, data) as server:
        events = connect(server.url, ["messages"])
    assert events == [["open", None], ["state", False, True, code, ""]]
    assert server.sent == [(0x88, code.to_bytes(2, "big"))]


def test_what_is_sent_is_masked():
    """Every frame by a key of its own, that of a connection not that of the next one."""
    steps = [["grow", 50, 30], ["ping", "?"], ["close", 1000]]
    keys, nonces = set(), set()
    for _ in range(2):
        with RawServer(GOOD) as server:
            connect(server.url, *steps)
        assert server.sent == [
            *((0x81, b"x" * (i * 30)) for i in range(50)),
            (0x89, b"?"),
            (0x88, b"\x03\xe8"),
        ]
        keys.update(key for _, key, _ in server.frames)
        nonces.add(server.key)
        assert len(base64.b64decode(server.key)) == 16
    assert len(keys) > 100
    assert len(nonces) == 2


def test_pong_is_masked():
    with RawServer(GOOD, frame(9, b"data"), frame(8, b"\x03\xe8")) as server:
        connect(server.url, ["messages"])
    assert server.sent == [(0x8A, b"data"), (0x88, b"\x03\xe8")]


def test_server_that_is_dead():
    with RawServer(GOOD) as server:
        started = time.monotonic()
        events = connect(server.url, ["receive"], ping_interval=0.5, ping_timeout=0.5)
        assert 0.5 < time.monotonic() - started < 9
    assert events[1:] == [["nothing"], ["state", False, True, 1006, ""]]
    assert server.sent[0] == (0x89, b"")


# -- compression (RFC 7692)


def deflating(parameters):
    # the client asks for the first one, so an answer without it is none
    parameters = b"; server_no_context_takeover" + parameters
    return GOOD[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate%s\r\n\r\n" % parameters


@pytest.mark.parametrize(
    "parameters",
    [b"", b"; client_no_context_takeover"]
    + [b";server_max_window_bits=10;client_max_window_bits=10"],
)
def test_compressed_messages(parameters):
    """The examples of RFC 7692, 7.2.3."""
    hello = frame(0x41, b"\xf2\x48\xcd\xc9\xc9\x07\x00")
    data = [
        hello,
        frame(0x41, b"\xf2\x48\xcd", fin=False) + frame(0, b"\xc9\xc9\x07\x00"),  # fragments
        frame(0x41, b"\x00\x05\x00\xfa\xffHello\x00"),  # a block without compression
        frame(0x41, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),  # two blocks
        frame(0x41, b"\x00"),  # of no byte
        frame(0x41, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),  # a block with BFINAL
        frame(1, b"Hello"),  # not compressed at all
        frame(8, b"\x03\xe8"),
    ]
    with RawServer(deflating(parameters), *data) as server:
        events = connect(server.url, ["messages"], compress=15)
    assert events[1:-1] == [["text", "Hello"]] * 4 + [["text", ""]] + [["text", "Hello"]] * 2
    assert events[-1][3] == 1000


@pytest.mark.parametrize(
    "parameters",
    [b"; server_max_window_bits=16", b"; server_max_window_bits=7", b"; unknown"]
    + [b"; server_no_context_takeover"],
)
def test_compression_that_is_refused(parameters):
    """RFC 7692, 7.1: such an answer fails the connection."""
    with RawServer(deflating(parameters)) as server:
        assert connect(server.url, compress=15) == [["refused", 101]]


@pytest.mark.parametrize(
    "codes,data",
    [
        ([1002, 1007], frame(0x42, b"\xff\xff\xff")),  # no deflate stream
        ([1002], frame(0x42, b"\xf2", fin=False) + frame(0x40, b"\x48")),  # RSV1 again
        ([1002], frame(0x49, b"x")),  # a compressed ping
        ([1007], frame(0x41, b"\x00\x02\x00\xfd\xff\xc0\xaf\x00")),  # text, not UTF-8
    ],
    ids=["nonsense", "continuation", "ping", "utf8"],
)
def test_compressed_violation(codes, data):
    with RawServer(deflating(b""), data) as server:
        events = connect(server.url, ["messages"], compress=15)
    assert events[-1][3] in codes
    assert [opcode for opcode, _ in server.sent] == [0x88]
