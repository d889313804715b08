"""Guards of single routes, as clients see them."""

import pytest
from conftest import DEVICE, serving
from wire import Client, chunked, frame, handshake, request, status_of


@pytest.fixture(scope="module")
def guards(parser):
    with serving(parser, DEVICE / "guards.py") as server:
        yield server


@pytest.fixture
def client(guards):
    with Client(guards) as client:
        yield client


GUARDED = ["/", "/slowly", "/users/x", "/waits", "/pieces", "/pieces-slowly", "/on"]
STREAMS = ["/raw", "/raw-slowly", "/events", "/events-slowly"]


@pytest.mark.parametrize("path", GUARDED + STREAMS)
def test_what_a_guard_returns_answers(client, path):
    for method in ("GET", "HEAD"):
        response = client.get(path, method=method)
        assert response.status == 401
        assert response["www-authenticate"] == "Test"
    assert client.get("/free").text == "hello nobody "


@pytest.mark.parametrize(
    "path,text",
    [
        ("/?user=ada", "hello ada "),
        ("/slowly?user=ada", "hello ada "),
        ("/users/x?user=ada", "hello ada x"),
        ("/waits?user=ada", "waited for ada"),
        ("/pieces?user=ada", "a piece for ada"),
        ("/pieces-slowly?user=ada", "a piece for ada"),
        ("/on?user=ada", "GET"),
    ],
)
def test_handler_has_what_the_guard_set(client, path, text):
    for _ in range(2):
        assert client.get(path).text == text
        assert client.get("/free").text == "hello nobody "
    assert client.get(path, method="HEAD").status == 200


def test_guard_that_raises(client, guards):
    for path in ("/", "/slowly", "/raw", "/events", "/ws"):
        with Client(guards) as client:
            response = client.get(path + "?user=raise")
            assert (response.status, response.text) == (403, "handled " + path)
            assert client.get("/free").status == 200
            assert client.get(path + "?user=fault").status == 500
            assert client.get("/free").status == 200
    guards.wait_for_line("ValueError: in the guard")


def test_guards_are_called_in_order(client):
    assert client.get("/order").text == "123"
    assert client.get("/order?hooked=1").text == "hook 123"
    assert client.get("/order/slowly?user=ada").text == "12"
    assert client.get("/order/slowly").status == 401


def test_error_handlers_of_the_app_answer_what_a_guard_raises(client):
    # and leave alone what it returns
    assert client.get("/").text == '{"error": "who are you?"}'


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_guard_answers_before_the_body_is_read(client, method):
    assert client.post("/read?user=ada", b"12345", method=method).body == b"12345"
    assert client.post("/read", b"12345", method=method).status == 401
    client.send(request("/read", method, "Content-Length: 5", "Expect: 100-continue"))
    assert client.receive(method).status == 401  # and no 100


def test_unread_body_behind_a_guard(client):
    for n in (5, 900):
        assert client.post("/read", b"x" * n).status == 401
    client.send(chunked("/read", b"x" * 300))
    assert client.receive("POST").status == 401
    assert client.get("/free").status == 200


def test_limit_of_a_guarded_body(client):
    assert len(client.post("/read?user=ada", b"x" * 5000, method="PUT").body) == 5000
    for method, n in (("PUT", 5001), ("POST", 1001)):
        with Client(client.server) as other:
            assert other.post("/read?user=ada", b"x" * n, method=method).status == 413


def test_guard_that_reads_of_the_body(client):
    assert client.post("/guard-reads", b"123456").text == "12|3456"
    client.send(chunked("/guard-reads", b"1", b"23456"))
    assert client.receive("POST").text == "12|3456"
    assert client.get("/free").status == 200


# -- other methods


def test_on_has_methods_of_any_name(client):
    assert client.get("/on?user=ada").text == "GET"
    assert client.post("/on?user=ada", b"1234").text == "POST1234"
    assert client.get("/on?user=ada", method="PURGE").text == "PURGE"
    assert client.get("/on-free", method="PURGE").text == "PURGE"
    assert client.get("/on", method="PURGE").status == 401
    assert client.get("/raw-slowly", method="PURGE").status == 401
    response = client.get("/on", method="PUT")
    assert (response.status, response["allow"]) == (405, "GET, HEAD, OPTIONS, POST, PURGE")
    assert client.post("/on?user=ada", b"x" * 11).status == 413


# -- streams


def test_raw_handler_behind_a_guard(guards):
    for path in ("/raw?user=ada", "/raw-slowly?user=ada"):
        with Client(guards) as client:
            assert client.get(path).text == "ada"
            assert client.at_end()


def test_raw_handler_that_is_a_generator(guards, client):
    assert client.get("/raw-generator?user=ada").status == 500
    guards.wait_for_line("TypeError: the handler is a generator")


@pytest.mark.parametrize("path", ["/ws", "/ws-slowly"])
def test_handshake_waits_for_the_guard(client, guards, path):
    client.send(handshake(path))
    assert client.receive().status == 401  # and the connection stays
    client.upgrade(path + "?user=ada")
    assert client.frame() == (0x81, b"hello ada")
    client.send(frame(1, b"echo"))
    assert client.frame() == (0x81, b"echo")


@pytest.mark.parametrize("path", ["/events", "/events-slowly"])
def test_event_stream_waits_for_the_guard(client, path):
    client.send(request(path))
    assert client.receive().status == 401
    client.send(request(path + "?user=ada"))
    assert client.until(b"data: hello ada\n\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("folder", ["/files", "/files-slowly"])
def test_files_behind_a_guard(client, folder):
    for path in (folder + "/guards.py", folder + "/", folder, folder + "/none.txt"):
        for method in ("GET", "HEAD"):
            assert client.get(path, method=method).status == 401
    path = folder + "/guards.py?user=ada"
    response = client.get(path)
    assert (response.status, response.body) == (200, (DEVICE / "guards.py").read_bytes())
    assert client.get(path, method="HEAD").status == 200
    tag = response["etag"]
    assert client.get(path, f"If-None-Match: {tag}").status == 304
    assert client.get(path, "Range: bytes=0-4").status == 206
    assert client.get(folder + "/none.txt?user=ada").status == 404


# -- mounted apps


def test_guard_of_a_mounted_app(client):
    """Outer hooks come first, then the guards of the mount, the app's own, the route's."""
    assert client.get("/mounted/x").status == 401
    text = "mount inner "
    for path, more in (("x", "route "), ("y", ""), ("later", "")):
        assert client.get(f"/mounted/{path}?user=ada").text == text + more
        assert client.get(f"/mounted/{path}?user=ada&hooked=1").text == "hook " + text + more
        assert client.get(f"/outer/inner/{path}").text == "outer inner " + more


# -- what can't be


@pytest.mark.parametrize(
    "what,said",
    [
        ("str", "methods must be a tuple: write methods=('GET',)"),
        ("route", "methods must be a tuple: write methods=('GET',)"),
        ("callable", "a guard must be a function of r, not 'guard'"),
        ("callables", "a guard must be a function of r, not None"),
        ("option", "a route has no option befor"),
        ("mount", "unexpected keyword argument 'befor'"),
    ],
)
def test_what_is_refused(client, what, said):
    assert client.get("/refused?what=" + what).text == said


def test_client_that_leaves_while_a_guard_waits(guards):
    for _ in range(20):
        with Client(guards) as client:
            client.send(request("/slowly"))
    assert status_of(guards.exchange(request("/free", "GET", "Connection: close"))) == 200
