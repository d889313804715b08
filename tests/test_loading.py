"""What programs load is what CONTRIBUTING.md says: each room costs a board memory."""

import contextlib
import re

import httpx
import pytest
from conftest import DEVICE, ROOT, serving
from websockets.sync.client import connect

GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = GUIDE.partition("| Request | Rooms |\n| --- | --- |\n")[2].partition("\n\n")[0]
TOLD = dict(re.findall(r"^\| (.*?) \| *(.*?) *\|$", TABLE, re.M))
FIRST = {"_codec", "app", "conn"}
# {what the table calls it: programs of tests/device/rooms.py}
PROGRAMS = {
    "a `str`, a `dict`, a body that came with its head": ("hello", "a_dict", "body"),
    "a path with a parameter": ("parameter",),
    "`r.headers`, `r.args`": ("headers",),
    "`r.json()`": ("json",),
    "`r.json(shape)`": ("shape",),
    "`r.form()`": ("form",),
    "a body that comes later": ("late_body",),
    "a hook before it": ("hook",),
    "a hook after it": ("after",),
    "a guard": ("guard",),
    "a password": ("password",),
    "a session": ("session",),
    "`web.cors()`": ("cors",),
    "`web.protect()`": ("protect",),
    "a task beside it": ("beside",),
    "`web.captive()`": ("captive",),
    "a handler that waits": ("waits",),
    "a generator": ("generator",),
    "an open file": ("opened",),
    "a static file": ("static",),
    "a status, header fields": ("status",),
    "404": ("missing",),
    "a fault": ("fault",),
    "a raw handler": ("raw",),
    "an event stream": ("sse",),
    "a WebSocket": ("websocket",),
}
STATUSES = {"fault": 500, "missing": 404, "status": 201}
BODIES = {
    "body": b"Content-Length: 3\r\n\r\nabc",
    "json": b"Content-Length: 3\r\n\r\n[1]",
    "shape": b"Content-Length: 3\r\n\r\n[1]",
    "form": b"Content-Length: 3\r\n\r\na=b",
    "password": b"Authorization: Basic YTpi\r\n\r\n",
    "late_body": b"Content-Length: 3\r\n\r\n",
}


@contextlib.contextmanager
def visited(server, program):
    """Have the program answer; its connection lasts."""
    if program == "websocket":
        with connect(server.url("/x", "ws")) as ws:
            ws.send("x")
            assert ws.recv(timeout=10) == "x"
            yield
        return
    with server.connect() as s:
        method = b"POST" if program in BODIES else b"GET"
        s.sendall(method + b" /x HTTP/1.1\r\nHost: x\r\n" + BODIES.get(program, b"\r\n"))
        if program == "late_body":
            rooms(server)  # the server has nothing else to do than to wait for the body
            s.sendall(b"abc")
        answer = s.recv(1000)
        while program == "sse" and not answer.endswith(b"data: x\n\n"):
            piece = s.recv(1000)
            assert piece
            answer += piece
        assert int(answer.split()[1]) == STATUSES.get(program, 200)
        yield


def rooms(server):
    """What is loaded, without which parser, and whether the firmware has SHA-1."""
    names = httpx.get(server.url("/rooms")).text.split()
    return {name for name in names if not re.match("_(native|portable|frames|sha1)", name)}


@pytest.mark.parametrize("program", sum(PROGRAMS.values(), ()))
def test_rooms_of(parser, program, tmp_path):
    (told,) = (TOLD[row] for row, programs in PROGRAMS.items() if program in programs)
    with serving(parser, DEVICE / "rooms.py", program, cwd=tmp_path) as server:
        with visited(server, program):
            assert rooms(server) == FIRST | set(re.findall(r"\w+", told))


def test_every_row_is_tried():
    assert set(TOLD) == set(PROGRAMS)


def test_the_picture_has_every_room():
    picture = GUIDE.partition("what takes more")[2].partition("```")[0]
    public = {path.stem for path in (ROOT / "pysrc/web").glob("[!_]*.py")}
    assert not {room for room in public if not re.search(rf"\b{room}\b", picture)}
