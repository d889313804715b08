"""Pages of other origins, as browsers are told of them (Fetch standard), and one that tries."""

import pytest
from conftest import DEVICE, serving
from wire import Client, handshake, request

PAGE = "https://page.example"
ORIGIN = "Origin: " + PAGE
ALLOWED = "access-control-allow-origin"


@pytest.fixture(scope="module")
def cors(parser):
    with serving(parser, DEVICE / "origins.py", "cors") as server:
        yield server


@pytest.fixture
def client(cors):
    with Client(cors) as client:
        yield client


def preflight(client, path="/", method="PUT", origin=PAGE, *lines):
    lines = [f"Origin: {origin}", f"Access-Control-Request-Method: {method}", *lines]
    return client.get(path, *lines, method="OPTIONS")


def varying(response):
    return [name.strip().lower() for v in response.all("vary") for name in v.split(",")]


# -- preflights


@pytest.mark.parametrize("path", ["/", "/events", "/raw", "/refused", "/inner/x", "/nowhere"])
def test_preflight(client, path):
    response = preflight(client, path)
    assert response.status == 204
    assert response[ALLOWED] == PAGE
    assert response["access-control-allow-methods"] == "PUT"
    assert response["access-control-allow-headers"] == "Content-Type, X-Token"
    assert response["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in response
    assert "origin" in varying(response)


def test_preflight_comes_before_other_hooks(cors, client):
    lines = len(cors.console)
    preflight(client, "/inner/x")
    assert client.get("/").text == "GET"
    cors.wait_for_line("hook GET /")
    assert cors.console[lines:] == ["hook GET /"]


@pytest.mark.parametrize(
    "origin",
    ["https://page.example.evil", "http://page.example", "null", "*", "", "HTTPS://PAGE.EXAMPLE",
     PAGE + "/", PAGE + ":443", "page.example", "https://evil, " + PAGE, "\xff"],
)  # fmt: skip
def test_origin_that_is_not_listed(client, origin):
    client.send(
        f"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n"
        "Access-Control-Request-Method: PUT\r\n\r\n".encode("latin-1")
    )
    response = client.receive("OPTIONS")
    assert ALLOWED not in response
    assert client.get("/").status == 200
    client.send(f"GET / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n\r\n".encode("latin-1"))
    response = client.receive()
    assert (response.status, response.text) == (200, "GET")
    assert ALLOWED not in response and "origin" in varying(response)


@pytest.mark.parametrize("method", ["GET, PUT", "*", "\xfc", "a:b", ""])
def test_preflight_for_what_is_no_method(client, method):
    line = f"Access-Control-Request-Method: {method}\r\n".encode("latin-1")
    client.send(request("/", "OPTIONS", ORIGIN)[:-2] + line + b"\r\n")
    response = client.receive("OPTIONS")
    assert response.status == (403 if method else 204)
    assert "access-control-allow-methods" not in response


def test_options_that_is_no_preflight(client):
    response = client.get("/", method="OPTIONS")
    assert (response.status, response["allow"]) == (
        204,
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    )
    assert ALLOWED not in response
    response = client.get("/", ORIGIN, method="OPTIONS")
    assert "allow" in response and response[ALLOWED] == PAGE


# -- responses


@pytest.mark.parametrize(
    "path,status",
    [("/", 200), ("/nowhere", 404), ("/inner/x", 405), ("/fault", 500), ("/refused", 401),
     ("/pieces", 200), ("/cookie", 200)],
)  # fmt: skip
def test_response(client, path, status):
    for method in ("GET", "HEAD"):
        response = client.get(path, ORIGIN, method=method)
        assert (response.status, response[ALLOWED]) == (status, PAGE)
        assert varying(response) == ["origin"]
        response = client.get(path, method=method)
        assert response.status == status
        assert ALLOWED not in response
        assert varying(response) == ["origin"]  # for caches


def test_response_to_a_large_body(client):
    client.send(request("/", "POST", ORIGIN, "Content-Length: 5000") + b"x" * 5000)
    response = client.receive("POST")
    assert (response.status, response[ALLOWED]) == (413, PAGE)


def test_vary_of_the_handler_stays(client):
    for _ in range(2):
        assert varying(client.get("/vary", ORIGIN)) == ["accept", "cookie", "origin"]
    assert "*" in varying(client.get("/star", ORIGIN))


def test_response_that_is_returned_again(client):
    for lines in ([ORIGIN], [], [ORIGIN], ["Origin: http://evil"]):
        response = client.get("/shared", *lines)
        assert varying(response) == ["accept", "origin"]
        assert (ALLOWED in response) == (lines == [ORIGIN])


@pytest.mark.parametrize("path", ["/events", "/raw"])
def test_streams(cors, path):
    for lines, allowed in (([ORIGIN], PAGE), (["Origin: http://evil"], None), ([], None)):
        with Client(cors) as client:
            client.send(request(path, "GET", *lines))
            response = client.receive()
            assert response.status == 200
            assert (response[ALLOWED] if ALLOWED in response else None) == allowed
            assert varying(response) == ["origin"]


def test_every_origin(parser):
    with serving(parser, DEVICE / "origins.py", "every") as server, Client(server) as client:
        response = preflight(client, origin="null")
        assert (response.status, response[ALLOWED]) == (204, "*")
        assert "access-control-allow-headers" not in response
        assert "access-control-max-age" not in response
        for path, status in (("/", 200), ("/nowhere", 404)):
            response = client.get(path, ORIGIN)
            assert (response.status, response[ALLOWED]) == (status, "*")
            assert "vary" not in response
        client.send(request("/events", "GET", ORIGIN))
        assert client.receive()[ALLOWED] == "*"


def test_credentials(parser):
    with (
        serving(parser, DEVICE / "origins.py", "cookies", PAGE) as server,
        Client(server) as client,
    ):
        for response in (preflight(client), client.get("/", ORIGIN)):
            assert response[ALLOWED] == PAGE
            assert response["access-control-allow-credentials"] == "true"
        response = client.get("/", "Origin: http://evil")
        assert "access-control-allow-credentials" not in response


@pytest.mark.parametrize("what", ["str", "headers", "credentials", "name", "hosts", "origins"])
def test_what_is_refused(client, what):
    kind = "ValueError" if what in ("credentials", "name") else "TypeError"
    assert client.get("/wrong?what=" + what).text == kind


# -- what is refused of other origins


@pytest.fixture(scope="module")
def protected(parser):
    with serving(parser, DEVICE / "origins.py", "protect") as server:
        yield server


def status_for(server, host, method="GET", *lines, target="/"):
    host = [] if host is None else [f"Host: {host}"]
    lines = "\r\n".join([f"{method} {target} HTTP/1.1", *host, *lines, "Connection: close", "", ""])
    return int(server.exchange(lines.encode()).split()[1])


GOOD = ["127.0.0.1", "192.168.4.1:8080", "[::1]", "[fe80::1]:80", "localhost", "LOCALHOST:5000",
        "board.local", "BOARD.local:80", "board.local.", "board"]  # fmt: skip
BAD = ["evil.example", "127.0.0.1.evil.example", "board.local.evil", "evil.board.local",
       "1.2.3", "1.2.3.4.5", "0x7f.0.0.1", "boards", "a", "..."]  # fmt: skip


def test_hosts(protected):
    for host in GOOD:
        assert status_for(protected, host) == 200, host
        assert status_for(protected, host, target="/nowhere") == 404, host
    for host in BAD:
        assert status_for(protected, host) == 421, host
        assert status_for(protected, host, target="/nowhere") == 421, host
        assert status_for(protected, host, "OPTIONS") == 421, host
        assert status_for(protected, host, target="/raw") == 421, host


def test_host_of_the_target(protected):
    assert status_for(protected, "board", target="http://evil.example/") == 421
    assert status_for(protected, "evil.example", target="http://board/") == 200


def test_hook_comes_first(protected):
    lines = len(protected.console)
    assert status_for(protected, "evil.example") == 421
    assert status_for(protected, "board", target="/nowhere") == 404
    protected.wait_for_line("hook GET /nowhere")
    assert [line for line in protected.console[lines:] if line != "hook GET /nowhere"] == []


UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "PURGE"]
SAME = [
    [],  # no browser
    ["Origin: http://board.local"],
    ["Origin: https://BOARD.LOCAL"],
    ["Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Site: none"],
    ["Sec-Fetch-Site: same-origin", "Origin: http://board.local"],
    ["Sec-Fetch-Site: cross-site", ORIGIN],  # which is listed
]
FOREIGN = [
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: "],
    ["Origin: http://board.local:8080"],
    ["Origin: http://board.local.evil"],
    ["Origin: board.local"],
    ["Origin: http://board.local/"],
    ["Origin: http://evil", "Origin: http://board.local"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: "],
    ["Sec-Fetch-Site: cross-site", "Origin: http://board.local"],
]


def test_unsafe_methods(protected):
    for method in UNSAFE:
        for lines in SAME:
            status = 501 if method == "PURGE" else 200
            assert status_for(protected, "board.local", method, *lines) == status, lines
        for lines in FOREIGN:
            assert status_for(protected, "board.local", method, *lines) == 403, lines


def test_safe_methods(protected):
    for lines in SAME + FOREIGN:
        assert status_for(protected, "board.local", "GET", *lines) == 200
        assert status_for(protected, "board.local", "HEAD", *lines) == 200


def test_port_of_the_origin(protected):
    lines = ["Origin: http://127.0.0.1:8080"]
    assert status_for(protected, "127.0.0.1:8080", "POST", *lines) == 200
    assert status_for(protected, "127.0.0.1", "POST", *lines) == 403


def test_handshakes(protected):
    with Client(protected) as client:
        for origin in ("http://evil.example", "null"):
            client.send(handshake(Host="board", Origin=origin))
            assert client.receive().status == 403
        client.send(handshake(Host="evil.example", Origin="http://evil.example"))
        assert client.receive().status == 421
        client.upgrade(Host="board", Origin="http://board")
        assert client.frame() == (0x81, b"hello")
    with Client(protected) as client:
        client.upgrade(Host="board", Origin=PAGE)


# -- a real browser, of which a page comes from another port


@pytest.fixture
def page(browser, interop):
    page = browser.new_page()
    page.goto(interop.url("/"))
    yield page
    page.close()


FETCH = """async ([url, options]) => {
    try {
        const response = await fetch(url, options);
        return [response.status, await response.text()];
    } catch (e) {
        return e.name;
    }
}"""


def test_page_of_another_origin(parser, page, interop):
    with serving(parser, DEVICE / "origins.py", "cookies", interop.url("")) as server:

        def fetch(path, **options):
            return page.evaluate(FETCH, [server.url(path), options])

        json = {"Content-Type": "application/json"}
        assert fetch("/") == [200, "GET"]
        assert fetch("/", method="PUT", headers=json, body="{}") == [200, "PUT"]
        assert fetch("/inner/x", method="PUT") == [200, "inside"]
        assert fetch("/nowhere")[0] == 404
        assert fetch("/", headers={"X-Other": "1"}) == "TypeError"  # it is not listed
        assert fetch("/cookie", credentials="include") == [200, "none"]
        assert fetch("/cookie", credentials="include") == [200, "1"]
        script = """url => new Promise(resolve => {
            const events = new EventSource(url, {withCredentials: true});
            events.onmessage = e => { events.close(); resolve(e.data); };
            events.onerror = () => { events.close(); resolve('error'); };
        })"""
        assert page.evaluate(script, server.url("/events")) == "event"
    with serving(parser, DEVICE / "origins.py", "cookies", "http://evil.example") as server:
        assert page.evaluate(FETCH, [server.url("/"), {}]) == "TypeError"
        assert page.evaluate(script, server.url("/events")) == "error"


def test_first_example_of_the_readme(example, page):
    """With a preflight, which has no password; a page may set no more than is listed, and
    has no cookies with '*'."""
    with example("api.py") as server:

        def fetch(path, **options):
            return page.evaluate(FETCH, [server.url(path), options])

        fields = {"Content-Type": "application/json", "Authorization": "Bearer secret"}
        put = {"method": "PUT", "headers": fields, "body": '{"on": true}'}
        assert fetch("/leds/3", **put) == [201, '{"led": 3, "on": true}']
        assert fetch("/leds/3") == [200, '{"led": 3, "on": true}']
        assert fetch("/leds/4")[0] == 404
        assert fetch("/leds/3", method="DELETE")[0] == 401
        assert fetch("/leds/3", method="DELETE", headers=fields) == [204, ""]
        more = {**put, "headers": {**fields, "X-Other": "1"}}
        assert fetch("/leds/3", **more) == "TypeError"
        assert fetch("/leds", credentials="include") == "TypeError"


def test_page_that_must_not(protected, page):
    """It can send a form without asking, and open a WebSocket."""
    no_cors = {"method": "POST", "mode": "no-cors", "body": "a=b"}
    lines = len(protected.console)
    page.evaluate(FETCH, [protected.url("/"), no_cors])
    script = """url => new Promise(resolve => {
        const ws = new WebSocket(url);
        ws.onopen = () => resolve('open');
        ws.onerror = () => resolve('error');
    })"""
    assert page.evaluate(script, protected.url("/ws", "ws")) == "error"
    assert protected.console[lines:] == []  # neither came as far as the hook
    page.goto(protected.url("/"))
    assert page.evaluate(FETCH, [protected.url("/"), {"method": "POST"}]) == [200, "POST"]
    assert page.evaluate(script, protected.url("/ws", "ws")) == "open"
