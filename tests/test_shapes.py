"""JSON that is sent, and JSON, forms and queries that are checked."""

import json

import httpx
import pytest
from conftest import DEVICE, serving
from websockets.sync.client import connect


@pytest.fixture(scope="module")
def server(parser):
    with serving(parser, DEVICE / "shapes.py", heap="8M") as server:
        yield server


# -- what fits, and what does not

FITS = [
    ("led", {"led": 39, "on": True, "name": "ä" * 20}, None),
    ("led", {"led": 0, "on": False, "admin": True}, {"led": 0, "on": False}),
    ("nested", {"at": {"x": 1}}, None),
    ("nested", {"at": {"x": -0.5, "y": 1e9, "z": 0}, "more": [{"x": 0}, {"x": 1, "y": 2}]}, {
        "at": {"x": -0.5, "y": 1e9}, "more": [{"x": 0}, {"x": 1, "y": 2}]
    }),
    ("nested", {"at": {"x": 0}, "any": [None], "raw": {"a": [1]}, "list": [1, "a"]}, None),
    ("nested", {"at": {"x": 0}, "any": None}, None),
    ("mode", {"mode": "off", "least": 10**20, "names": ["", "a"]}, None),
    ("mode", {"mode": 3, "names": []}, None),
    ("list", [1, -2], None),
    ("list", [], None),
    ("number", 10, None),
]  # fmt: skip


@pytest.mark.parametrize("name,value,expected", FITS)
def test_what_fits(server, name, value, expected):
    answer = httpx.post(server.url(f"/json/{name}"), json=value)
    assert (answer.status_code, answer.json()) == (200, [value if expected is None else expected])


@pytest.mark.parametrize(
    "name,text,error",
    [
        ("led", "[]", "must be an object"),
        ("led", "null", "must be an object"),
        ("led", "{}", "led: is missing"),
        ("led", '{"led": 40, "on": true}', "led: must be 0 to 39"),
        ("led", '{"led": -1, "on": true}', "led: must be 0 to 39"),
        ("led", '{"led": true, "on": true}', "led: must be an integer"),
        ("led", '{"led": 1.0, "on": true}', "led: must be an integer"),
        ("led", '{"led": "1", "on": true}', "led: must be an integer"),
        ("led", '{"led": null, "on": true}', "led: must be an integer"),
        ("led", '{"led": 1, "on": 1}', "on: must be true or false"),
        ("led", '{"led": 1, "on": true, "name": ""}', "name: must have 1 to 20 characters"),
        ("led", '{"led": 1, "on": true, "name": null}', "name: must be text"),
        ("nested", '{"at": {}}', "at.x: is missing"),
        ("nested", '{"at": {"x": 2}}', "at.x: must be -1 to 1"),
        ("nested", '{"at": {"x": true}}', "at.x: must be a number"),
        ("nested", '{"at": {"x": 0, "y": 1e999}}', "at.y: must be a number"),
        ("nested", '{"at": {"x": 0, "y": 1' + 400 * "0" + "}}", "at.y: must be a number"),
        ("nested", '{"at": {"x": 0}, "more": []}', "more: must have 1 to 3 items"),
        ("nested", '{"at": {"x": 0}, "more": {}}', "more: must be a list"),
        ("nested", '{"at": {"x": 0}, "more": [{"x": 0}, {"x": 9}]}', "more[1].x: must be -1 to 1"),
        ("nested", '{"at": {"x": 0}, "more": [1]}', "more[0]: must be an object"),
        ("nested", '{"at": {"x": 0}, "raw": 1}', "raw: must be an object"),
        ("nested", '{"at": {"x": 0}, "list": 1}', "list: must be a list"),
        ("mode", '{"mode": "ON"}', "mode: must be one of off, on, 3"),
        ("mode", '{"mode": "3"}', "mode: must be one of off, on, 3"),
        ("mode", '{"mode": "on", "least": 4}', "least: must be at least 5"),
        ("mode", '{"mode": "on", "names": [1]}', "names[0]: must be text"),
        ("choice", '{"n": true}', "n: must be one of 1, 2.5, x"),
        ("list", '[1, "a"]', "[1]: must be an integer"),
        ("number", "-1", "must be at least 0"),
    ],
)
def test_what_does_not_fit(server, name, text, error):
    answer = httpx.post(server.url(f"/json/{name}"), content=text)
    assert (answer.status_code, answer.json()) == (422, {"error": error})
    assert answer.headers["content-type"] == "application/json"


def test_what_is_no_json_is_another_fault(server):
    assert httpx.post(server.url("/json/led"), content="{").status_code == 400


@pytest.mark.parametrize(
    "name,query,found",
    [
        ("args", "n=7", {"n": 7}),
        ("args", "n=7&n=8&x=1", {"n": 7}),
        ("args", "n=0&f=-1.5&b=on&s=%C3%A4b", {"n": 0, "f": -1.5, "b": True, "s": "äb"}),
        ("args", "n=1&f=2&b=FALSE", {"n": 1, "f": 2, "b": False}),
        ("args", "n=1&id=1&id=2", {"n": 1, "id": [1, 2]}),
        ("choice", "n=1", {"n": 1}),
        ("choice", "n=2.5", {"n": 2.5}),
        ("choice", "n=x", {"n": "x"}),
    ],
)
def test_fields_that_fit(server, name, query, found):
    assert httpx.get(server.url(f"/args/{name}?{query}")).json() == found
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(server.url(f"/form/{name}"), content=query, headers=form).json() == found


@pytest.mark.parametrize(
    "query,error",
    [
        ("", "n: is missing"),
        ("n", "n: must be an integer"),
        ("n=1.5", "n: must be an integer"),
        ("n=101", "n: must be 0 to 100"),
        ("n=" + 33 * "0", "n: must be an integer"),
        ("n=1&f=nan", "f: must be a number"),
        ("n=1&f=inf", "f: must be a number"),
        ("n=1&f=x", "f: must be a number"),
        ("n=1&b", "b: must be true or false"),
        ("n=1&b=2", "b: must be true or false"),
        ("n=1&s=", "s: must have 1 to 3 characters"),
        ("n=1&id=1&id=x", "id[1]: must be an integer"),
        ("n=1&id=1&id=2&id=3", "id: must have 1 to 2 items"),
    ],
)
def test_fields_that_do_not_fit(server, query, error):
    answer = httpx.get(server.url(f"/args/args?{query}"))
    assert (answer.status_code, answer.json()) == (422, {"error": error})


def test_checked_messages(server):
    with connect(server.url("/ws/checks", "ws")) as ws:
        ws.send('{"led": 1, "on": true}')
        assert json.loads(ws.recv(timeout=10)) == {"led": 1, "on": True}
        ws.send('{"led": 99, "on": true}')
        assert json.loads(ws.recv(timeout=10)) == {"error": "led: must be 0 to 39"}


# -- what is sent

TEXT = '{"a": [1, "ü\\n", null]}'
REFUSED = ["ValueError", "ValueError", "ValueError"]


@pytest.mark.parametrize("query", ["", "?parts"])
def test_messages(server, query):
    with connect(server.url("/ws" + query, "ws")) as ws:
        got = []
        for n in range(6):
            ws.send(str(n))
            got.append(ws.recv(timeout=10))
    assert got == [TEXT, "[]", *REFUSED, "TypeError"]


def test_compressed_messages(server):
    """Two messages that are the same are so to a client that compresses, too."""
    with connect(server.url("/ws", "ws"), compression="deflate") as ws:
        for _ in range(2):
            ws.send("0")
            assert ws.recv(timeout=10) == TEXT


def test_events(server):
    lines = httpx.get(server.url("/sse")).text
    named = "id: 1\nevent: value\ndata: "
    refused = "".join(f"data: {name}\n\n" for name in REFUSED)
    assert lines == f"{named}{TEXT}\n\n{named}[]\n\n{refused}"


# -- rooms


def say(server, n, query=""):
    return httpx.post(server.url(f"/say/{n}{query}")).json()


def members(server):
    return httpx.get(server.url("/members")).json()


def wait_for_members(server, n):
    while members(server)["members"] != n:
        pass


def test_one_message_to_all(server):
    wait_for_members(server, 0)
    with (
        connect(server.url("/room", "ws")) as first,
        connect(server.url("/room", "ws")) as second,
        httpx.stream("GET", server.url("/room/events"), timeout=10) as events,
    ):
        lines = events.iter_lines()
        assert [next(lines), next(lines)] == ["data: hello", ""]
        wait_for_members(server, 3)
        assert say(server, 0, "?id=7&event=value") == {"to": 3}
        assert [ws.recv(timeout=10) for ws in (first, second)] == [TEXT, TEXT]
        assert [next(lines) for _ in range(4)] == ["id: 7", "event: value", "data: " + TEXT, ""]
        # who has joined is told what a member says, too
        first.send("a")
        assert [ws.recv(timeout=10) for ws in (first, second)] == ['{"said": "a"}'] * 2
        assert [next(lines), next(lines)] == ['data: {"said": "a"}', ""]
        for n in (2, 3, 4):
            assert say(server, n) == {"error": "ValueError"}
        assert say(server, 5) == {"error": "TypeError"}
        assert say(server, 0, "?event=a%0Ab") == {"error": "ValueError"}
        # of what was refused nothing was sent
        assert say(server, 1) == {"to": 3}
        assert [ws.recv(timeout=10) for ws in (first, second)] == ["[]", "[]"]
        assert [next(lines), next(lines)] == ["data: []", ""]
    wait_for_members(server, 0)


def test_who_leaves_gets_no_more(server):
    with connect(server.url("/room", "ws")) as first, connect(server.url("/room", "ws")) as second:
        wait_for_members(server, 2)
        first.send("leave")
        assert first.recv(timeout=10) == "left"
        assert say(server, 1) == {"to": 1}
        assert second.recv(timeout=10) == "[]"
        first.send("again")  # and joins
        assert [ws.recv(timeout=10) for ws in (first, second)] == ['{"said": "again"}'] * 2
    wait_for_members(server, 0)


@pytest.mark.parametrize("sent", [0, 1])
def test_members_that_are_gone_are_none(server, sent, request):
    name = request.node.name
    with connect(server.url(f"/room?{name}", "ws")) as ws:
        wait_for_members(server, 1)
        for _ in range(sent):
            assert say(server, 0) == {"to": 1}
            assert ws.recv(timeout=10) == TEXT
        ws.close()
    assert server.wait_for_line(f"gone {name}").endswith(" 0")
    assert say(server, 0) == {"to": 0}


@pytest.mark.parametrize("sent", [0, 1])
def test_a_member_of_five_rooms(server, sent):
    with connect(server.url("/room/every", "ws")) as ws:
        assert ws.recv(timeout=10) == "first"
        for _ in range(sent):
            ws.send("a")
            assert [ws.recv(timeout=10), ws.recv(timeout=10)] == ["a", "a"]
        assert members(server)["every"] == 5
    while members(server)["every"]:
        pass


def test_a_task_of_its_own_that_is_cancelled(server):
    with connect(server.url("/room/aside", "ws")) as ws:
        assert ws.recv(timeout=10) == "hello"
        ws.send("")
        assert ws.recv(timeout=10) == "0"


def test_many_messages_at_once(server):
    """More than may wait for a slow member: nobody is one."""
    from wire import frame
    from wire.client import Client

    with Client(server) as talker, connect(server.url("/room", "ws")) as listener:
        talker.upgrade("/room")
        wait_for_members(server, 2)
        talker.send(b"".join(frame(1, b"%d" % n) for n in range(30)))
        told = [json.loads(listener.recv(timeout=10))["said"] for _ in range(30)]
        assert told == [str(n) for n in range(30)]
    wait_for_members(server, 0)


def test_a_slow_member_is_let_go(server):
    """It reads nothing; the other gets all."""
    from wire.client import Client

    with Client(server, window=4096) as slow:
        slow.upgrade("/room")
        with connect(server.url("/room", "ws"), max_size=None) as ws:
            wait_for_members(server, 2)
            to = 2
            while to == 2:
                to = httpx.post(server.url("/long")).json()["to"]
                assert json.loads(ws.recv(timeout=10)) == {"text": "x" * 100000}
            assert to == 1
    wait_for_members(server, 0)


def test_a_room_of_websockets_loads_no_events(parser):
    with serving(parser, DEVICE / "shapes.py", "websockets") as server:
        with connect(server.url("/room", "ws")) as ws:
            wait_for_members(server, 1)
            assert say(server, 0, "?event=a") == {"to": 1}
            assert ws.recv(timeout=10) == TEXT
            assert not {"web.sse", "web.shapes"} & set(members(server)["loaded"])
