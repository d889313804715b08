"""Hooks, error handlers and mounted applications, as clients see them."""

import json

import pytest
from conftest import DEVICE, serving
from wire import Client, chunked, request, status_of


@pytest.fixture(scope="module")
def hooks(parser):
    with serving(parser, DEVICE / "hooks.py") as server:
        yield server


@pytest.fixture
def client(hooks):
    with Client(hooks) as client:
        yield client


def order_of(response):
    return response["x-order"].split()


# -- before_request and after_request


def test_order(client):
    for path in ("/", "/p/1", "/?a=1"):
        response = client.get(path)
        assert response.text == "index"
        assert order_of(response) == ["first", "second", "third", "handler", "after"]
        assert response["x-after"] == "200"


def test_hook_that_returns_a_response_is_the_handler(client):
    response = client.get("/?stop=1")
    assert (response.status, json.loads(response.body)) == (203, {"stopped": "1"})
    assert order_of(response) == ["first", "second", "after"]
    assert client.get("/").text == "index"


def test_hook_that_answers_does_so_for_a_path_without_route(client):
    assert client.get("/nowhere?stop=1").status == 203


def test_unread_body_behind_a_hook_that_answers(client):
    for n in (5, 5000):
        assert client.post("/?stop=1", b"x" * n).status == 203
    client.send(chunked("/?stop=1", b"x" * 300))
    assert client.receive("POST").status == 203
    assert client.get("/").text == "index"


def test_hook_that_raises(client, hooks):
    response = client.get("/?abort=1")
    assert (response.status, response.text) == (403, "by a hook")
    response = client.get("/?hook-fault=1")
    assert (response.status, response.text) == (500, "sorry")
    hooks.wait_for_line("ValueError: hook-fault")
    assert client.get("/").text == "index"


def test_hook_reads_the_body(client):
    """Its size is limited before."""
    response = client.post("/hook-reads-body", b"12345")
    assert response.body == b"12345"
    assert order_of(response)[0] == "5"
    client.send(chunked("/hook-reads-body", b"123", b"4567"))
    response = client.receive("POST")
    assert response.body == b"1234567"
    assert order_of(response)[0] == "7"
    assert client.post("/hook-reads-body", b"x" * 70000).status == 413


def test_attributes_that_a_hook_sets_are_of_one_request(client):
    for user in ("alice", "bob"):
        assert client.get(f"/who?user={user}").text == user
        assert client.get("/who").text == "nobody"
        assert client.get("/who?a=1").text == "nobody"


def test_after_request_replaces(client):
    response = client.get("/?replace=1")
    assert (response.status, response.text) == (200, "replaced")
    assert order_of(response)[-1] == "after"  # the next hook has the new one
    response = client.get("/?replace-all=1")
    assert (response.status, response.text, response["x-new"]) == (299, "replaced", "1")
    assert client.get("/none").status == 204
    response = client.get("/nowhere?replace=1")
    assert (response.status, response.text) == (404, "replaced")


def test_after_request_that_raises(client, hooks):
    response = client.get("/?after-fault=1")
    assert response.status == 500
    assert "x-after" not in response
    hooks.wait_for_line("ValueError: after-fault")
    assert client.get("/").text == "index"


def test_after_request_is_for_every_response(client):
    for path, status in (
        ("/nowhere", 404),
        ("/raise/value", 500),
        ("/none", 204),
        ("/stream", 200),
    ):
        response = client.get(path)
        assert (response.status, response["x-after"]) == (status, str(status))
        assert len(response.all("set-cookie")) == 1
    assert client.get("/", method="PUT")["x-after"] == "405"


def test_raw_handler_behind_hooks(hooks):
    for path in ("/raw", "/raw?x"):
        with Client(hooks) as client:
            response = client.get(path)
            assert response.body == b"raw"
            assert "x-after" not in response
    with Client(hooks) as client:
        assert client.get("/raw?stop=1").status == 203


def test_stream_behind_a_hook_that_waits_ends_when_its_client_leaves(hooks):
    with Client(hooks) as client:
        client.send(request("/waiting/events"))
        assert status_of(client.until(b"\r\n\r\n")) == 200
    hooks.wait_for_line("left /waiting/events")


# -- error handlers


def test_handler_of_a_status(client):
    for path in ("/nowhere", "/raise/404"):
        response = client.get(path)
        assert (response.status, json.loads(response.body)) == (404, {"missing": path})
    response = client.get("/", method="DELETE")
    assert (response.status, response.text) == (405, "not so")


def test_handlers_of_refusals_need_no_other_hooks(parser):
    with serving(parser, DEVICE / "refusals.py") as server, Client(server) as client:
        assert client.get("/nowhere").text == "no such path"
        refused = client.get("/short")
        assert (refused.status, refused.text, refused["allow"]) == (405, "not so", "OPTIONS, POST")
        assert client.get("/short", method="HEAD").status == 405
        client.send(request("/short", "POST", "Content-Length: 5") + b"12345")
        refused = client.receive("POST")
        assert (refused.status, refused.text) == (413, "too much")


def test_405_names_the_methods_whoever_answers(client):
    assert client.get("/", method="DELETE")["allow"] == "GET, HEAD, OPTIONS, POST"


def test_handler_of_500(client, hooks):
    response = client.get("/raise/value")
    assert (response.status, response.text) == (500, "sorry")
    hooks.wait_for_line("web: GET /raise/value: ValueError: v")


@pytest.mark.parametrize(
    "kind,status,text",
    [
        ("base", 500, "base b"),
        ("middle", 409, "middle m"),
        ("leaf", 409, "middle l"),
        ("zero", 500, "arithmetic ZeroDivisionError"),
    ],
)
def test_handler_of_a_class(client, kind, status, text):
    """The nearest of its base classes, if it is not its own."""
    response = client.get(f"/raise/{kind}")
    assert (response.status, response.text) == (status, text)


@pytest.mark.parametrize("kind,fault", [("bad", "KeyError"), ("410", "ValueError")])
def test_handler_that_fails(client, hooks, kind, fault):
    response = client.get(f"/raise/{kind}")
    assert (response.status, response.text) == (500, "sorry")
    assert "in the handler of" in hooks.wait_for_line(f"web: GET /raise/{kind}: {fault}")
    assert client.get("/").text == "index"


def test_handler_whose_response_can_not_be_sent(client, hooks):
    """Nor can that to this fault: the client is told all the same."""
    assert client.get("/raise/unsendable").status == 500
    hooks.wait_for_line("web: GET /raise/unsendable: TypeError: can't send")
    assert client.get("/").text == "index"


@pytest.mark.parametrize("path", ["/raise/unspeakable", "/raise-late/unspeakable"])
def test_fault_that_can_not_be_told(client, hooks, path):
    assert client.get(path).status == 500
    hooks.wait_for_line(f"web: GET {path}: ValueError: what is said of it")
    assert client.get("/").text == "index"


def test_status_without_handler(client):
    response = client.get("/raise/418")
    assert (response.status, response["x-pot"]) == (418, "small")


def test_raw_handlers_exception(hooks):
    with Client(hooks) as client:
        response = client.get("/raw-raise")
        assert (response.status, response.text) == (409, "middle raw")


# -- mounted apps

EARLY = "first second third early handler after early after"
LATE = "first second third late handler after late after"
INNER = "first second third late inner handler after inner after late after"


@pytest.mark.parametrize(
    "path,text,order",
    [
        ("/early/", "early", EARLY),
        ("/early/5", "early 5", EARLY.replace("handler ", "")),
        ("/late/x", "mounted at /late/x", LATE),
        ("/late/inner/x", "mounted at /late/inner/x", INNER),
    ],
)
def test_mounted(client, path, text, order):
    response = client.get(path)
    assert (response.text, response["x-order"]) == (text, order)
    assert order_of(client.get("/")) == ["first", "second", "third", "handler", "after"]


def test_mounted_elsewhere_behind_a_parameter(client):
    assert client.get("/again/x/").status == 500  # whose handler does not take it
    assert client.get("/again/").status == 404


def test_mounted_methods(client):
    assert client.post("/late/inner/name", b"").text == "mounted at /late/inner/name"
    assert client.get("/late/inner/name").status == 405
    assert client.get("/late/inner/x", method="HEAD").status == 200
    assert client.get("/inner/x").status == 404
    assert client.get("/x").status == 404
    response = client.get("/late/nowhere")
    assert (response.status, order_of(response)) == (404, ["first", "second", "third", "after"])


def test_mounted_hook_that_answers(client):
    response = client.get("/late/inner/stop")
    assert response.text == "stopped inside"
    assert order_of(response)[:6] == ["first", "second", "third", "late", "inner", "after"]


def test_mounted_raw_handler(hooks):
    with Client(hooks) as client:
        assert client.get("/late/inner/raw").body == b"inner raw"


@pytest.mark.parametrize(
    "kind,status,text",
    [
        ("leaf", 500, "inner base l"),
        ("410", 410, "inner gone"),
        ("418", 418, "late teapot"),
        ("zero", 500, "arithmetic ZeroDivisionError"),
        ("value", 500, "sorry"),
    ],
)
def test_mounted_error_handlers_come_first(client, kind, status, text):
    response = client.get(f"/late/inner/raise/{kind}")
    assert (response.status, response.text) == (status, text)


def test_mounted_error_handlers_answer_head_as_get(client):
    for path in ("/late/inner/raise/410", "/late/inner/raise/leaf"):
        expected = client.get(path)
        response = client.get(path, method="HEAD")
        for field in ("content-type", "content-length"):
            assert response[field] == expected[field]
