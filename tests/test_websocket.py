"""WebSocket connections: real clients, and frames written by hand."""

import base64
import os
import re
import threading
import time

import pytest
from conftest import DEVICE, serving
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect
from wire import frame, frames_after, handshake, promptly, request, wait_until


def test_accept_of_the_rfc(app):
    response = app.exchange(handshake(), half_close=True)
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response


@pytest.mark.parametrize(
    "status,changes",
    [
        (426, {"Upgrade": None}),
        (426, {"Upgrade": "h2c"}),
        (426, {"Connection": "keep-alive"}),
        (426, {"Sec_WebSocket_Version": "8"}),
        (426, {"Sec_WebSocket_Version": None}),
        (400, {"Sec_WebSocket_Key": None}),
        (400, {"Sec_WebSocket_Key": "dGhlIHNhbXBsZQ=="}),
        (400, {"Sec_WebSocket_Key": "!" * 24}),
        (400, {"Content_Length": "5"}),
    ],
)
def test_bad_handshake(app, status, changes):
    response = app.exchange(handshake(**changes))
    assert response.startswith(b"HTTP/1.1 %d " % status)
    if "Sec_WebSocket_Version" in changes:
        assert b"Sec-WebSocket-Version: 13\r\n" in response
    if status == 426:
        assert b"Connection: close, upgrade\r\n" in response


@pytest.mark.parametrize("size", [0, 1, 125, 126, 1023, 1025, 65535, 65536, 100000])
def test_echo_of_every_length(app, size):
    with connect(app.url("/ws", "ws"), max_size=None) as ws:
        data = os.urandom(size)
        ws.send(data)
        assert ws.recv(timeout=10) == data
        text = base64.b64encode(data).decode()[:size]
        ws.send(text)
        assert ws.recv(timeout=10) == text


def test_fragments_with_a_ping_between(app):
    with connect(app.url("/ws", "ws")) as ws:
        ws.send(["Grü", "ße ", "", "😀"])
        assert ws.recv(timeout=10) == "Grüße 😀"
        assert ws.ping(b"p").wait(10)
        ws.send([b"a", b"b"])
        assert ws.recv(timeout=10) == b"ab"
    rest = frames_after(
        app,
        frame(1, b"He", fin=False) + frame(9, b"?") + frame(0, b"y", fin=False) + frame(0, b"!"),
        frame(8, b"\x03\xe8"),
    )
    assert rest == b"\x8a\x01?" + b"\x81\x04Hey!" + b"\x88\x02\x03\xe8"


def test_frames_byte_by_byte(app):
    data = frame(1, "é".encode() * 70) + frame(8)
    parts = [data[i : i + 1] for i in range(len(data))]
    rest = frames_after(app, b"", *parts)
    assert rest == b"\x81\x7e\x00\x8c" + "é".encode() * 70 + b"\x88\x00"


def test_many_frames_in_one_segment(app):
    rest = frames_after(app, b"".join(frame(2, bytes([i])) for i in range(200)) + frame(8))
    assert rest == b"".join(b"\x82\x01" + bytes([i]) for i in range(200)) + b"\x88\x00"


@pytest.mark.parametrize(
    "code,data",
    [
        (1002, b"\x81\x05hello"),  # not masked
        (1002, frame(0x41, b"x")),  # a reserved bit
        (1002, frame(3)),  # a reserved opcode
        (1002, frame(9, b"x" * 126)),  # a long control frame
        (1002, frame(9, b"x", fin=False)),  # a fragmented one
        (1002, frame(0, b"x")),  # nothing to continue
        (1002, frame(1, b"x", fin=False) + frame(1, b"y")),  # a message in a message
        (1002, frame(8, b"\x03")),  # half a close code
        (1002, frame(8, b"\x03\xed")),  # 1005 is never sent
        (1002, frame(8, b"\x00\x01")),
        (1007, frame(8, b"\x03\xe8\xff")),  # the reason is not UTF-8
        (1007, frame(1, b"\xc0\xaf")),
        (1007, frame(1, b"\xe2\x82")),  # ends within a character
        (1007, frame(1, b"ok\xff", fin=False)),  # told before the message ends
        (1007, frame(1, b"\xed\xa0\x80", fin=False)),
        (1009, frame(2, b"", length=100001)),
        (1009, frame(2, b"x" * 60000, fin=False) + frame(0, b"", length=60000)),
        (1009, frame(2, b"", length=1 << 40)),
    ],
    ids="unmasked reserved-bit reserved-opcode long-ping fragmented-ping nothing-to-continue"
    " message-in-message half-code code-1005 code-1 reason-not-utf8 overlong ends-in-character"
    " told-early surrogate frame-too-long message-too-long huge-length".split(),
)
def test_violation(app, code, data):
    rest = frames_after(app, data)
    assert rest == b"\x88\x02" + code.to_bytes(2, "big")
    app.wait_for_line(f"closed {code}")


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1011, 3000, 4999])
def test_close_is_echoed(app, code):
    payload = code.to_bytes(2, "big")
    assert frames_after(app, frame(8, payload + b"why")) == b"\x88\x02" + payload
    app.wait_for_line(f"closed {code}")


def test_close_from_the_client(app):
    with connect(app.url("/ws", "ws")) as ws:
        ws.close(4000, "enough")
        assert ws.close_code == 4000


def test_close_from_the_server(app):
    with connect(app.url("/ws-close", "ws")) as ws:
        with pytest.raises(ConnectionClosedError):
            ws.recv(timeout=10)
        assert (ws.close_code, ws.close_reason) == (4001, "done")
    line = app.wait_for_line("answer")
    assert "'type': 'close'" in line
    assert re.search(r"'data': b'\\x0f\\xa1", line)


def test_handler_that_returns_closes_normally(app):
    with connect(app.url("/ws-leave", "ws")) as ws:
        assert ws.recv(timeout=10) == "bye"
        with pytest.raises(ConnectionClosedOK):
            ws.recv(timeout=10)


def test_handler_fault_closes_with_1011(app):
    with connect(app.url("/ws-fault", "ws")) as ws:
        with pytest.raises(ConnectionClosedError):
            ws.recv(timeout=10)
        assert ws.close_code == 1011
    app.wait_for_line("in a WebSocket")


def test_client_that_vanishes(app):
    assert frames_after(app, frame(1, b"x" * 50)[:20], half_close=True) == b""
    app.wait_for_line("closed 1006")


def test_recv_that_is_given_up_loses_nothing(app):
    """A frame that arrives in pieces over several calls; and the head stays."""
    with app.connect() as s:
        s.sendall(handshake("/ws-patient?q", X_User="Ada"))
        data = frame(1, b"first ") + frame(1, "zweite ö".encode())
        for i in range(0, len(data), 5):
            s.sendall(data[i : i + 5])
            time.sleep(0.03)  # longer than the handler's patience
        s.sendall(frame(8))
        received = s.makefile("rb").read().split(b"\r\n\r\n", 1)[1]
    at = b" for Ada at /ws-patient?q"
    first, second = b"first " + at, "zweite ö".encode() + at
    assert received == (
        b"\x81%c" % len(first) + first + b"\x81%c" % len(second) + second + b"\x88\x00"
    )


def test_send_that_is_given_up_ends_the_connection(app):
    with app.connect() as s:
        s.sendall(handshake("/ws-impatient"))
        app.wait_for_line("half a frame ends the connection")
        received = s.makefile("rb").read()
    assert len(received) < 8000000
    assert received.endswith(b"\0" * 1000)


def test_close_refuses_what_may_not_be_sent(app):
    response = app.exchange(handshake("/ws-bad-close"), frame(8, b"\x03\xe8"))
    rest = response.split(b"\r\n\r\n", 1)[1]
    assert rest == b"\x81\x07refused" * 3 + b"\x88\x7d\x03\xe8" + b"x" * 123


def test_messages(app):
    with connect(
        app.url("/ws-messages", "ws"), subprotocols=["none", "log", "chat"], origin="http://here"
    ) as ws:
        assert ws.subprotocol == "log"
        assert ws.recv(timeout=10) == "log False"
        ws.send("text")
        assert ws.recv(timeout=10) == "str"
        ws.send(b"binary")
        assert ws.recv(timeout=10) == "bytearray"
        ws.send("ping")
        assert ws.recv(timeout=10) == "str"
        ws.close(4000, "bye, Zoë")
    app.wait_for_line("ended True 4000 bye, Zoë")


def test_ping_has_its_data(app):
    rest = frames_after(app, b"", frame(1, b"ping"), frame(8), path="/ws-messages")
    assert rest == b"\x81\x0aNone False\x81\x03str\x89\x0dare you there\x88\x00"


@pytest.mark.parametrize("origin", ["http://there", "null"])
def test_other_origins_are_refused(app, origin):
    response = app.exchange(handshake("/ws-messages", Origin=origin, Connection="Upgrade, close"))
    assert response.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999])
def test_codes_that_a_client_may_close_with(app, code):
    payload = code.to_bytes(2, "big") + "Grüße".encode()
    frames = (b"", frame(8, payload))
    # without waiting for what the client may still send
    rest = promptly(0.3, lambda: frames_after(app, *frames, path="/ws-messages"))
    assert rest == b"\x81\x0aNone False\x88\x02" + payload[:2]
    app.wait_for_line(f"ended True {code} Grüße")


def test_dead_client_is_found(app):
    """One that answers pings stays, one that does not is let go."""
    with connect(app.url("/ws-watched", "ws")) as alive, app.connect() as dead:
        dead.sendall(handshake("/ws-watched"))
        started = time.monotonic()
        received = dead.makefile("rb").read()
        assert 0.5 < time.monotonic() - started < 9
        assert received.split(b"\r\n\r\n", 1)[1] == b"\x89\x00"
        app.wait_for_line("watched 1006")
        alive.send("still here")
        assert alive.recv(timeout=10) == "still here"


def test_stuck_member_of_a_room_is_dropped(app):
    with connect(app.url("/room/Ada", "ws")) as ada, app.connect() as stuck:
        stuck.sendall(handshake("/room/stuck"))
        assert stuck.recv(4).startswith(b"HTTP")
        while app.exchange(request("/members"), half_close=True)[-1:] != b"2":
            pass
        ada.send("flood")
        for i in range(100):
            assert ada.recv(timeout=10).startswith(f"Ada: {i} ")
        app.wait_for_line("left stuck")
        ada.send("one more")
        assert ada.recv(timeout=10).startswith("Ada: 0 ")
    app.wait_for_line("left Ada")
    # the task that sends to it ends a little later
    wait_until(lambda: app.exchange(request("/members"), half_close=True).endswith(b"\r\n\r\n0"))


def test_flood_leaves_the_other_tasks_their_turn(app):
    def ticks():
        return int(app.exchange(b"GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n").rsplit(b"\n")[-1])

    flood = b"".join(frame(10, b"x" * 100) for _ in range(60000))
    with app.connect() as s:
        s.sendall(handshake())
        sender = threading.Thread(target=s.sendall, args=(flood + frame(8),))
        sender.start()
        first = ticks()
        answers = 1
        while sender.is_alive():
            last = ticks()
            answers += 1
        sender.join()
    assert answers > 3
    assert last > first


def test_pieces_of_frames_about_as_long_as_the_buffers(parser):
    """What a piece has no room for was received, and unmasked, with the frame's header."""
    message = os.urandom(3000)
    with serving(parser, DEVICE / "echo.py") as server:
        with connect(f"ws://127.0.0.1:{server.port}/pieces", compression=None) as ws:
            for n in (*range(1015, 1045), 2047, 2048, 2049, 3000):
                ws.send(message[:n])
                assert ws.recv(timeout=20) == message[:n], n
