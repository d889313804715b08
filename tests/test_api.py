"""The application API, as clients see it: results, routes, requests, bodies, cookies."""

import contextlib
import json
import select
import socket
import threading
from urllib.parse import quote

import httpx
import pytest
from conftest import DEVICE, serving
from wire import Client, chunked, open_files_fall_to, request

HTML = "text/html; charset=utf-8"
BYTES = "application/octet-stream"
JSON = "application/json"
PIECES = "one two thrëe".encode()


@pytest.fixture(scope="module")
def api(parser):
    with serving(parser, DEVICE / "api.py", heap="8M") as server:
        yield server


@pytest.fixture(scope="module")
def hooked(parser):
    """The same, where each request passes hooks that change nothing."""
    with serving(parser, DEVICE / "api.py", "hooked", heap="8M") as server:
        yield server


@pytest.fixture(params=["plain", "hooked"])
def either(request, api, hooked):
    return api if request.param == "plain" else hooked


@pytest.fixture
def client(api):
    with Client(api) as client:
        yield client


def console_since(server, client, name):
    """The console's lines since the last call."""
    client.get(f"/mark/{name}")
    server.wait_for_line(f"mark {name}")
    start = getattr(server, "seen", 0)
    end = server.console.index(f"mark {name}")
    server.seen = end + 1
    return server.console[start:end]


# -- what handlers return

# by kind: status, Content-Type, body, further fields
RESULTS = {
    "str": (200, HTML, b"text"),
    "unicode": (200, HTML, "žluť 😀".encode()),
    "bytes": (200, BYTES, b"\x00\xff"),
    "bytearray": (200, BYTES, b"\x01\xfe"),
    "dict": (200, JSON, {"name": "Zoë", "n": [1, None, True]}),
    "list": (200, JSON, [1, {"a": "b"}]),
    "empty": (200, HTML, b""),
    "empty-dict": (200, JSON, {}),
    "status": (201, HTML, b"made"),
    "status-only": (404, None, b""),
    "status-204": (204, None, b""),
    "dict-status": (422, JSON, {"error": "x"}),
    "headers": (202, HTML, b"x", ("x-a", "1"), ("x-n", "5")),
    "headers-only": (200, HTML, b"x", ("x-a", "1")),
    "headers-list": (200, HTML, b"x", ("x-a", "1"), ("x-a", "2")),
    "own-type": (200, "text/csv", b"a,b"),
    "none": (204, None, b""),
    "response": (203, "text/plain", b"r", ("x-a", "1"), ("x-a", "2"), ("x-b", "3")),
    "response-dict": (200, JSON, {"a": 1}),
    "response-type": (200, "application/problem+json", {"a": 1}),
    "response-none": (200, None, b""),
    "response-204": (204, None, b""),
    "response-304": (304, None, b"", ("etag", '"1"')),
    "strange-status": (299, HTML, b"x"),
    "generator": (200, HTML, PIECES),
    "async-generator": (200, HTML, PIECES),
    "iterator": (200, HTML, PIECES),
    "response-generator": (203, "text/plain", PIECES, ("x-a", "1")),
    "response-iterator": (203, HTML, PIECES),
    "generator-status": (202, HTML, b"ab"),
    "empty-pieces": (200, HTML, b"ab"),
    "only-empty": (200, HTML, b""),
    "iterator-empty": (200, HTML, b""),
}


@pytest.mark.parametrize("style", ["plain", "async", "waits", "literal"])
@pytest.mark.parametrize("kind", RESULTS)
def test_result(either, style, kind):
    status, content_type, body, *fields = RESULTS[kind]
    with Client(either) as client:
        response = client.get(f"/{style}/{kind}")
        assert client.get("/x").text == "x"  # the connection is in order
    assert response.status == status
    assert response.all("content-type") == [content_type] * (content_type is not None)
    got = response.body if isinstance(body, bytes) else json.loads(response.body)
    assert got == body
    own = [field for field in response.fields if field[0][:2] in ("x-", "et")]
    assert sorted(own) == sorted(fields)
    if status in (204, 304):
        assert "content-length" not in response
    elif "transfer-encoding" not in response:
        assert response["content-length"] == str(len(response.body))


UNSENDABLE = ["wrong-type", "wrong-tuple", "early-status", "low-status", "high-status"]
UNSENDABLE += ["text-status", "negative-length", "text-length"]


@pytest.mark.parametrize("kind", UNSENDABLE)
def test_result_that_cannot_be_sent(either, kind):
    with Client(either) as client:
        assert client.get(f"/plain/{kind}").status == 500
        assert client.get("/x").text == "x"
    line = either.wait_for_line(f"web: GET /plain/{kind}: ")
    assert "TypeError" in line or "ValueError" in line


def test_error_handlers(either):
    with Client(either) as client:
        response = client.get("/plain/nothing-known")
        assert (response.status, json.loads(response.body)) == (
            410,
            {"unknown": "/plain/nothing-known"},
        )
        response = client.get("/unprocessable")
        assert (response.status, response.text) == (422, "see /unprocessable")
        assert client.get("/x").text == "x"


@pytest.mark.parametrize("kind", ["wrong-piece", "wrong-first-piece"])
def test_piece_that_cannot_be_sent(api, kind):
    with Client(api) as client:
        assert client.get(f"/waits/{kind}").status == 500
        assert client.get("/x").text == "x"
    assert "TypeError" in api.wait_for_line(f"web: GET /waits/{kind}: ")


def test_reason_phrases(client):
    assert client.get("/plain/status").reason == "Created"
    assert client.get("/plain/strange-status").reason == ""


def test_generator_function_handlers(either):
    with Client(either) as client:
        response = client.get("/generator-function")
        assert response.chunks == [b"ab"]
        assert client.get("/generator-function/word").body == b"word"
        response = client.get("/async-generator-function")
        assert response.chunks == [b"a", "ë".encode()]


def test_pieces_come_as_they_are_made(api):
    """The first one, while the handler waits for something else to happen."""
    with Client(api) as client:
        client.send(request("/gated"))
        while b"first" not in client.received:
            assert client.more()
        assert b"second" not in client.received
        assert httpx.get(api.url("/open")).text == "open"
        assert client.receive().body == b"firstsecond"


def test_stream_that_breaks(api):
    """Before any of it has left: see test_responses.py for the midst of it."""
    with Client(api) as client:
        assert client.get("/broken-stream").status == 500
        assert client.get("/x").text == "x"
    assert "ValueError: in a stream" in api.wait_for_line("web: GET /broken-stream")


def test_stream_that_breaks_before_its_first_piece(client):
    assert client.get("/late-stream").status == 500
    assert client.get("/x").text == "x"


def test_client_that_leaves_a_stream(api):
    """The generator's finally clause runs."""
    with Client(api) as client:
        client.send(request("/closed-stream"))
        assert client.more()
    api.wait_for_line("stream closed")


@pytest.mark.parametrize("n", [0, 1, 1023, 1024, 1025, 100000])
@pytest.mark.parametrize(
    "kind", ["str", "unicode", "bytes", "memoryview", "stream", "unicode-stream", "list"]
)
def test_sizes(either, kind, n):
    whole = {
        "str": b"s" * n,
        "unicode": "é".encode() * n,
        "bytes": b"b" * n,
        "memoryview": bytes(n),
        "stream": b"s" * n,
        "unicode-stream": "é".encode() * n,
        "list": json.dumps([0] * n).encode(),
    }[kind]
    with Client(either) as client:
        assert client.get(f"/size/{kind}/{n}").body == whole
        assert client.get("/x").text == "x"
    assert httpx.get(either.url(f"/size/{kind}/{n}")).content == whole


@pytest.mark.parametrize("given,sent", [(3, 3), (0, 0)])
def test_stream_with_its_own_length(client, given, sent):
    response = client.get(f"/length/{given}/{sent}")
    assert response["content-length"] == str(given)
    assert "transfer-encoding" not in response
    assert response.body == b"x" * sent
    assert client.get("/x").text == "x"


@pytest.mark.parametrize("given,sent", [(3, 2), (1, 0)])
def test_stream_shorter_than_its_length(api, given, sent):
    with Client(api) as client:
        assert client.get(f"/length/{given}/{sent}").status == 500
        assert client.get("/x").text == "x"
    assert "less than the Content-Length" in api.wait_for_line(f"/length/{given}/{sent}:")


@pytest.mark.parametrize("given,sent", [(3000, 2000), (2999, 2998)])
def test_stream_that_turns_out_to_be_shorter(api, given, sent):
    with Client(api) as client:
        with pytest.raises(Exception, match="peer closed"):
            client.get(f"/length/{given}/{sent}")
    assert "less than the Content-Length" in api.wait_for_line(f"/length/{given}/{sent}:")


@pytest.mark.parametrize("given,sent", [(2, 3), (0, 1)])
def test_stream_longer_than_its_length(api, given, sent):
    with Client(api) as client:
        assert client.get(f"/length/{given}/{sent}").status == 500
        assert client.get("/x").text == "x"
    assert "more than the Content-Length" in api.wait_for_line(f"/length/{given}/{sent}:")


@pytest.mark.parametrize("given,sent", [(2000, 3000), (2500, 2501)])
def test_stream_that_turns_out_to_be_longer(api, given, sent):
    """What is too much does not become part of the next response."""
    with Client(api) as client:
        client.send(request(f"/length/{given}/{sent}") + request("/x"))
        assert client.receive().body == b"x" * given
        assert client.at_end()
    assert "more than the Content-Length" in api.wait_for_line(f"/length/{given}/{sent}:")


def test_fault_is_500_and_one_line(api):
    with Client(api) as client:
        console_since(api, client, "before-fault")
        assert client.get("/fault/1").status == 500
        assert client.get("/x").text == "x"
        (line,) = console_since(api, client, "after-fault")
    assert line.startswith("web: GET /fault/1: ValueError: fault 1 (")


def test_redirects(api):
    with httpx.Client(base_url=api.url()) as client:
        for n, status, location in (
            (0, 302, "/x"),
            (1, 301, "https://example.com/a?b=c#d"),
            (2, 303, "/x"),
            (3, 308, "/x"),
        ):
            response = client.get(f"/redirect/{n}")
            assert (response.status_code, response.headers["location"]) == (status, location)
            assert response.content == b""
        assert client.get("/redirect/0", follow_redirects=True).text == "x"


def test_aborts(client):
    text = "text/plain; charset=utf-8"
    for n, (status, content_type, body) in enumerate(
        (
            (404, text, b"Not Found"),
            (403, text, "no entry, Zoë".encode()),
            (400, JSON, b'{"error": "x"}'),
            (400, JSON, b'["x"]'),
            (401, text, b"Unauthorized"),
            (400, "application/xml", b"<a/>"),
            (204, None, b""),
            (503, text, b""),
            (400, None, b"\x00"),
            (429, text, b"Too Many Requests"),
        )
    ):
        response = client.get(f"/abort/{n}")
        assert (response.status, response.body) == (status, body)
        if n != 8:
            assert response.all("content-type") == [content_type] * (content_type is not None)
        if n == 4:
            assert response["www-authenticate"] == "Basic"
            assert response.all("x-a") == ["1", "2"]
        if n == 9:
            assert (response["retry-after"], response["x-a"]) == ("5", "1")


# -- routes


@pytest.mark.parametrize(
    "path,seen",
    [
        ("/users/me", {"route": "me"}),
        ("/users/%6de", {"route": "me"}),
        ("/users/7", {"route": "int", "number": 7}),
        ("/users/007", {"route": "int", "number": 7}),
        ("/users/-7", {"route": "int", "number": -7}),
        ("/users/+7", {"route": "int", "number": 7}),
        ("/users/--7", {"route": "name", "name": "--7", "params": {"name": "--7"}}),
        ("/users/7a", {"route": "name", "name": "7a", "params": {"name": "7a"}}),
        ("/users/a?b=%2F", {"route": "name", "name": "a", "params": {"name": "a"}}),
        ("/users/a%2Fb", {"route": "name", "name": "a/b", "params": {"name": "a/b"}}),
        ("/users/Zo%C3%AB", {"route": "name", "name": "Zoë", "params": {"name": "Zoë"}}),
        ("/users/a+b", {"route": "name", "name": "a+b", "params": {"name": "a+b"}}),
        ("/users/%25", {"route": "name", "name": "%", "params": {"name": "%"}}),
        ("/users/me/edit", {"route": "edit", "name": "me"}),
        ("/users/007/edit", {"route": "edit", "name": "007"}),
        ("/users/007/x", {"route": "int x", "number": 7}),
        ("/users/a/b", {"route": "path", "rest": "a/b"}),
        ("/users/a/b/", {"route": "path", "rest": "a/b/"}),
        ("/users/a%2Fb/c%20d", {"route": "path", "rest": "a/b/c d"}),
        ("/users/", {"route": "path", "rest": ""}),
        ("/users/a//b", {"route": "path", "rest": "a//b"}),
        ("/a%20b/%C3%A9/x", {"route": "encoded", "name": "x"}),
        ("/back/lit/one", {"route": "one", "a": "lit"}),
        ("/back/lit/b/two", {"route": "two", "b": "b"}),
        ("/back/lit/b/three", {"route": "three", "a": "lit", "b": "b"}),
        ("http://other/users/7", {"route": "int", "number": 7}),
        ("http://other/users/Zo%C3%AB?x=/", {"route": "name", "name": "Zoë", "params": ...}),
    ],
)
def test_route(either, path, seen):
    with Client(either) as client:
        got = json.loads(client.get(path).body)
    if seen.get("params") is ...:
        seen = {**seen, "params": {"name": seen["name"]}}
    assert got == seen


@pytest.mark.parametrize(
    "path",
    [
        "/users",
        "/only-int/",
        "/only-int/a",
        "/only-int/1.5",
        "/only-int/-",
        "/only-int/+-1",
        "/only-int/-1.5",
        "/only-int/%D9%A1",
        "/only-int/9999999999999999999999",
        "/only-int/1/2",
        "/back/lit/b/four",
        "/dots/axb",
        "/X",
        "/x/",
        "//x",
    ],
)
def test_no_route(either, path):
    with Client(either) as client:
        assert client.get(path).status == 404
        assert client.get("/x").text == "x"


def test_large_int(client):
    assert json.loads(client.get("/only-int/123456789012345678").body) == {"n": 123456789012345678}


def test_patterns(api):
    good = ["/", "/a", "/<a>", "/<int:a>", "/<path:a>", "/x/<a>/y/<int:b>/<path:c>"]
    bad = ["", "a", "<a>", "/<", "/<>", "/<a", "/a>", "/<int:>", "/<:a>", "/<float:a>", "/<a>b"]
    bad += ["/b<a>", "/<a>/<a>", "/<path:a>/b", "/<path:a>/<b>", "/<a><b>", "/<int:a:b>", "/<<a>>"]
    got = httpx.get(api.url("/patterns"), params={"p": json.dumps(good + bad)}).json()
    assert dict(zip(good + bad, got)) == {p: p in good for p in good + bad}
    assert httpx.get(api.url("/other-names")).text == "refused"


# -- the request


def test_request(client):
    response = client.get(
        "/insp%65ct/%C3%A9?x=%20&y",
        "X-A: 1",
        "x-a: 2",
        'Cookie: a=1; b="2 3"; a=4; c',
        "Cookie: d=5=",
    )
    assert json.loads(response.body) == {
        "method": "GET",
        "path": "/inspect/é",
        "query": "x=%20&y",
        "target": "/insp%65ct/%C3%A9?x=%20&y",
        "length": 0,
        "params": {"a": "é"},
        "host": "a",
        "x-a": "1, 2",
        "none": None,
        "cookies": {"a": "1", "b": "2 3", "d": "5="},
        "peer": json.loads(client.get("/inspect").body)["peer"],
    }


@pytest.mark.parametrize(
    "lines,cookies",
    [
        (["a=1, b=2; c=3"], {"a": "1, b=2", "c": "3"}),
        (["a=x, y", "b=2"], {"a": "x, y", "b": "2"}),
        (["a=1;b=2", "a=3; c=4", "d=5"], {"a": "1", "b": "2", "c": "4", "d": "5"}),
        (['a="x, y"; b="'], {"a": "x, y", "b": '"'}),
        (["a", ";", "c==;d="], {"c": "=", "d": ""}),
        ([], {}),
    ],
)
def test_cookie_values(client, lines, cookies):
    """Pairs are parted by ';' alone, also those of several lines."""
    seen = json.loads(client.get("/inspect", *["Cookie: " + line for line in lines]).body)
    assert seen["cookies"] == cookies


def test_nothing_stays_of_the_request_before(client):
    """On one connection: parameters, query, cookies, fields and body."""
    client.get("/inspect/a?x=1", "Cookie: a=1", "X-A: 1")
    client.get("/args?a=1")
    client.post("/body", b"secret")
    seen = json.loads(client.get("/inspect").body)
    assert not seen["params"]
    assert seen["query"] is None
    assert seen["cookies"] == {}
    assert seen["x-a"] is None
    assert json.loads(client.get("/args").body)["names"] == []
    assert json.loads(client.post("/body", b"").body)["body"] == ""


def test_args(client):
    seen = json.loads(client.get("/args?a=1&n=5&a=%C3%A9+x&b&c=&%26=%3D").body)
    assert seen == {
        "a": "1",
        "item": "1",
        "all": ["1", "é x"],
        "n": 5,
        "n-no-default": 5,
        "none": [],
        "missing": "KeyError",
        "items": [["&", "="], ["a", "1"], ["a", "é x"], ["b", ""], ["c", ""], ["n", "5"]],
        "names": ["&", "a", "b", "c", "n"],
        "same": True,
    }


@pytest.mark.parametrize("query", ["?n=x", "?n=", "?", ""])
def test_args_default(client, query):
    seen = json.loads(client.get("/args" + query).body)
    assert (seen["n"], seen["n-no-default"], seen["a"], seen["all"]) == (7, None, None, [])


def test_unknown_attribute(client):
    assert client.get("/unknown-attribute").text == "AttributeError no_such_thing"


def test_header_items(client):
    response = client.get("/headers", "X-B: 1", "A:", "x-b: 2")
    assert json.loads(response.body) == [["host", "a"], ["x-b", "1"], ["a", ""], ["x-b", "2"]]


# -- bodies

SOME = "půl\n".encode() * 200


@pytest.fixture(params=["length", "chunked", "one chunk", "small chunks"])
def send(request, client):
    """Send a body framed one way and another; returns the response."""

    def send(path, body, *lines):
        if request.param == "length":
            return client.post(path, body, *lines)
        size = {"chunked": 500, "one chunk": len(body) or 1, "small chunks": 3}[request.param]
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        client.send(chunked(path, *pieces, lines=lines))
        return client.receive("POST")

    send.chunked = request.param != "length"
    return send


def test_body(send):
    for body in (b"", b"x", SOME):
        seen = json.loads(send("/body", body).body)
        assert seen == {
            "length": None if send.chunked else len(body),
            "same": True,
            "body": body.decode(),
        }


@pytest.mark.parametrize("n", [0, 1, 700, 1023, 1024, 1025, 100000])
def test_body_sizes(send, n):
    assert send("/echo", b"z" * n).body == b"z" * n


def test_read(send):
    body = b"0123456789" * 300
    assert json.loads(send("/read/1000", body).body) == [body[:1000].decode()] * 3
    assert json.loads(send("/read/7", body[:20]).body) == ["0123456", "7890123", "456789"]
    assert json.loads(send("/read/5000", body).body) == [body.decode()]


def test_readinto(send):
    for n in (1, 10, 5000):
        assert send(f"/readinto/{n}", SOME).body == SOME


def test_readline(send):
    lines = ["one\n", "\n", "x" * 3000 + "\n", "\r\n", "last"]
    assert json.loads(send("/readline", "".join(lines).encode()).body) == lines
    assert json.loads(send("/readline", b"").body) == []


def test_readexactly(send):
    assert json.loads(send("/readexactly", b"abcdef").body) == ["abc", "EOFError"]


def test_mixed_reads(send):
    got = json.loads(send("/mixed", b"line\nabcdefgh").body)
    assert got == ["line\n", "ab", "cde", "fgh"]


def test_iterate(send):
    seen = json.loads(send("/iterate", SOME * 20).body)
    assert seen["total"] == len(SOME) * 20
    assert seen["longest"] <= 1024


def test_json(send):
    value = {"a": [1, 2.5, None, "Zoë \"'"], "b": {}}
    for raw in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert json.loads(send("/json", raw.encode()).body) == {"value": value}


JSON_TEXTS = {
    r'"\ud83d\ude00"': "😀",
    r'{"\uD83D\uDE00": "a\uDBFF\uDFFFb\ud800\udc00"}': {"😀": "a\U0010ffffb\U00010000"},
    r'"\ud7a3\u00e9 \\ud83d \\\ud83d\ude00 \u0000\n"': "\ud7a3é \\ud83d \\😀 \0\n",
    '\ufeff {"a": [1, "é"]}\r\n': {"a": [1, "é"]},
    '"\ufeff"': "\ufeff",
    " null ": None,
    "[]": [],
    '["]", "{", "\\"[,"]': ["]", "{", '"[,'],
}


@pytest.mark.parametrize("text", JSON_TEXTS, ids=range(len(JSON_TEXTS)))
def test_json_text(either, text):
    with Client(either) as client:
        assert json.loads(client.post("/json", text.encode()).body) == {"value": JSON_TEXTS[text]}


INVALID_JSON = [b"", b" ", b"nul", b"{'a': 1}", b"[1,]x", b"1 2", b"\xff", b'"\xff"', b"[" * 5000]
# what ends early, or late
INVALID_JSON += [
    b'{"a":1',
    b"[1,",
    b"[",
    b'{"a"',
    b'{"a":',
    b'{"a":{"b":1}',
    b"[[1]",
    b'"a',
    b"tru",
]
INVALID_JSON += [
    b"[1]]",
    b"[1]x",
    b'{"a":1}{}',
    b"1]",
    b"],[",
    b"1,2",
    b'{"a":[1}',
    b'{"a":1}\0x',
    b"-",
]
# characters that are none, and a byte order mark that is not at the start
INVALID_JSON += [
    rb'"\ud83d"',
    rb'"\ude00\ud83d"',
    rb'"\ud83d\u0041"',
    rb'"\ud83d \ude00"',
    rb'"\ud83d\\ude00"',
]
INVALID_JSON += [
    rb'"\u12"',
    rb'"\u12g4"',
    rb'"\ud83d\ude0',
    rb'"\u',
    b'"\xed\xa0\xbd"',
    b'"\xc0\x80"',
]
INVALID_JSON += [b"1,", b"1 ,\r\n", b'{"a":1},', b"[1]:", b",", b"[1],,"]
INVALID_JSON += [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf1", b"1\xef\xbb\xbf", b"\xfe\xff\x001"]


@pytest.mark.parametrize("raw", INVALID_JSON, ids=range(len(INVALID_JSON)))
def test_invalid_json(either, raw):
    with Client(either) as client:
        response = client.post("/json", raw, "Content-Type: application/json")
        assert (response.status, response.text) == (400, "invalid JSON")
        assert client.get("/x").text == "x"


def test_form(send):
    kind = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"
    seen = json.loads(send("/form", b"a=1&b=%C3%A9+x&a=2&c", kind).body)
    assert seen["items"] == [["a", "1"], ["a", "2"], ["b", "é x"], ["c", ""]]
    assert (seen["a"], seen["all"]) == ("1", ["1", "2"])


def test_form_of_httpx(api):
    seen = httpx.post(api.url("/form"), data={"a": ["1", "ž&="], "b": ""}).json()
    assert seen["items"] == [["a", "1"], ["a", "ž&="], ["b", ""]]


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/json", "text"])
def test_form_of_another_type(client, kind):
    assert client.post("/form", b"a=1", f"Content-Type: {kind}").status == 415
    assert client.get("/x").text == "x"


def test_body_limit_of_a_route(send, client):
    assert send("/small", b"x" * 10).body == b"x" * 10
    assert send("/small", b"x" * 11).status == 413


def test_body_limit_of_the_app(api):
    with Client(api) as client:
        assert client.post("/echo", b"x" * 200000).status == 200
    with Client(api) as client:
        assert client.post("/echo", b"x" * 200001).status == 413
    for path, status in (("/no", 404), ("/x", 405), ("/users/a", 405)):
        with Client(api) as client:
            assert client.post(path, b"x" * 200001).status == status
    with Client(api) as client:
        client.send(chunked("/echo", b"x" * 150000, b"x" * 50001))
        assert client.receive("POST").status == 413


def test_slow_handler_holds_the_client_back(api):
    """A client can't send what nobody takes, and can as soon as somebody does."""
    size = 24_000_000
    with Client(api) as client:
        s = client.socket
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        client.send(request("/gated-upload", "POST", f"Content-Length: {size}"), b"x" * 100)
        api.wait_for_line("first piece")
        s.setblocking(False)
        sent = 100
        while select.select([], [s], [], 0.3)[1]:
            with contextlib.suppress(BlockingIOError):
                sent += s.send(b"x" * min(65536, size - sent))
        assert sent < size / 2
        s.settimeout(30)
        assert httpx.get(api.url("/open")).text == "open"
        s.sendall(b"x" * (size - sent))
        assert client.receive("POST").text == str(size)


def test_upload_larger_than_the_heap(parser, tmp_path):
    body = bytes(range(256)) * 4096
    target = tmp_path / "file"
    with serving(parser, DEVICE / "api.py", heap="600k") as server, Client(server) as client:
        assert json.loads(client.post("/iterate", body).body)["total"] == len(body)
        assert client.post(f"/save?path={quote(str(target))}", body).text == str(len(body))
        assert target.read_bytes() == body
        client.send(chunked("/iterate", *[body[:60000]] * 17))
        assert json.loads(client.receive("POST").body)["total"] == 60000 * 17


def test_save(send, tmp_path):
    target = tmp_path / "file"
    path = f"/save?path={quote(str(target))}"
    for body in (SOME * 10, b"", SOME):  # each over the one before
        assert send(path, body).text == str(len(body))
        assert target.read_bytes() == body
        assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "sent",
    [
        request("/save?path=PATH", "POST", "Content-Length: 5000") + SOME,
        chunked("/save?path=PATH", SOME, end=b""),
        chunked("/save?path=PATH", SOME, end=b"x\r\n"),
        chunked("/save?path=PATH", SOME, end=b"ffffffff\r\n"),
    ],
    ids=["length", "chunked", "malformed", "too large"],
)
def test_save_of_an_aborted_upload(api, tmp_path, sent):
    (tmp_path / "file").write_text("before")
    path = str(tmp_path / "file").encode()
    files = api.open_files()
    for name, left in ((b"", {"file"}), (b"2", {"file"})):
        with Client(api) as client:
            client.send(sent.replace(b"PATH", path + name))
            client.socket.shutdown(socket.SHUT_WR)
            while client.more():
                pass
        assert {p.name for p in tmp_path.iterdir()} == left
    assert (tmp_path / "file").read_text() == "before"
    assert open_files_fall_to(api, files)


def test_save_of_two_at_once(api, tmp_path):
    """The first one is saved; the other is told, and neither is lost in the other."""
    path = f"/save?path={quote(str(tmp_path / 'file'))}"
    with Client(api) as one, Client(api) as two:
        one.send(request(path, "POST", "Content-Length: 6"), b"fir")
        while not (tmp_path / "file.part").exists():
            pass
        assert two.post(path, b"other").status == 409
        one.send(b"st\n")
        assert one.receive("POST").text == "6"
        assert (tmp_path / "file").read_text() == "first\n"
        assert two.post(path, b"other").text == "5"
        assert (tmp_path / "file").read_text() == "other"


def test_save_where_it_cannot(client):
    assert client.post("/save?path=/no/such/folder/file", b"x").status == 500
    assert client.get("/x").text == "x"


# -- cookies, and fields of one response only


def test_cookies(client):
    lines = client.get("/cookies").all("set-cookie")
    parts = [[part.strip() for part in line.split(";")] for line in lines]
    assert parts[0] == ["plain=1", "Path=/"]
    assert parts[1][0] == "all=v"
    assert sorted(parts[1][1:]) == [
        "Domain=example.com",
        "Expires=Wed, 09 Jun 2032 10:18:14 GMT",
        "HttpOnly",
        "Max-Age=3600",
        "Partitioned",
        "Path=/p",
        "SameSite=Strict",
        "Secure",
    ]
    assert parts[2] == ["pathless="]
    assert parts[3][0] == "gone="
    assert {"Max-Age=0", "Path=/p", "Domain=example.com"} < set(parts[3])
    assert len(parts) == 4


def test_cookies_reach_a_client_and_come_back(api):
    with httpx.Client(base_url=api.url()) as client:
        client.get("/cookies")
        assert client.get("/inspect").json()["cookies"] == {"plain": "1", "pathless": ""}


def test_fields_do_not_leak_into_other_responses(client):
    """Responses made from one dict, list values in it included."""
    for name in ("alice", "bob"):
        response = client.get(f"/shared-headers/{name}")
        assert response["x-name"] == name
        cookies = [c.split(";")[0] for c in response.all("set-cookie")]
        assert cookies == ["theme=dark", "name=" + name]
    assert not {"x-name", "x-shared", "set-cookie"} & {n for n, _ in client.get("/x").fields}


def test_cookie_beside_a_field_of_ones_own(client):
    cookies = client.get("/cookie-after-str").all("set-cookie")
    assert [c.split(";")[0] for c in cookies] == ["a=1", "b=2"]


def test_injections_are_refused(either):
    with Client(either) as client:
        console_since(either, client, "before-injections")
        for n in range(int(client.get("/inject/count").text)):
            response = client.get(f"/inject/{n}")
            assert response.status == 500, n
            assert not {"injected", "x-a", "set-cookie"} & {name for name, _ in response.fields}
            (line,) = console_since(either, client, f"after-injection-{n}")
            assert line.startswith(f"web: GET /inject/{n}: ")
            assert "ValueError" in line
        assert n > 25


@pytest.mark.parametrize("to", ["/a\r\nInjected: 1", "/a\nInjected: 1", "/a\rInjected: 1", "\0"])
def test_redirect_to_what_the_client_sent(client, to):
    response = client.get("/inject-location?to=" + quote(to))
    assert response.status == 500
    assert "location" not in response
    assert "injected" not in response
    assert client.get("/inject-location?to=/a%20b")["location"] == "/a%20b"


# -- many at once


def test_clients_get_their_own_answers(api):
    """Handlers that wait, on eight connections at once."""
    failures = []

    def run(i):
        try:
            with Client(api) as client:
                for k in range(20):
                    body = f"{i}/{k}".encode() * (k * 20 + 1)
                    assert client.post("/slow-echo" if k % 5 == 0 else "/echo", body).body == body
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
