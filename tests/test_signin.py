"""Basic and Bearer sign-in, and passwords, as clients see them."""

import base64
import hashlib
import json
import select
import socket
import time

import pytest
from conftest import DEVICE, serving
from wire import Client, handshake, post, request, wait_until


@pytest.fixture
def signin(parser):
    """A server of its own for each test: what failed before slows down."""
    with serving(parser, DEVICE / "signin.py") as server:
        yield server


@pytest.fixture
def client(signin):
    with Client(signin) as client:
        yield client


def basic(text):
    data = text.encode() if isinstance(text, str) else text
    return "Authorization: Basic " + base64.b64encode(data).decode()


def from_address(server, address):
    """A client of another address of this machine."""
    client = Client(server)
    client.socket.close()
    client.socket = socket.create_connection(
        ("127.0.0.1", server.port), timeout=10, source_address=(address, 0)
    )
    return client


# -- Basic


def test_basic(client):
    for _ in range(2):
        response = client.get("/basic", basic("ada:geheim"))
        assert (response.status, json.loads(response.body)) == (200, {"user": "ada"})
    response = client.get("/async", basic("bob:pässword:with colon"))
    assert json.loads(response.body) == {"user": {"name": "bob"}}
    response = client.get("/basic", basic("ada:geheim").replace("Basic ", "bASIC   "))
    assert response.status == 200


def test_challenge(client):
    response = client.get("/basic")
    assert (response.status, response.text) == (401, "Unauthorized")
    assert response["www-authenticate"] == 'Basic realm="the board", charset="UTF-8"'
    assert client.get("/async")["www-authenticate"] == 'Basic realm="this board", charset="UTF-8"'


@pytest.mark.parametrize(
    "field",
    [
        "Authorization: Basic",
        "Authorization: Basic  ",
        "Authorization: Bearer " + basic("ada:geheim").split()[-1],
        basic("ada"),  # no colon
        basic(b"ada:\xff"),
        basic("ada:geheim").rstrip("=")[:-1],
        basic("ada:geheim") + "=",
        basic("ada:geheim") + "!",
        basic("ada:geheim").replace("Basic ", "Basic !"),
        basic("ada:geheim") + ", " + basic("ada:geheim").partition(" ")[2],
        "Authorization: " + "B" * 3000,
        "Authorization: Basic ü".encode().decode("latin-1"),
    ],
)
def test_what_is_no_basic_credentials(signin, client, field):
    """They are refused at once, and nothing of them is on the console."""
    for path in ("/basic", "/bearer"):
        if path == "/bearer" and "Bearer" in field:
            continue
        response = client.get(path, field)
        assert response.status == 401
        assert "www-authenticate" in response
    assert client.get("/basic", basic("ada:geheim")).status == 200
    signin.wait_for_line("tried ada")
    assert signin.console == ["tried ada"]


def test_credentials_that_are_no_text(client):
    for value in (b"\xff", b"\xff\xff\xff\xff", b"YTp\xff"):
        for path, scheme in ((b"/basic", b"Basic "), (b"/bearer", b"Bearer ")):
            head = b"GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: %s%s\r\n\r\n"
            while True:
                client.send(head % (path, scheme, value))
                status = client.receive().status
                if status != 429:  # of the last one, which was a try
                    break
            assert status == 401


def test_two_fields_are_none(client):
    for pair in [(basic("ada:geheim"),) * 2, (basic("ada:no"), basic("ada:geheim"))]:
        assert client.get("/basic", *pair).status == 401


def test_handshake_with_a_password(client):
    client.send(handshake("/ws"))
    assert client.receive().status == 401
    client.upgrade("/ws", Authorization=basic("ada:geheim").partition(" ")[2])
    assert client.frame() == (0x81, b"ada")


def test_fault_in_a_check(signin, client):
    assert client.get("/basic", basic("fault:x")).status == 500
    signin.wait_for_line("ValueError: in the check")
    assert client.get("/free").text == "free"


# -- Bearer


def test_bearer(client):
    response = client.get("/bearer")
    assert (response.status, response["www-authenticate"]) == (401, "Bearer")
    response = client.get("/bearer", "Authorization: Bearer abc-123")
    assert json.loads(response.body) == {"user": "robot"}
    # the token is no name to show
    response = client.get("/true", "Authorization: bearer abc-123")
    assert json.loads(response.body) == {"user": True}
    response = client.get("/bearer", "Authorization: Bearer abc-124")
    assert response.status == 401
    assert response["www-authenticate"] == 'Bearer error="invalid_token"'


# -- tries that fail


WRONG = basic("ada:wrong")


def test_try_that_fails_is_slowed(client):
    start = time.monotonic()
    assert client.get("/basic", WRONG).status == 401
    assert time.monotonic() - start > 0.9
    assert client.get("/basic", basic("ada:geheim")).status == 200


def while_slowed(server, wrong, line, ask):
    """What ask() returns while a try that failed is slowed: again, if that took so long that
    the try was answered before."""
    for _ in range(20):
        with Client(server) as slowed:
            n = len(server.console)
            slowed.send(wrong)
            wait_until(lambda n=n: line in server.console[n:])
            result = ask()
            done = select.select([slowed.socket], [], [], 0)[0]
            assert slowed.receive("POST").status in (401, 403)
            if not done:
                return result
    raise AssertionError("it is slowed for too short a time")


def test_further_tries_wait(signin):
    """While one is slowed the same client's others are not tried, and no places are taken
    but by that."""
    with Client(signin) as other:

        def ask():
            response = other.get("/bearer", "Authorization: Bearer x")
            return [
                response.status,
                response["retry-after"] if response.status == 429 else None,
                # not even with the right password, which could not be told from a guess
                other.get("/basic", basic("ada:geheim")).status,
                other.get("/basic").status,
                other.get("/free").status,
            ]

        got = while_slowed(signin, request("/basic", "GET", WRONG), "tried ada", ask)
        assert got == [429, "1", 429, 401, 200]
        assert other.get("/basic", basic("ada:geheim")).status == 200


def test_who_is_in_does_not_wait(signin):
    with Client(signin) as other:

        def ask():
            return [
                other.get("/basic", basic("ada:geheim")).status,
                other.get("/async", basic("ada:geheim")).status,
            ]

        assert other.get("/basic", basic("ada:geheim")).status == 200
        wrong = request("/basic", "GET", basic("bob:wrong"))
        assert while_slowed(signin, wrong, "tried bob", ask) == [200, 429]


def test_guesses_of_many_addresses_take_two_places(signin):
    """And others are told to come again."""
    clients = [from_address(signin, f"127.0.0.{i}") for i in range(2, 7)]
    try:
        for client in clients:
            client.send(request("/basic", "GET", WRONG))
        statuses = [client.receive().status for client in clients]
        assert set(statuses) <= {401, 429} and statuses.count(401) >= 2
    finally:
        for client in clients:
            client.close()
    with Client(signin) as client:
        assert client.get("/free").text == "free"


def test_client_that_does_not_wait_is_not_faster(signin):
    """Its next try has to wait though the connection of the last one has ended."""

    for _ in range(20):
        start = time.monotonic()
        with Client(signin) as client:
            n = len(signin.console)
            client.send(request("/basic", "GET", WRONG))
            wait_until(lambda n=n: "tried ada" in signin.console[n:])
            client.reset()
        with Client(signin) as client:
            status = client.get("/basic", basic("ada:geheim")).status
        if time.monotonic() - start < 0.9:
            assert status == 429
            return
        while status == 429:
            with Client(signin) as client:
                status = client.get("/basic", basic("ada:geheim")).status
    raise AssertionError("it is too slow to tell")


def test_form_that_is_paced(signin, client):
    assert client.post("/login", b"password=secret").text == "in"
    wrong = post("/login", b"password=wrong")

    def ask():
        return client.post("/login", b"password=secret").status

    assert while_slowed(signin, wrong, "tried a form", ask) == 429
    assert client.post("/login", b"").status == 403


# -- passwords


def ask(client, path, *values):
    return client.post(path, json.dumps(values).encode()).text


def test_same(client):
    for a, b in [("", ""), ("a", "a"), ("ü", "ü"), ("x" * 100, "x" * 100)]:
        assert ask(client, "/same", a, b) == "True"
    for a, b in [("", "a"), ("a", "b"), ("a", "a\0"), ("x" * 100, "x" * 101), ("ü", "u")]:
        assert ask(client, "/same", a, b) == "False"
    for a, b in [(None, None), (None, ""), ("", None), (1, 1), ("1", 1), (["a"], ["a"])]:
        assert ask(client, "/same", a, b) == "False"


def hashed(password, iterations, salt="c2FsdA"):
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(derived).decode()}"


@pytest.mark.parametrize("password", ["", "geheim", "Grüße 😀", "x" * 64, "y" * 65, "z" * 200])
def test_hashes_are_those_of_other_programs(client, password):
    for iterations in (1, 2, 100):
        known = hashed(password, iterations)
        assert ask(client, "/check", password, known) == "True"
        assert ask(client, "/check", password + "x", known) == "False"
        made = ask(client, "/hash", password, iterations)
        assert made == hashed(password, iterations, made.split("$")[2])
        assert made != ask(client, "/hash", password, iterations)  # the salt


def test_nobodys_password(client):
    assert ask(client, "/check", "", None) == "False"
    for password in (None, 1, ["a"], {}):
        assert ask(client, "/check", password, hashed("", 1)) == "False"


@pytest.mark.parametrize(
    "text",
    ["", "x", "pbkdf2_sha256$10$salt", "md5$1$a$b", "pbkdf2_sha256$0$a$" + "A" * 43 + "=",
     "pbkdf2_sha256$x$a$" + "A" * 43 + "=", "pbkdf2_sha256$1$a$AAAA", "pbkdf2_sha256$1$a$!"],
)  # fmt: skip
def test_what_is_no_hash(client, text):
    said = ask(client, "/check", "geheim", text)
    assert said.startswith("ValueError(")
    assert not text or text not in said


def test_iterations(client):
    assert ask(client, "/hash", "x", 0).startswith("ValueError(")


@pytest.mark.parametrize("what", ["realm", "line", "key", "keys", "no key", "none", "password"])
def test_what_is_refused(client, what):
    kind = "TypeError" if what in ("none", "password") else "ValueError"
    assert client.get("/refused?what=" + what.replace(" ", "%20")).text == kind
