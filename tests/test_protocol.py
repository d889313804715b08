"""HTTP/1.1 on the wire (RFC 9110 and 9112), one connection after many requests."""

import contextlib
import itertools
import json
import socket

import pytest
from conftest import DEVICE, serving
from wire import Client, chunked, request


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


def post(path, body, *lines, **options):
    return request(path, "POST", f"Content-Length: {len(body)}", *lines, **options) + body


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
    assert {"GET", "HEAD", "OPTIONS", "POST", "PUT"} < set(response["allow"].split(", "))
    assert goes_on(client)


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
    "non-ASCII target": (400, get(path="/é")),
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
    "chunked for 1.0": (400, request("/x", "POST", "Transfer-Encoding: chunked", version="1.0")),
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


@pytest.mark.parametrize("extension", [b";a", b"; a=b", b" ;a", b';a="b c"', b";" + b"x" * 200])
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


# -- responses in chunks


def test_chunked_response(client):
    response = client.get("/plain/generator")
    assert response["transfer-encoding"] == "chunked"
    assert response.chunks == [b"one ", b"two ", "thrëe".encode()]
    assert client.get("/plain/empty-pieces").chunks == [b"a", b"b"]
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
            client.received += client._more()
        assert client.received == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"12345")
        response = client.receive("POST")
        assert response.interim == [100]
        assert response.status == 200
        assert "5" in response.text


def test_100_continue_once_and_then_the_next_request(client):
    client.send(expect("/read/1"))
    while b"\r\n\r\n" not in client.received:
        client.received += client._more()
    client.send(*[bytes([b]) for b in b"12345"], request("/x"))
    assert client.receive("POST").interim == [100]
    assert client.receive().text == "x"


def test_100_continue_for_chunks(client):
    client.send(request("/echo", "POST", "Transfer-Encoding: chunked", "expect: 100-Continue"))
    while b"\r\n\r\n" not in client.received:
        client.received += client._more()
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
    [("/no", 5, 404), ("/x", 5, 405), ("/echo", 300000, 413), ("/ignore", 5, 200)],
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


def test_upgrade_is_ignored_in_http_1_0(client):
    lines = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    lines += ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",)
    client.send(request("/ws", "GET", *lines, version="1.0"))
    assert client.receive().status == 426
    assert ends(client)
