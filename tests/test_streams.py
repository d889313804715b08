"""WebSockets and event streams from the first step of their handlers to their last: what
is answered, that every place comes back, and that nothing is lost."""

import contextlib
import itertools
import socket
import time

import pytest
from conftest import DEVICE, serving
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from wire import Client, frame, handshake, request, status_of

names = itertools.count()


@pytest.fixture(scope="module")
def server(parser):
    with serving(parser, DEVICE / "streams.py", '{"head_timeout": 1}', heap="8M") as server:
        yield server


@pytest.fixture
def name(parser):
    """A query for a URL, which the console names the client by."""
    return f"{parser}{next(names)}"


def opening(path):
    """The request that opens a stream."""
    return request(path) if path.startswith("/sse") or "events" in path else handshake(path)


def places(server):
    """How many connections there are but the asking one, and members of the room."""
    with Client(server) as client:
        return client.get("/connections").text


def wait_for_places(server, seconds=10):
    deadline = time.monotonic() + seconds
    while (found := places(server)) != "0 0":
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def every_place_comes_back(server):
    lines = len(server.console)
    yield
    wait_for_places(server)
    assert not [line for line in server.console[lines:] if "Traceback" in line]


@contextlib.contextmanager
def stream(server, path):
    """A client that has read the head of a stream."""
    with Client(server) as client:
        client.send(opening(path))
        assert status_of(client.until(b"\r\n\r\n")) in (101, 200)
        yield client


def half_close(client):
    client.socket.shutdown(socket.SHUT_WR)


# -- how a handler begins


@pytest.mark.parametrize("kind", ["ws", "sse"])
@pytest.mark.parametrize("handler", ["refuses", "refuses_plainly"])
def test_handler_that_refuses(server, kind, handler):
    lines = len(server.console)
    response = server.exchange(opening(f"/{kind}/{handler}"))
    assert response.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert response.endswith(b"\r\n\r\nnot for you")
    assert server.console[lines:] == []


@pytest.mark.parametrize("kind", ["ws", "sse"])
@pytest.mark.parametrize(
    "handler,fault",
    [
        ("fails", "ValueError: at once"),
        ("too_few", "TypeError: "),
        ("too_many", "TypeError: "),
        ("plain", "TypeError: the handler is no async def"),
        ("nothing", "TypeError: the handler is no async def"),
        ("generator", "TypeError: the handler is a generator"),
        ("gives_nothing", "TypeError: the handler is a generator"),
    ],
)
def test_handler_that_can_not_begin(server, kind, handler, fault):
    lines = len(server.console)
    response = server.exchange(opening(f"/{kind}/{handler}"))
    assert response.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    server.wait_for_line(f"web: GET /{kind}/{handler}: {fault}")
    assert len(server.console) == lines + 1


@pytest.mark.parametrize("kind", ["ws", "sse"])
def test_handler_that_fails_after_it_sent(server, kind):
    response = server.exchange(opening(f"/{kind}/says_and_fails"), frame(8, b"\x03\xe8"))
    head, body = response.split(b"\r\n\r\n", 1)
    assert head.split()[1] == (b"101" if kind == "ws" else b"200")
    assert body == (b"\x81\x05hello\x88\x02\x03\xf3" if kind == "ws" else b"data: hello\n\n")
    server.wait_for_line(f"web: GET /{kind}/says_and_fails: ValueError: after hello")


@pytest.mark.parametrize("handler", ["sleeps_and_fails", "cancels_itself"])
@pytest.mark.parametrize("kind", ["ws", "sse"])
def test_handler_that_fails_later(server, kind, handler):
    with stream(server, f"/{kind}/{handler}") as client:
        assert client.read(4) == (b"\x88\x02\x03\xf3" if kind == "ws" else b"")
    server.wait_for_line(f"web: GET /{kind}/{handler}: ")


@pytest.mark.parametrize("kind", ["ws", "sse"])
@pytest.mark.parametrize("handler", ["returns", "says_and_returns"])
def test_handler_that_returns_at_once(server, kind, handler):
    with stream(server, f"/{kind}/{handler}") as client:
        said = (
            b""
            if handler == "returns"
            else b"\x81\x05hello"
            if kind == "ws"
            else b"data: hello\n\n"
        )
        assert client.read(len(said)) == said
        assert client.read(4) == (b"\x88\x02\x03\xe8" if kind == "ws" else b"")


@pytest.mark.parametrize("path", ["/ws/headers", "/sse/headers"])
def test_further_field_lines(server, path):
    head = server.exchange(opening(path), frame(8, b"\x03\xe8")).split(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    assert {b"X-Board: A", b"Set-Cookie: a=1", b"Set-Cookie: b=2"} <= set(lines)
    assert (b"X-Accel-Buffering: no" in lines) == path.startswith("/sse")


@pytest.mark.parametrize("kind", ["ws", "sse"])
@pytest.mark.parametrize("n", range(4))
def test_field_lines_that_may_not_be(server, kind, n):
    response = server.exchange(opening(f"/{kind}/headers{n}"))
    assert response.startswith(b"HTTP/1.1 500 ")


# -- clients that leave while the handler does not receive


@pytest.mark.parametrize("path", ["/ws/joins", "/ws/waits", "/raw/waits", "/ws/joins-aside"])
def test_close_is_answered(server, path, name):
    with stream(server, f"{path}?{name}") as client:
        client.send(frame(9, b"?") + frame(8, b"\x0f\xa0why"))
        assert client.read() == b"\x8a\x01?\x88\x02\x0f\xa0"
    if path == "/ws/joins":
        assert server.wait_for_line(f"joined {name}").endswith(" 4000")


PATHS = "/ws/joins /ws/waits /raw/waits /ws/joins-aside /watched/waits /ws/reads-aside".split()


@pytest.mark.parametrize("leave", [half_close, Client.reset])
def test_client_that_leaves_is_noticed(server, leave, name):
    """Each takes its time, so all leave at once."""
    with contextlib.ExitStack() as stack:
        for i, path in enumerate(PATHS):
            client = stack.enter_context(stream(server, f"{path}?{name}-{i}"))
            if "aside" in path:
                client.send(frame(1, b"message"))
            leave(client)
        for i, path in enumerate(PATHS):
            server.wait_for_line(f"{'left' if path == '/ws/joins' else 'waited'} {name}-{i}", 20)
            if path == "/ws/joins":
                assert server.wait_for_line(f"joined {name}-{i}").endswith(" 1006")


def test_more_pages_than_places(server):
    for _ in range(4):
        with contextlib.ExitStack() as stack:
            clients = [
                stack.enter_context(connect(server.url("/ws/joins", "ws"))) for _ in range(12)
            ]
            for client in clients:
                client.close(4001)
                assert client.close_code == 4001
        wait_for_places(server, 9)


@pytest.mark.parametrize("path", ["/watched/waits", "/watched/joins"])
def test_pings_find_out_the_dead_only(server, path, name):
    with connect(server.url(path, "ws")) as alive:
        with stream(server, f"{path}?{name}") as dead:
            started = time.monotonic()
            assert dead.read(2) == b"\x89\x00"
            assert dead.read().strip(b"\x89\x00") == b""
            assert time.monotonic() - started < 30
        while time.monotonic() - started < 3:
            assert alive.ping().wait(10)
        alive.close()
        assert alive.close_code == 1000


# -- messages that are not received yet


@pytest.mark.parametrize("last", [frame(8, b"\x03\xe8"), b""])
def test_nothing_is_lost_to_a_slow_handler(server, name, last):
    with stream(server, f"/ws/slow?{name}") as client:
        client.send(frame(1, b"a") + frame(9, b"1") + frame(1, b"b") + frame(9, b"2"))
        # pings are answered before the handler comes to them
        assert client.read(6) == b"\x8a\x011\x8a\x012"
        client.send(frame(1, b"c", fin=False) + frame(0, b"d") + frame(1, b"e") + last)
        half_close(client)
        code = 1000 if last else 1006
        server.wait_for_line(f"slow {name} {code} abcde")


def test_end_behind_messages_that_nobody_receives(server, name):
    """A close, a violation and a reset. Each takes its time, so all come at once."""
    ends = itertools.product(
        (frame(9, b"?") + frame(8, b"\x03\xe8"), frame(3), b""), (1, 300, 70000)
    )
    for i, (last, size) in enumerate(ends):
        with stream(server, f"/ws/waits?{name}-{i}") as client:
            client.send(frame(2, b"x" * size) + last)
            if not last:
                client.reset()
    for i in range(9):
        server.wait_for_line(f"waited {name}-{i}", 20)


def test_violation_is_answered_at_once(server, name):
    with stream(server, f"/ws/waits?{name}") as client:
        client.send(frame(3))
        assert client.read() == b"\x88\x02\x03\xea"


# -- closing


@pytest.mark.parametrize("how", ["return", "receive", "wait", "finish"])
def test_silent_peer_of_a_close(server, how):
    with stream(server, f"/ws/closes?{how}") as client:
        assert client.read(4) == b"\x88\x02\x0f\xa0"
        wait_for_places(server, 9)
    if how == "receive":
        server.wait_for_line("closed None 1006")


def test_silent_peer_of_a_close_in_another_task(server):
    with stream(server, "/ws/closes-aside") as client:
        assert client.read(4) == b"\x88\x02\x0f\xa0"
        wait_for_places(server, 9)
    server.wait_for_line("closed aside None 1006")


def test_task_that_still_receives_when_the_handler_has_ended(server, name):
    with stream(server, f"/ws/leaves-a-reader?{name}") as client:
        assert client.read(4) == b"\x88\x02\x03\xe8"
        client.send(frame(2, b"x") + frame(8, b"\x03\xe8"))
        assert client.read() == b""
    server.wait_for_line(f"reader ended {name}")


@pytest.mark.parametrize("how", ["slowly", "fast"])
def test_sending_to_a_client_that_is_gone_ends(server, how):
    with stream(server, f"/ws/sends-on?{how}") as client:
        client.reset()
        line = server.wait_for_line(f"sent on {how} ")
    assert line.endswith(" False True 1006")


def test_sending_for_ever_leaves_the_others_their_turn(server, name):
    with stream(server, f"/ws/sends-forever?{name}") as client:
        client.reset()
        assert places(server)
        server.wait_for_line(f"sent forever {name} False 1006")


def test_sending_while_the_client_closes_is_no_fault(server):
    lines = len(server.console)
    for _ in range(5):
        with connect(server.url("/ws/ticks", "ws")) as client:
            assert client.recv(timeout=10) == "tick"
    wait_for_places(server)
    assert server.console[lines:] == []


# -- event streams


@pytest.mark.parametrize("path", ["/sse/waits", "/sse/joins", "/raw/events"])
@pytest.mark.parametrize("leave", ["FIN", "RST", "close"])
def test_event_streams_whose_clients_leave_at_once(server, path, leave):
    for _ in range(50):
        with Client(server) as client:
            client.send(request(path))
            if leave == "FIN":
                half_close(client)
            elif leave == "RST":
                client.reset()
    wait_for_places(server)


@pytest.mark.parametrize("line", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_event_stream_whose_request_has_a_body_that_does_not_come(server, line):
    with Client(server) as client, Client(server) as other:
        client.send(request("/sse/joins", "GET", line))
        assert status_of(client.until(b"\r\n\r\n")) == 200
        while places(server) != "2 1":
            pass
        assert other.post("/say/5", b"").text == "1"
        assert client.until(b"\n") == b"data: fine\n"


# -- receiving with a time limit


@pytest.mark.parametrize("ms", [2, 3])
def test_messages_around_the_time_limit(server, ms):
    """What asyncio.wait_for() loses 2 % of, or one of 600 for sure."""
    with connect(server.url(f"/ws/limited?{ms}", "ws")) as client:
        for i in range(600):
            # up to the moment when the handler gives up
            until = time.perf_counter() + ms / 1000
            time.sleep((ms - 1) / 1000)
            while time.perf_counter() < until:
                pass
            client.send(str(i))
        complete, gave_up = client.recv(timeout=20).split()
    assert complete == "True"
    assert int(gave_up) > 0


def test_time_limit_of_each_way_to_receive(server):
    def pieces():
        yield b"a"
        time.sleep(0.1)
        yield b"b"

    with connect(server.url("/ws/limits", "ws"), compression=None) as client:
        for sent, got in (
            (b"one", "bytearray(b'one')"),
            ("two", "'type': 'text'"),
            (b"four", "4"),
            ('{"a": 1}', "{'a': 1}"),
            ("now", "now"),
        ):
            time.sleep(0.1)
            client.send(sent)
            answer = client.recv(timeout=10)
            assert answer.startswith("True ") and got in answer, answer
        time.sleep(0.1)
        client.send(pieces())
        assert client.recv(timeout=10) == "True b'ab'"


def test_two_tasks_that_receive(server):
    with connect(server.url("/ws/two", "ws")) as client:
        assert client.recv(timeout=10) == "another task is receiving"
        client.send("a")
        assert client.recv(timeout=10) == "first: a"
        time.sleep(0.1)
        client.send("b")
        assert client.recv(timeout=10) == "second: b"


# -- what is sent


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_text_that_is_no_utf8_is_refused(server, compression):
    with connect(server.url("/ws/bad-text", "ws"), compression=compression) as client:
        said = client.recv(timeout=10).split()
        assert said == ["ValueError"] * 5 + ["TypeError"] * 3
        assert client.recv(timeout=10) == "Grüße 😀"


@pytest.mark.parametrize("path", ["/ws/buffers", "/ws/buffers-compressed"])
def test_buffers_of_larger_items(server, path):
    def shorts(*values):
        return b"".join(i.to_bytes(2, "little") for i in range(*values))

    with connect(server.url(path, "ws"), compression="deflate", max_size=None) as client:
        for expected in (
            shorts(3),
            shorts(1000),
            shorts(10, 20),
            b"".join(i.to_bytes(4, "little") for i in range(40000)),
            "refused",
            "refused",
        ):
            assert client.recv(timeout=10) == expected
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
        assert client.close_code == 1000


def test_json(server):
    with connect(server.url("/ws/json", "ws")) as client:
        for sent, got in (
            ('{"a": [1]}', "{'a': [1]}"),
            ('"\\ud83d\\ude00"', "😀"),
            (b"[1]", "[1]"),
            ('{"a":', "no JSON"),
            ("", "no JSON"),
        ):
            client.send(sent)
            assert client.recv(timeout=10) == got
    server.wait_for_line("json ended True")


def test_events_that_are_no_utf8_are_refused(server):
    body = server.exchange(request("/sse/bad-text")).split(b"\r\n\r\n", 1)[1]
    assert body == b"data: ValueError ValueError ValueError ValueError ValueError\n\n"


def test_what_a_room_can_not_be_told(server):
    def say(n):
        with Client(server) as client:
            return client.post(f"/say/{n}", b"").text

    with connect(server.url("/ws/joins", "ws")) as member:
        while places(server) != "1 1":
            pass
        assert [say(n) for n in range(3)] == ["ValueError", "TypeError", "TypeError"]
        assert say(3) == "1"
        assert member.recv(timeout=10) == b"\xff"
        assert say(4) == "1"
        assert member.recv(timeout=10) == b"\1\0\2\0"
        with stream(server, "/sse/joins") as client:
            while places(server) != "2 2":
                pass
            assert say(3) == "ValueError"
            assert say(5) == "2"
            assert client.until(b"\n") == b"data: fine\n"
        assert member.recv(timeout=10) == "fine"
