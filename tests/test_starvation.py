"""Memory that lacks at any moment: the nth allocation fails, for each n, and the request
is answered or its connection closed, the next one served, and nothing stays."""

import base64
import itertools
import re

import pytest
from conftest import DEVICE
from starving import starving
from wire import frame, handshake, post, request, wait_until
from wire.messages import chunked

LAST = "Connection: close"
GET_LAST = request("/", "GET", LAST)
BASIC = "Authorization: Basic " + base64.b64encode(b"ada:geheim").decode()
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\ntwo\r\n--b--\r\n'
)
FORM = "Content-Type: multipart/form-data; boundary=b"
BODY = b"0123456789" * 100

# What is sent, and what the answer ends in.
CONVERSATIONS = {
    "str": ([request(), GET_LAST], b"index"),
    "dict": ([request("/dict", "GET", LAST)], b"}"),
    "parameter": ([request("/item/12", "GET", LAST)], b"item 12"),
    "404": ([request("/missing", "GET", LAST)], b"Not Found"),
    "405": ([post("/", b"", LAST)], b"Method Not Allowed"),
    "malformed": ([b"GET\r\n\r\n"], b""),
    "body": ([post("/body", BODY, LAST)], b"1000 bytes"),
    "chunked": ([chunked("/body", BODY, b"123", lines=(LAST,))], b"1003 bytes"),
    "save": ([post("/save/new", BODY * 9, LAST)], b"9000 bytes"),
    "parts": ([post("/parts", PARTS, LAST, FORM)], b"a=one f=two"),
    "pieces": ([request("/pieces", "GET", LAST)], b"0\r\n\r\n"),
    "file": ([request("/static/file.txt", "GET", LAST)], b"a file"),
    "basic": ([request("/basic", "GET", LAST, BASIC)], b"ada"),
    "not basic": ([request("/basic", "GET", LAST)], b"Unauthorized"),
    "WebSocket": (
        [handshake(), frame(1, b"hello"), frame(2, b"x" * 300), frame(8, b"\x03\xe8")],
        b"\x88\x02\x03\xe8",
    ),
    "events": ([request("/events", "GET", LAST)], b'data: {"n": 2}\n\n'),
    "sign in": ([request("/in", "GET", LAST)], b"in"),
    "signed in": ([request("/private", "GET", LAST, "Cookie: session={}")], b"ada"),
}
SESSIONS = ("sign in", "signed in")
STEP = 11  # from one allocation that fails to the next, but in `make starve`
LINES = 2  # on the console for one failure
SLACK = 2500  # bytes of an ended connection that one stale pointer may keep


def command(folder, name):
    (folder / "file.txt").write_bytes(b"a file")
    return [DEVICE / "starved.py", str(folder), *(["session"] if name in SESSIONS else [])]


def steps_of(server, name):
    steps = CONVERSATIONS[name][0]
    if name == "signed in":
        cookie = re.search(rb"session=([^;]+)", server.converse([request("/in", "GET", LAST)]))[1]
        steps = [steps[0].replace(b"{}", cookie)]
    return steps


def starve(server, name, steps, n, burst):
    """Have the nth allocation of a conversation fail. Returns whether it had so many."""
    server.shared.starve(n, burst)
    where = f"{name}, allocation {n}, {burst} in all"
    try:
        received = server.converse(steps)
        failures = server.shared.failures
        server.shared.starve(0)
        assert re.match(rb"HTTP/1.1 [12345]\d\d |$", received), received
        assert failures or received.endswith(CONVERSATIONS[name][1]), received
        received = server.converse([GET_LAST])
        assert received.endswith(b"\r\n\r\nindex"), received
    except AssertionError as e:
        raise AssertionError(f"{where}: {e} {server.console[-5:]}")
    return failures


def settle(server, most, files, where):
    """Nothing has stayed of a conversation, once its connection has ended."""
    used = []

    def as_before():
        used.append(server.used()[0])
        if used[-1] <= most and server.open_files() <= files:
            return True
        server.converse([GET_LAST])  # what a stale pointer keeps goes with further requests

    try:
        wait_until(as_before)
    except AssertionError:
        raise AssertionError(f"{where}: {used[-1] - most + SLACK} bytes stay")


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_request(parser, tmp_path, pytestconfig, name):
    """Once all rooms are loaded."""
    whole = pytestconfig.getoption("--whole")
    with starving(parser, *command(tmp_path, name)) as server:
        files = server.open_files()
        steps = steps_of(server, name)
        failures = 0
        for burst in (1, 3) if whole else (1,):
            numbers = []
            for n in range(1, 500, 1 if whole else STEP):
                numbers.append(n)
                if not starve(server, name, steps, n, burst):
                    break
            for n in range(1, 20):  # what few of them need is loaded now, too
                failures += starve(server, name, steps, n, burst)
            most = server.used()[0] + SLACK
            for n in numbers:
                failures += starve(server, name, steps, n, burst)
                if whole:
                    settle(server, most, files, f"{name}, allocation {n}, {burst} in all")
            settle(server, most, files, name)
        assert not [line for line in server.console if not line.startswith("web: ")]
        assert len(server.console) <= LINES * 3 * failures


@pytest.mark.parametrize("name", ["404", "save", "parts", "WebSocket", "events", "signed in"])
def test_first_request(tmp_path, pytestconfig, name):
    """What loads the rooms that it needs: the next one finds them, or loads them again."""
    whole = pytestconfig.getoption("--whole")
    step = 1 if whole else 89
    numbers = range(list(CONVERSATIONS).index(name) + 1, 2000, step)
    for n in itertools.islice(numbers, None if whole else 6):
        with starving("native", *command(tmp_path, name), heap="256k") as server:
            steps = steps_of(server, name)
            starved = starve(server, name, steps, n, 1)
            starve(server, name, steps, 0, 1)
            assert len(server.console) <= LINES * starved
            if not starved:
                break


def test_memory_above_two_to_the_thirtieth(tmp_path, pytestconfig):
    """Where an ESP32-C6 has it, a socket's id() takes memory: the event loop goes on."""
    with starving("native", *command(tmp_path, "str"), high=True) as server:
        steps = steps_of(server, "str")
        files = server.open_files()
        n = 1
        while starve(server, "str", steps, n, 1):
            n += 1
        assert n > 20
        server.used()
        wait_until(lambda: server.open_files() <= files)
