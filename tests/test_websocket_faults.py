"""WebSocket connections that disturb each other, senders that do, and receiving that is
given up."""

import os
import socket
import time

import pytest
from conftest import DEVICE, serving
from websockets.sync.client import connect
from wire import Client, frame

BIG = bytes(range(256)) * 12000


@pytest.fixture(scope="module")
def faults(parser):
    """The server of tests/device/faults.py."""
    with serving(parser, DEVICE / "faults.py", '{"write_timeout": 2}', "big", heap="64M") as server:
        yield server


class Raw(Client):
    """A client that sends what it likes, and receives frames."""

    def __init__(self, server, path, window=None):
        super().__init__(server, window=window)
        self.upgrade(path)

    def gets(self, payload):
        got = self.frame()
        assert got is not None and got[1] == payload, got and (got[0], got[1][:50])


def test_bytes_behind_a_wrong_frame_reach_no_other_connection(faults):
    with Raw(faults, "/echo") as victim, Raw(faults, "/echo") as attacker:
        attacker.send(frame(3))
        assert attacker.frame() == (0x88, b"\x03\xea")  # and now it lingers
        message = frame(2, b"secret")
        victim.send(frame(2, b"first"), message[:5])
        victim.gets(b"first")
        attacker.send(b"\x82\x86\0\0\0\0forged" * 3)
        time.sleep(0.1)
        victim.send(message[5:])
        victim.gets(b"secret")


@pytest.mark.parametrize("separately", [True, False])
def test_piece_stays_while_others_receive(faults, separately):
    with Raw(faults, "/pieces") as reader, Raw(faults, "/go") as other:
        first, second = frame(2, b"first"), frame(2, b"the message in pieces")
        reader.send(first if separately else first + second)
        reader.gets(b"first")
        if separately:
            reader.send(second)
        reader.gets(b"a piece")
        other.send(frame(2, b"x" * 200))
        other.gets(b"x" * 200)
        reader.gets(b"the message in pieces")


def test_readinto_with_a_ping_before_and_given_up(faults):
    with Raw(faults, "/into") as client:
        client.send(frame(9, b"?"))
        client.gets(b"?")
        client.send(frame(2, b"12345"))
        client.gets(b"5")
        message = frame(2, b"1234567")
        for i in range(len(message)):
            client.send(message[i : i + 1])
            time.sleep(0.04)  # longer than the handler waits
        client.gets(b"7")


@pytest.mark.parametrize("path", ["/into-then-receive", "/into-then-receive-limited"])
def test_receive_after_readinto_that_was_given_up(faults, path):
    with Raw(faults, path) as client:
        client.gets(b"nothing")
        client.send(frame(2, b"message"))
        client.gets(b"message")


def test_readinto_without_room(faults):
    with Raw(faults, "/into-nothing") as client:
        client.send(frame(2, b""))
        client.gets(b"0")
        client.send(frame(2, b"x"))
        assert client.frame() == (0x88, b"\x03\xf1")


def test_frames_byte_by_byte(faults):
    with Raw(faults, "/echo") as client, Raw(faults, "/echo") as other:
        for sent, got in (
            (frame(9, b"are you there"), (0x8A, b"are you there")),
            (frame(1, "Grüße".encode()), (0x81, "Grüße".encode())),
            (frame(8, b"\x03\xe8why"), (0x88, b"\x03\xe8")),
        ):
            for i in range(len(sent)):
                client.send(sent[i : i + 1])
                other.send(frame(2, b"between"))  # by its echo the server has taken that
                other.gets(b"between")
            assert client.frame() == got


def test_fields_of_the_handshake_are_not_kept(faults):
    with Client(faults) as client:
        client.upgrade("/fields?q=a", Cookie="c=d", X_More="e")
        client.send(frame(1, b"go on"))
        names, target, query, cookie = client.frame()[1].decode().rsplit(" ", 3)
    assert {"host", "cookie", "x-more"} <= set(names.split())
    assert not [n for n in names.split() if n.startswith(("sec-", "upgrade", "connection"))]
    assert (target, query, cookie) == ("/fields?q=a", "a", "d")


@pytest.mark.parametrize("whole", [True, False])
def test_stream_with_a_ping_before_and_given_up(faults, whole):
    with Raw(faults, "/stream") as client:
        client.send(frame(9, b"?"))
        client.gets(b"?")
        if whole:
            client.send(frame(2, b"1234567"))
            client.gets(b"1234567")
            return
        message = frame(2, b"12345", fin=False) + frame(9) + frame(0, b"67")
        for i in range(len(message)):
            client.send(message[i : i + 1])
            time.sleep(0.04)
        client.gets(b"")
        client.gets(b"1234567")


def test_rest_of_a_stream_that_was_broken_off_is_no_event(faults):
    with Raw(faults, "/rest-of-stream") as client:
        client.send(frame(2, b"1", fin=False), frame(0, b"2"))
        client.send(frame(2, b"next"))
        client.gets(b"next")


def test_bomb_in_pieces_leaves_the_other_tasks_their_turn(faults):
    with connect(faults.url("/bomb", "ws"), compression="deflate") as ws:
        ws.send(bytes(4 << 20))
        assert ws.recv(timeout=60) == f"{4 << 20} True"


@pytest.mark.parametrize("n", range(10))
def test_client_is_alive_after_any_number_of_messages(faults, n):
    with Raw(faults, f"/news/{n}") as client:
        for i in range(n):
            client.gets(b"%d" % i)
        assert client.frame() == (0x89, b"")
        client.send(frame(10), frame(2, b"still here"))
        client.gets(b"still here")


@pytest.mark.parametrize("last", [b"", frame(8, b"\x03\xe8"), frame(3)])
def test_handler_may_take_its_time_after_the_end(faults, last):
    name = f"n{len(last)}{faults.parser}"
    with Raw(faults, f"/tidy?{name}") as client:
        client.send(last)
        if not last:
            client.socket.shutdown(socket.SHUT_WR)
        faults.wait_for_line(f" {name}")
    assert f"tidied {name}" in faults.console


def test_send_that_is_awaited_later(faults):
    with Raw(faults, "/later", window=4096) as client:
        client.send(frame(2, b"between"))
        client.gets(b"begun")
        received = client.take(1 << 20)  # which makes room
        client.send(frame(2, b"go on"))
        received += client.take(len(BIG) + 10 - len(received))
        assert received[10:] == BIG
        client.gets(b"between")
        client.gets(b"end")


@pytest.mark.parametrize("n", range(5, 10))
def test_sender_that_gave_way_waits_for_another(faults, n):
    with Raw(faults, f"/turns/{n}", window=4096) as client:
        client.send(frame(2, b"start"))
        time.sleep(0.2)
        for i in range(n):
            client.gets(b"%d" % i)
        assert {client.frame()[1], client.frame()[1]} == {BIG, b"m" * 500}
        client.gets(b"end")


def test_order_of_answers_while_another_task_sends(faults):
    with Raw(faults, "/order", window=4096) as client:
        client.send(frame(1, b"start"), frame(1, b"collected"), frame(1, b"no answer"))
        for payload in (BIG, b"collected", b"end"):
            client.gets(payload)


def test_write_timeout_is_the_same_with_pings(faults):
    name = f"slow{faults.parser}"
    with Raw(faults, f"/write?{name}", window=4096) as client:
        time.sleep(1.2)  # more than ping_timeout, less than write_timeout
        assert len(client.frame()[1]) == len(BIG)
        faults.wait_for_line(f"sent {name}")
    name = f"stuck{faults.parser}"
    with Raw(faults, f"/write?{name}", window=4096) as client:
        deadline = time.monotonic() + 30
        while not any(f"failed {name}" in line for line in faults.console):
            assert time.monotonic() < deadline
            try:
                client.send(frame(10))
            except OSError:
                break
            time.sleep(0.1)
        faults.wait_for_line(f"failed {name}")


def test_message_that_there_is_no_memory_for(parser):
    """A handler that goes on never gets a message with bytes missing."""
    with serving(parser, DEVICE / "faults.py", heap="250k") as server:
        for size, parts in ((200000, 1), (200000, 7), (60000, 3)):
            with Raw(server, f"/memory?{size}") as client:
                data = os.urandom(size)
                step = size // parts
                for i in range(0, size, step):
                    part = data[i : i + step]
                    opcode = 0 if i else 2
                    try:
                        client.send(frame(opcode, part, fin=i + step >= size))
                    except OSError:
                        break
                got = client.frame()
                assert got is None or got[0] == 0x88 or got[1] == data, got[1][:20]
        assert server.exchange(b"GET / HTTP/1.0\r\n\r\n").endswith(b"index")
