"""HTTP/1.1 on the wire (RFC 9110 and 9112), one connection after many requests."""

import contextlib
import itertools
import json
import select
import socket
import time

import pytest
from conftest import DEVICE, serving
from wire import Client, chunked, post, request


@pytest.fixture(scope="module")
def api(parser):
    with serving(parser, DEVICE / "api.py", heap="8M") as server:
        yield server


@pytest.fixture
def client(api):
    with Client(api) as client:
        yield client


def goes_on(client):
    """Whether the connection serves another request."""
    return client.get("/x").text == "x"


def ends(client):
    """Whether it does not."""
    with contextlib.suppress(OSError):
        client.send(request("/x"))
        client.socket.shutdown(socket.SHUT_WR)
    return client.at_end()


# -- persistence (RFC 9112 9.3)


def test_keep_alive_is_the_default(client):
    for _ in range(50):
        response = client.get("/x")
        assert response.text == "x"
        assert "connection" not in response


@pytest.mark.parametrize("option", ["close", "Close", "x, close", "close, keep-alive"])
def test_connection_close(client, option):
    response = client.get("/x", f"Connection: {option}")
    assert response.text == "x"
    assert response.closes
    assert ends(client)


@pytest.mark.parametrize("path", ["/x", "/plain/dict", "/generator-function", "/plain/none", "/no"])
def test_http_1_0(client, path):
    client.send(request(path, version="1.0"))
    response = client.receive()
    assert "transfer-encoding" not in response
    assert response.closes
    assert ends(client)


@pytest.mark.parametrize("path", ["/x", "/plain/dict", "/plain/none", "/plain/unicode", "/no"])
def test_http_1_0_with_keep_alive(client, path):
    for _ in range(3):
        client.send(request(path, "GET", "Connection: Keep-Alive", version="1.0"))
        assert client.receive()["connection"] == "keep-alive"
    assert goes_on(client)


def test_http_1_0_needs_no_host(client):
    client.send(b"GET /x HTTP/1.0\r\n\r\n")
    assert client.receive().text == "x"


def test_stream_for_http_1_0_ends_with_the_connection(client):
    client.send(request("/generator-function", "GET", "Connection: keep-alive", version="1.0"))
    response = client.receive()
    assert response.body == b"ab"
    assert response.closes
    assert not {"transfer-encoding", "content-length"} & {name for name, _ in response.fields}
    assert ends(client)


def test_stream_with_a_length_for_http_1_0(client):
    client.send(request("/length/3/3", "GET", "Connection: keep-alive", version="1.0"))
    assert client.receive()["connection"] == "keep-alive"
    assert goes_on(client)


def test_most_requests_of_a_connection(parser):
    with serving(parser, DEVICE / "api.py", json.dumps({"max_requests": 3})) as server:
        with Client(server) as client:
            responses = [client.get("/x") for _ in range(3)]
            assert [r.text for r in responses] == ["x", "x", "x"]
            assert [r.closes for r in responses] == [False, False, True]
            assert ends(client)


# -- pipelining

PIPELINE = [
    (request("/slow/5"), "GET", b"5"),
    (request("/x"), "GET", b"x"),
    (post("/echo", b"GET /no HTTP/1.1\r\n\r\n"), "POST", b"GET /no HTTP/1.1\r\n\r\n"),
    (request("/x", "HEAD"), "HEAD", b""),
    (chunked("/echo", b"0\r\n\r\n", b"chunks"), "POST", b"0\r\n\r\nchunks"),
    (request("/plain/none"), "GET", b""),
    (post("/ignore", b"unread"), "POST", b"ignored"),
    (request("/generator-function"), "GET", b"ab"),
    (chunked("/ignore", b"unread"), "POST", b"ignored"),
    (request("/no"), "GET", b"Not Found"),
    (request("/users/a%20b/edit"), "GET", b'{"name": "a b", "route": "edit"}'),
]
SEGMENT = b"".join(sent for sent, _, _ in PIPELINE)


def check_pipeline(client):
    for _, method, body in PIPELINE:
        got = client.receive(method).body
        if body[:1] == b"{":
            got, body = json.loads(got), json.loads(body)
        assert got == body
    assert client.received == b""


def test_pipeline_in_one_segment(client):
    for _ in range(5):
        client.send(SEGMENT)
        check_pipeline(client)


def test_pipeline_of_a_thousand(parser):
    with serving(parser, DEVICE / "api.py", json.dumps({"max_requests": 2000})) as server:
        with Client(server) as client:
            client.send(*[b"".join(request(f"/only-int/{i}") for i in range(1000))])
            for i in range(1000):
                assert json.loads(client.receive().body) == {"n": i}


def test_pipeline_byte_by_byte(client):
    client.send(*[bytes([b]) for b in SEGMENT])
    check_pipeline(client)


@pytest.mark.once
def test_pipeline_split_at_every_byte(api):
    # the rest follows a request that was answered, so that it comes apart from it
    for start in range(0, len(SEGMENT), 80):
        with Client(api) as client:
            for i in range(start, min(start + 80, len(SEGMENT))):
                client.send(SEGMENT[:i], SEGMENT[i:])
                check_pipeline(client)


def test_pipeline_ends_with_close(client):
    client.send(request("/x"), request("/x", "GET", "Connection: close"), request("/no"))
    assert not client.receive().closes
    assert client.receive().closes
    assert ends(client)


def test_pipelined_requests_of_a_client_that_half_closes(client):
    client.send(SEGMENT)
    client.socket.shutdown(socket.SHUT_WR)
    check_pipeline(client)
    assert client.at_end()


# -- methods

HEAD_PATHS = ["/", "/plain/dict", "/plain/unicode", "/size/str/1025", "/size/bytes/100000"]
HEAD_PATHS += ["/plain/headers-list", "/plain/response-generator", "/generator-function", "/no"]
HEAD_PATHS += ["/plain/none", "/plain/response-304", "/cookies", "/length/3/3", "/fault/2"]
HEAD_PATHS += ["/async-generator-function", "/abort/4", "/redirect/0", "/only-post"]


@pytest.mark.parametrize(
    "name", ["no Host", "unknown coding", "HTTP/2.0", "long target", "long field"]
)
def test_refusal_of_head_has_no_content(api, name):
    """(RFC 9110 9.3.2), but for a method that is not known for sure."""
    status, sent = REFUSED[name]
    sent = b"HEAD" + sent[sent.index(b" ") :]
    for before in (b"", b"\r\n"):
        with Client(api) as client:
            client.send(before + sent)
            head = client.receive("HEAD")
            assert (head.status, head.closes) == (status, True)
            assert int(head["content-length"]) > 0
            assert ends(client)
    with Client(api) as client:
        client.send(b"HEAD\t/x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.receive().text == "Bad Request"


@pytest.mark.parametrize("path", HEAD_PATHS)
def test_head_is_get_without_the_body(client, path):
    get = client.get(path)
    head = client.get(path, method="HEAD")
    assert head.body == b""
    assert (head.status, sorted(head.fields)) == (get.status, sorted(get.fields))
    assert goes_on(client)


@pytest.mark.parametrize("path", ["/raw", "/raw-split"])
def test_head_of_a_raw_handler(api, path):
    with Client(api) as client:
        get = client.get(path)
    with Client(api) as client:
        head = client.get(path, method="HEAD")
        assert ends(client)
    assert get.body
    assert (head.status, head.fields, head.body) == (get.status, get.fields, b"")
    assert head["content-length"] == "4"


def test_methods(client):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert client.get("/method", method=method).text == method.lower()


def test_options(client):
    for path, allow in (
        ("/method", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("/only-post", "OPTIONS, POST"),
        ("/users/1", "GET, HEAD, OPTIONS"),
        ("/raw", "GET, HEAD, OPTIONS, POST"),
    ):
        response = client.get(path, method="OPTIONS")
        assert (response.status, response["allow"]) == (204, allow)
    assert client.get("/no", method="OPTIONS").status == 404


def test_options_of_the_server(client):
    response = client.get("*", method="OPTIONS")
    assert response.status == 204
    assert response["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert goes_on(client)


def test_options_of_a_server_with_fewer_methods(app):
    with Client(app) as client:
        assert client.get("*", method="OPTIONS")["allow"] == "GET, HEAD, OPTIONS, POST"


def test_method_that_is_not_allowed(client):
    for method, path, allow in (
        ("DELETE", "/x", "GET, HEAD, OPTIONS"),
        ("TRACE", "/x", "GET, HEAD, OPTIONS"),
        ("GET", "/only-post", "OPTIONS, POST"),
        ("HEAD", "/only-post", "OPTIONS, POST"),
        ("POST", "/users/1", "GET, HEAD, OPTIONS"),
    ):
        response = client.get(path, method=method)
        assert (response.status, response["allow"]) == (405, allow)
    assert client.post("/x", b"unread").status == 405
    assert goes_on(client)


def test_method_that_nobody_knows(client):
    for method in ("BREW", "get", "GETS", "X-#!"):
        assert client.get("/x", method=method).status == 501
        assert client.get("/no", method=method).status == 501
    assert goes_on(client)


# -- what is refused: the connection can't go on


def get(*lines, path="/x"):
    return request(path, "GET", *lines)


REFUSED = {
    "bare CR in a field": (400, get("X: a\rb")),
    "bare CR in the request line": (400, b"GET /x\r HTTP/1.1\r\nHost: a\r\n\r\n"),
    "bare LF": (400, b"GET /x HTTP/1.1\nHost: a\n\n"),
    "one bare LF": (400, b"GET /x HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"),
    "whitespace before the first field": (400, b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
    "HTTP/1": (400, request("/x", version="1")),
    "HTTP/1.10": (400, request("/x", version="1.10")),
    "HTTP/01.1": (400, request("/x", version="01.1")),
    "http/1.1": (400, b"GET /x http/1.1\r\nHost: a\r\n\r\n"),
    "HTTP/2.0": (505, request("/x", version="2.0")),
    "HTTP/0.9": (505, request("/x", version="0.9")),
    "no version": (400, b"GET /x\r\n"),
    "two spaces": (400, b"GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "space at the end": (400, b"GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"),
    "tab": (400, b"GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no token": (400, b"G@T /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "space in the target": (400, get(path="/a b")),
    "control in the target": (400, get(path="/a\x01")),
    "target in ISO-8859-1": (400, b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "query in ISO-8859-1": (400, b"GET /x?\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "UTF-8 in Host": (400, b"GET /x HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n"),
    "fragment": (400, get(path="/x#y")),
    "bad percent-encoding": (400, get(path="/%4")),
    "relative target": (400, get(path="x")),
    "asterisk for GET": (400, get(path="*")),
    "authority for GET": (400, get(path="a:80")),
    "long target": (414, get(path="/" + "a" * 2000)),
    "long field": (431, get("X: " + "y" * 5000)),
    "many fields": (431, get(*(f"X{i}: 1" for i in range(60)))),
    "no Host": (400, b"GET /x HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, get("Host: a")),
    "space in Host": (400, b"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "slash in Host": (400, b"GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "no colon": (400, get("X")),
    "empty name": (400, get(": 1")),
    "space before the colon": (400, get("X : 1")),
    "no token as name": (400, get("X@: 1")),
    "NUL in a value": (400, get("X: a\0b")),
    "control in a value": (400, get("X: a\x01b")),
    "obs-fold": (400, get("X: a", " b")),
    "Content-Length +5": (400, get("Content-Length: +5")),
    "Content-Length -5": (400, get("Content-Length: -5")),
    "Content-Length 5x": (400, get("Content-Length: 5x")),
    "Content-Length 0x5": (400, get("Content-Length: 0x5")),
    "empty Content-Length": (400, get("Content-Length:")),
    "Content-Lengths": (400, get("Content-Length: 5", "Content-Length: 6")),
    "list of Content-Lengths": (400, get("Content-Length: 5, 6")),
    "large Content-Length": (413, get("Content-Length: 9999999999999999999999")),
    "Content-Length 2**64+1": (413, get("Content-Length: 18446744073709551617")),
    "both framings": (400, get("Content-Length: 5", "Transfer-Encoding: chunked")),
    "both, the other way": (400, get("Transfer-Encoding: chunked", "Content-Length: 5")),
    "unknown coding": (501, get("Transfer-Encoding: gzip, chunked")),
    "coding without chunked": (400, get("Transfer-Encoding: chunked, identity")),
    "chunked twice": (400, get("Transfer-Encoding: chunked, chunked")),
    "chunked twice in two lines": (400, get(*["Transfer-Encoding: chunked"] * 2)),
    "both framings for 1.0": (
        400,
        request("/x", "POST", "Content-Length: 5", "Transfer-Encoding: chunked", version="1.0"),
    ),
    "port without a host": (400, b"GET /x HTTP/1.1\r\nHost: :80\r\n\r\n"),
    "no IP-literal": (400, b"GET /x HTTP/1.1\r\nHost: [:v:]\r\n\r\n"),
    "unknown expectation": (417, get("Expect: more")),
}


@pytest.mark.parametrize("first", [False, True], ids=["second", "first"])
@pytest.mark.parametrize("name", REFUSED)
def test_refusal(api, name, first):
    """What follows it is no request, be it one by its looks."""
    status, sent = REFUSED[name]
    for parts in ([sent + request("/x")], [bytes([b]) for b in sent[:1100]] + [sent[1100:]]):
        with Client(api) as client:
            if not first:
                assert goes_on(client)
            with contextlib.suppress(OSError):
                client.send(*parts)
            response = client.receive()
            assert response.status == status
            assert response.closes
            assert ends(client)


ACCEPTED = {
    "empty lines before": b"\r\n\r\n" + get(),
    "HTTP/1.2": request("/x", version="1.2"),
    "absolute-form": b"GET http://other:80/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute-form of https": b"GET HTTPS://other/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
    "Host with port": b"GET /x HTTP/1.1\r\nhost: a.b-c:8080\r\n\r\n",
    "IPv6 Host": b"GET /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "obs-text": b"GET /x HTTP/1.1\r\nHost: a\r\nX: \xe9\xff\r\n\r\n",
    "tab in a value": get("X: a\tb"),
    "empty value": get("X:"),
    "Content-Length 0": get("Content-Length: 0"),
    "zeros before": get("Content-Length: 000"),
    "unknown fields": get("X-Forwarded-For: 1", "DNT: 1", "Upgrade-Insecure-Requests: 1"),
    "Upgrade to another": get("Upgrade: h2c", "Connection: Upgrade"),
    "UTF-8 in the target": get(path="/x?é=ü"),
    "chunked": chunked("/ignore", b"x"),
    "Chunked": request("/ignore", "POST", "Transfer-Encoding: Chunked") + b"0\r\n\r\n",
    "GET with a body": get("Content-Length: 3") + b"abc",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(client, name):
    sent = ACCEPTED[name]
    client.send(sent + request("/plain/dict"))
    assert client.receive().status == 200
    assert client.receive()["content-type"] == "application/json"
    client.send(*[bytes([b]) for b in sent])
    assert client.receive().status == 200
    assert goes_on(client)


def test_field_values(client):
    lines = ("X-A:1", "X-A:  2\t ", "x-a:", "X-B: \tx y ")
    assert json.loads(client.get("/headers", *lines).body) == [
        ["host", "a"],
        ["x-a", "1"],
        ["x-a", "2"],
        ["x-a", ""],
        ["x-b", "x y"],
    ]


def test_value_beyond_ascii(client):
    """It is the handler's to read, be it UTF-8 or not."""
    assert json.loads(client.get("/headers", "X: Zoë").body)[1] == ["x", "Zoë"]
    client.send(b"GET /headers HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n")
    response = client.receive()
    assert response.status == 200
    assert json.loads(response.body)[1][0] == "x"
    assert goes_on(client)


def test_utf8_in_a_target(client):
    """As it was typed it is what it is percent-encoded."""
    seen = json.loads(client.get("/inspect/é😀?q=ü%20&é").body)
    assert seen["path"] == "/inspect/é😀"
    assert seen["params"] == {"a": "é😀"}
    assert seen["query"] == "q=ü%20&é"
    assert seen["target"] == "/inspect/é😀?q=ü%20&é"
    seen = json.loads(client.get("/inspect/é%2F😀?").body)
    assert (seen["path"], seen["params"]) == ("/inspect/é/😀", {"a": "é/😀"})
    assert json.loads(client.get("/args?a=ü&a=%C3%BC+").body)["all"] == ["ü", "ü "]


@pytest.mark.parametrize(
    "target", [b"/\xe9", b"/x?q=\xff", b"/\xc3?\xa9", b"/\xc3%A9", b"/\xed\xa0\x80"]
)
def test_target_that_is_not_utf8(api, target):
    with Client(api) as client:
        client.send(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        response = client.receive()
        assert (response.status, response.text) == (400, "Bad Request: the target is not UTF-8")
        assert ends(client)


def test_authority_of_the_absolute_form_is_the_host(client):
    """(RFC 9112 3.2.2)"""
    for sent, lines in (("GET http://b.example:81/inspect HTTP/1.1", "Host: a\r\nX-A: 1\r\n"),) * 2:
        client.send("{}\r\n{}\r\n".format(sent, lines).encode())
        seen = json.loads(client.receive().body)
        assert (seen["host"], seen["x-a"]) == ("b.example:81", "1")
    client.send(b"GET http://b/headers HTTP/1.1\r\nX-A: 1\r\nhost: a\r\nX-B: 2\r\n\r\n")
    assert json.loads(client.receive().body) == [["host", "b"], ["x-a", "1"], ["x-b", "2"]]
    client.send(b"GET http://[::1]?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert client.receive().text == "index"
    client.send(b"GET http://b:/headers HTTP/1.0\r\n\r\n")
    assert json.loads(client.receive().body) == [["host", "b:"]]
    assert ends(client)


def test_percent_in_the_query_of_an_absolute_form_without_a_path(client):
    client.send(b"GET http://b?x=%20 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.receive().text == "index"
    client.send(b"GET http://b/users/a%2Fb?x=%20/c HTTP/1.1\r\nHost: a\r\n\r\n")
    assert json.loads(client.receive().body)["name"] == "a/b"


def test_authority_form_is_for_connect(client):
    assert client.get("a:80", method="CONNECT").status in (404, 405, 501)
    assert goes_on(client)


def test_no_body_without_framing(client):
    client.send(request("/echo", "POST") + request("/x"))
    assert client.receive("POST").body == b""
    assert client.receive().text == "x"


@pytest.mark.parametrize(
    "sent",
    [post("/seen", b"12345")[:-1], chunked("/seen", b"12345", end=b"")],
    ids=["length", "chunked"],
)
def test_incomplete_body(api, sent):
    """The handler does not take it for a whole one, and nothing is answered."""
    before = api.console.count("seen whole")
    begun = api.console.count("seen begins")
    with Client(api) as client:
        client.send(sent)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.at_end()
    with api.changed:
        assert api.changed.wait_for(lambda: api.console.count("seen begins") > begun, 10)
    with Client(api) as client:
        assert client.post("/seen", b"whole").text == "seen"
    with api.changed:
        assert api.changed.wait_for(lambda: api.console.count("seen whole") > before, 10)
    assert api.console.count("seen whole") == before + 1
    assert not [line for line in api.console if "web: POST /seen" in line]


def test_incomplete_head(api):
    for sent in (b"GET /x HTTP/1.1\r\nHost: a\r\n", b"GET", b"\r\n"):
        with Client(api) as client:
            client.send(sent)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.at_end()


# -- chunked request bodies (RFC 9112 7.1)


def test_chunks_split_at_every_byte(client):
    sent = chunked("/echo", b"one\r\n", b"two" * 6, extension=b';a="b"', end=b"0\r\nX: y\r\n\r\n")
    for i in range(1, len(sent)):
        client.send(sent[:i], sent[i:] + request("/x"))
        assert client.receive("POST").body == b"one\r\n" + b"two" * 6
        assert client.receive().text == "x"
    client.send(*[bytes([b]) for b in sent])
    assert client.receive("POST").body == b"one\r\n" + b"two" * 6


EXTENSIONS = [b";a", b"; a=b", b" ;a", b';a="b c"', b";" + b"x" * 200, b"\t ; \ta \t= b;c;d=e"]
EXTENSIONS += [b';a=""', b';a="\\"\t;\\\\" ;b', b';a="\xe9\\\xff"', b";!#$%&'*+-.^_`|~=1"]


@pytest.mark.parametrize("extension", EXTENSIONS, ids=range(len(EXTENSIONS)))
def test_chunk_extensions_are_ignored(client, extension):
    client.send(chunked("/echo", b"one", b"two", extension=extension))
    assert client.receive("POST").body == b"onetwo"
    assert goes_on(client)


def test_chunk_sizes_may_have_zeros_and_letters_of_any_case(client):
    head = request("/echo", "POST", "Transfer-Encoding: chunked")
    client.send(head + b"00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n")
    assert client.receive("POST").body == b"0123456789" * 2
    assert goes_on(client)


def test_trailers_are_dropped(client):
    lines = b"0\r\nX-A: evil\r\nContent-Length: 7\r\nHost: b\r\n\r\n"
    client.send(chunked("/headers", b"x", method="GET", end=lines) + request("/x"))
    names = [name for name, _ in json.loads(client.receive().body)]
    assert names == ["host", "transfer-encoding"]
    assert client.receive().text == "x"


BAD_CHUNKS = [
    (400, b"x\r\n\r\n"),
    (400, b"\r\n\r\n"),
    (400, b"0x3\r\nabc\r\n0\r\n\r\n"),
    (400, b"-3\r\nabc\r\n0\r\n\r\n"),
    (400, b"+3\r\nabc\r\n0\r\n\r\n"),
    (400, b" 3\r\nabc\r\n0\r\n\r\n"),
    (400, b"3 \r\nabc\r\n0\r\n\r\n"),
    (400, b"3\nabc\r\n0\r\n\r\n"),
    (400, b"3\r\nabc\n0\r\n\r\n"),
    (400, b"3\r\nabcd\r\n0\r\n\r\n"),
    (400, b"3\r\nabc0\r\n\r\n"),
    (400, b"3\r\rabc\r\n0\r\n\r\n"),
    (400, b"3;a\x00b\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;a\rb\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;" + b"x" * 300 + b"\r\nabc\r\n0\r\n\r\n"),
    (400, b"3" + b"0" * 300),
    (400, b"3\x0b;x\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x\x0b\r\nabc\r\n0\r\n\r\n"),
    (400, b"3\x0c\r\nabc\r\n0\r\n\r\n"),
    (400, b"\x0b3\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;\r\nabc\r\n0\r\n\r\n"),
    (400, b"3; ;x\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x;\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x \r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x y\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x=\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;=y\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x=y=z\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x=\xc3\xa9\r\nabc\r\n0\r\n\r\n"),
    (400, b"3;x/y\r\nabc\r\n0\r\n\r\n"),
    (400, b'3;"x"\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="y\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="y\\"\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="y\\\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="y"z\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="\x7f"\r\nabc\r\n0\r\n\r\n'),
    (400, b'3;x="\\\x01"\r\nabc\r\n0\r\n\r\n'),
    (400, b";x\r\nabc\r\n0\r\n\r\n"),
    (400, b"3,x\r\nabc\r\n0\r\n\r\n"),
    (400, b"0\r\nX\r\n\r\n"),
    (400, b"0\r\n: x\r\n\r\n"),
    (400, b"0\r\nX : y\r\n\r\n"),
    (400, b"0\r\nX: y\x00\r\n\r\n"),
    (400, b"0\r\nX: y\n\r\n"),
    (400, b"0\r\nX: a\r\n b\r\n\r\n"),
    (431, b"0\r\n" + b"X: y\r\n" * 300 + b"\r\n"),
    (413, b"ffffffff\r\nabc"),
    (413, b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
]


@pytest.mark.parametrize("path", ["/echo", "/raw"])
@pytest.mark.parametrize("status,body", BAD_CHUNKS, ids=range(len(BAD_CHUNKS)))
def test_malformed_chunks(api, path, status, body):
    sent = request(path, "POST", "Transfer-Encoding: chunked") + body
    for parts in ([sent + request("/x")], [bytes([b]) for b in sent]):
        with Client(api) as client:
            with contextlib.suppress(OSError):
                client.send(*parts)
            response = client.receive("POST")
            assert response.status == status
            assert response.closes
            assert ends(client)


@pytest.mark.parametrize(
    "sent",
    [
        request("/body", "POST", "Content-Length: 999999"),
        request("/body", "POST", "Transfer-Encoding: chunked") + b"ffffff\r\n",
        request("/body", "POST", "Transfer-Encoding: chunked") + b"x\r\n",
        request("/ignore", "POST", "Transfer-Encoding: chunked") + b"x\r\n",
    ],
    ids=["too long", "too long in chunks", "malformed", "malformed and not read"],
)
def test_client_that_still_sends_reads_its_refusal(api, sent):
    """What it sends behind the response meets no reset, which would overtake it
    (RFC 9112 9.6), as long as it goes on."""
    for _ in range(20):
        with Client(api) as client:
            client.send(sent)
            client.receive("POST")
            since = time.monotonic()
            ended = select.select([client.socket], [], [], 0.1)[0]
            if time.monotonic() - since > 0.2:
                continue  # the machine was too busy to tell
            assert not ended
            client.send(b"x" * 1000)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.socket.recv(1) == b""
            return
    raise AssertionError("the machine is too busy")


def test_handler_that_reads_on_after_a_malformed_chunk(client):
    """It gets the error again, and no end of the body."""
    client.send(request("/stubborn", "POST", "Transfer-Encoding: chunked") + b"1\r\na\r\nx\r\n")
    assert json.loads(client.receive("POST").body) == ["a", 400, 400, 400, True]
    assert ends(client)


# -- chunked bodies in HTTP/1.0 (RFC 9112 6.1)


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("path,body", [("/echo", b"onetwo"), ("/ignore", b"ignored")])
def test_chunked_body_in_http_1_0(api, path, body, connection):
    """It is read, and the connection ends after it."""
    lines = ("Transfer-Encoding: chunked", f"Connection: {connection}")
    sent = request(path, "POST", *lines, version="1.0") + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    for parts in ([sent + request("/x")], [bytes([b]) for b in sent]):
        with Client(api) as client:
            client.send(*parts)
            response = client.receive("POST")
            assert (response.body, response.closes) == (body, True)
            assert ends(client)


def test_malformed_chunks_that_nobody_read(api):
    """The answer comes; what follows is not taken for a request."""
    with Client(api) as client:
        client.send(request("/ignore", "POST", "Transfer-Encoding: chunked") + b"x\r\n\r\n")
        assert client.receive("POST").text == "ignored"
        assert ends(client)


@pytest.mark.parametrize("size", [1, 3, 100, 5000])
def test_chunks_for_raw_handlers(api, size):
    body = b"".join(b"%d\n" % i for i in range(1000))
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    for path, expected in (
        ("/raw", b"raw:" + body),
        ("/raw-echo", body),
        ("/raw-lines", b"".join(b"[%d]" % i for i in range(1000))),
    ):
        with Client(api) as client:
            client.send(chunked(path, *chunks))
            assert client.receive("POST").body == expected
            assert ends(client)


# -- responses in chunks, without content, and what they say of the connection


@pytest.mark.parametrize("kind", ["str", "none", "generator", "dict", "iterator"])
def test_205_has_no_content(client, kind):
    """(RFC 9110 15.3.6)"""
    for method in ("GET", "HEAD"):
        response = client.get(f"/reset/{kind}", method=method)
        assert (response.status, response.reason, response.body) == (205, "Reset Content", b"")
        assert response["content-length"] == "0"
        assert "content-type" not in response
        assert "transfer-encoding" not in response
    assert goes_on(client)


@pytest.mark.parametrize(
    "given,lines,version,got",
    [
        ("close", (), "1.1", ["close"]),
        ("Close, x-y", (), "1.1", ["close, x-y"]),
        ("keep-alive", ("Connection: close",), "1.1", ["close"]),
        ("keep-alive, close", (), "1.1", ["close"]),
        ("x-y,Keep-Alive,,close", ("Connection: close",), "1.1", ["close, x-y"]),
        ("close", ("Connection: keep-alive",), "1.0", ["close"]),
        ("keep-alive", ("Connection: keep-alive",), "1.0", ["keep-alive"]),
        ("x-closed", (), "1.1", ["x-closed"]),
        ("x-closed", ("Connection: keep-alive",), "1.0", ["keep-alive, x-closed"]),
        ("", (), "1.1", []),
    ],
)
def test_connection_field_of_a_handler(client, given, lines, version, got):
    client.send(request("/connection?" + given.replace(" ", "+"), "GET", *lines, version=version))
    response = client.receive()
    assert response.all("connection") == got
    assert (ends if "close" in got[:1] or "close, x-y" in got else goes_on)(client)


def test_chunked_response(client):
    response = client.get("/plain/generator")
    assert response["transfer-encoding"] == "chunked"
    assert response.chunks == ["one two thrëe".encode()]
    response = client.get("/plain/async-generator")
    assert response.chunks == [b"one ", b"two ", "thrëe".encode()]
    assert client.get("/plain/empty-pieces").chunks == [b"ab"]
    assert goes_on(client)


def test_large_chunks(client):
    response = client.get("/size/unicode-stream/100000")
    assert response.chunks == ["é".encode() * 100000]
    assert goes_on(client)


# -- Expect: 100-continue (RFC 9110 10.1.1)

EXPECT = "Expect: 100-continue"


def expect(path, *lines, length=5, **options):
    return request(path, "POST", f"Content-Length: {length}", EXPECT, *lines, **options)


@pytest.mark.parametrize("path", ["/echo", "/slow-echo", "/read/2", "/json", "/raw-echo"])
def test_100_continue_when_the_body_is_read(api, path):
    with Client(api) as client:
        client.send(expect(path))
        while not client.received.endswith(b"\r\n\r\n"):
            assert client.more()
        assert client.received == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"12345")
        response = client.receive("POST")
        assert response.interim == [100]
        assert response.status == 200
        assert "5" in response.text


def test_100_continue_once_and_then_the_next_request(client):
    client.send(expect("/read/1"))
    while b"\r\n\r\n" not in client.received:
        assert client.more()
    client.send(*[bytes([b]) for b in b"12345"], request("/x"))
    assert client.receive("POST").interim == [100]
    assert client.receive().text == "x"


def test_100_continue_for_chunks(client):
    client.send(request("/echo", "POST", "Transfer-Encoding: chunked", "expect: 100-Continue"))
    while b"\r\n\r\n" not in client.received:
        assert client.more()
    client.send(b"3\r\nabc\r\n0\r\n\r\n")
    response = client.receive("POST")
    assert (response.interim, response.body) == ([100], b"abc")
    assert goes_on(client)


def test_client_that_does_not_wait_for_100(client):
    client.send(expect("/echo") + b"12345" + request("/x"))
    response = client.receive("POST")
    assert response.body == b"12345"
    assert client.receive().text == "x"


@pytest.mark.parametrize(
    "path,length,status",
    [
        ("/no", 5, 404),
        ("/x", 5, 405),
        ("/no", 300000, 404),
        ("/x", 300000, 405),
        ("/echo", 300000, 413),
        ("/ignore", 5, 200),
    ],
)
def test_no_100_continue_when_the_body_is_not_read(client, path, length, status):
    """The client need not send it, so that nobody knows what would follow."""
    client.send(expect(path, length=length))
    response = client.receive("POST")
    assert (response.status, response.interim) == (status, [])
    assert response.closes
    assert ends(client)


def test_no_100_continue_without_a_body(client):
    client.send(expect("/echo", length=0) + request("/x", "GET", EXPECT))
    for method in ("POST", "GET"):
        response = client.receive(method)
        assert (response.status, response.interim) == (200, [])
    assert goes_on(client)


def test_no_100_continue_for_http_1_0(client):
    client.send(expect("/echo", version="1.0"))
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.receive("POST")
    client.send(b"12345")
    client.socket.settimeout(10)
    response = client.receive("POST")
    assert (response.interim, response.body) == ([], b"12345")


# -- bodies that nobody read


@pytest.mark.parametrize("path", ["/ignore", "/ignore-late", "/no", "/x", "/part"])
@pytest.mark.parametrize("size", [3, 5000, 49000])
def test_unread_body_is_dropped(client, path, size):
    for sent in (
        post(path, b"G" * size),
        chunked(path, b"G" * size),
        chunked(path, *[b"G" * 3] * 9),
    ):
        client.send(sent + request("/plain/dict"))
        assert not client.receive("POST").closes
        assert client.receive()["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/ignore", "/ignore-late", "/no", "/part"])
def test_large_unread_body_ends_the_connection(client, path):
    client.send(post(path, b"G" * 60000))
    response = client.receive("POST")
    assert response.status in (200, 404)
    assert response.closes
    assert ends(client)


def test_large_unread_chunks_end_the_connection(client):
    client.send(chunked("/ignore", *[b"G" * 10000] * 8))
    assert client.receive("POST").text == "ignored"
    assert ends(client)


# -- refused, and on with the next request


@pytest.mark.parametrize(
    "sent,method,status",
    [
        (request("/no"), "GET", 404),
        (request("/no", "HEAD"), "HEAD", 404),
        (post("/no", b"body"), "POST", 404),
        (chunked("/no", b"body"), "POST", 404),
        (request("/x", "DELETE"), "DELETE", 405),
        (request("/x", "BREW"), "BREW", 501),
        (request("/fault/3"), "GET", 500),
        (request("/abort/1"), "GET", 403),
        (post("/json", b"nul"), "POST", 400),
        (post("/form", b"a=1", "Content-Type: text/plain"), "POST", 415),
    ],
)
def test_refusal_that_leaves_the_connection(client, sent, method, status):
    for _ in range(2):
        client.send(sent + request("/x"))
        response = client.receive(method)
        assert response.status == status
        assert not response.closes
        assert client.receive().text == "x"


def test_every_kind_of_request_after_every_other(api):
    """Nothing of one shows in the next."""
    with Client(api) as client:
        for (one, *first), (two, *second) in itertools.product(PIPELINE, PIPELINE):
            client.send(one + two)
            for method, body in (first, second):
                got = client.receive(method).body
                assert got == body or json.loads(got) == json.loads(body)


# -- Upgrade (RFC 9110 7.8)


HANDSHAKE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
HANDSHAKE += ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",)


@pytest.mark.parametrize(
    "line,body",
    [
        ("Content-Length: 6", b"\x81\x80abcd"),
        ("Transfer-Encoding: chunked", b"6\r\n\x81\x80abcd\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"0\r\n\r\n"),
    ],
)
def test_websocket_handshake_with_a_body(client, line, body):
    """Its bytes are no frames."""
    client.send(request("/ws", "GET", *HANDSHAKE, line) + body)
    assert client.receive().status == 400
    assert ends(client)


def test_100_before_101(client):
    """(RFC 9110 7.8)"""
    client.send(request("/ws", "GET", *HANDSHAKE, EXPECT))
    while client.received.count(b"\r\n\r\n") < 2:
        assert client.more()
    first, second = client.received.split(b"\r\n\r\n")[:2]
    assert first == b"HTTP/1.1 100 Continue"
    assert second.startswith(b"HTTP/1.1 101 ")


def test_upgrade_is_ignored_in_http_1_0(client):
    client.send(request("/ws", "GET", *HANDSHAKE, version="1.0"))
    assert client.receive().status == 426
    assert ends(client)
