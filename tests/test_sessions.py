"""Sessions in cookies, and tokens, as browsers and those who forge them see them."""

import base64
import hashlib
import hmac
import json
import re
import ssl

import httpx
import pytest
from conftest import DEVICE, WITH_TLS, Server, packages, serving
from test_tls import make_certificate
from wire import Client, handshake, request

KEY = b"0123456789abcdef first"
NOW = 800000000  # what the server's clock is set to
SECONDS = 100  # a session lasts


@pytest.fixture(scope="module")
def sessions(parser):
    with serving(parser, DEVICE / "sessions.py") as server:
        yield server


@pytest.fixture
def browser(sessions):
    with Browser(sessions) as browser:
        browser.get(f"/clock/{NOW}")
        yield browser


class Browser(Client):
    """A client that keeps one cookie."""

    cookie = None
    line = None  # of the last response

    def ask(self, path, method="GET", data=None):
        body = b"" if data is None else json.dumps(data).encode()
        lines = [f"Content-Length: {len(body)}"] if method == "POST" else []
        if self.cookie is not None:
            lines.append(f"Cookie: a=b; session={self.cookie}; other={self.cookie}")
        self.send(request(path, method, *lines) + body)
        response = self.receive(method)
        self.line = None
        for line in response.all("set-cookie"):
            found = re.match("(?:session|other)=([^;]*)", line)
            if found and found[1] != "1":
                self.line = line
                self.cookie = found[1]
        return response

    def data(self, path="/get"):
        response = self.ask(path)
        assert response.status == 200
        return json.loads(response.body)

    def set(self, **values):
        return self.ask("/set", "POST", values)


def elsewhere(browser, name):
    """A browser of another of the server's apps, with the same cookie."""
    port = int(browser.server.wait_for_line(name).split()[1])
    other = Browser(browser.server, port)
    other.cookie = browser.cookie
    return other


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(text, begun=NOW, seconds=SECONDS, key=KEY, purpose=b"session", unique="A" * 8):
    if purpose:  # a token has nothing but the text
        text = unique + text
    signed = f"{encoded(text.encode())}.{begun:x}.{seconds:x}"
    return signed + "." + encoded(hmac.digest(key, purpose + b"=" + signed.encode(), "sha256"))


# -- sessions


def test_session_lasts(browser):
    assert browser.data() == {} and browser.line is None
    assert browser.set(user="Zoë", n=[1, {"a": None}]).status == 200
    value, *attributes = browser.line.split("; ")
    assert value == "session=" + browser.cookie
    assert sorted(attributes) == ["HttpOnly", "Max-Age=100", "Path=/", "SameSite=Lax"]
    for _ in range(2):
        assert browser.data() == {"user": "Zoë", "n": [1, {"a": None}]}
        assert browser.line is None  # it is set when it changed
    browser.set(user="Zoë")
    assert browser.line is None


def test_cookie_is_what_the_format_says(browser):
    """Whoever has the key can make one: there is nothing in it but what is signed."""
    browser.cookie = forged('{"user": "ada"}')
    assert browser.data() == {"user": "ada"}
    browser.cookie = None
    browser.set(user="ada")
    unique = base64.urlsafe_b64decode(browser.cookie[:12])[:8].decode()
    assert browser.cookie == forged('{"user": "ada"}', unique=unique)


def test_change_within_a_value(browser):
    browser.set(list=[])
    assert browser.data("/append") == {"list": [1]}
    assert browser.line
    assert browser.data() == {"list": [1]}


def test_session_that_is_replaced(browser):
    browser.set(a=1)
    assert browser.ask("/replace", "POST", {"b": 2}).status == 200
    assert browser.data() == {"b": 2}


def test_logging_out(browser):
    browser.set(user="ada")
    browser.ask("/clear")
    assert browser.line.startswith("session=; ") and "Max-Age=0" in browser.line
    assert browser.data() == {}
    assert browser.data("/clear") == {} and browser.line is None


def test_change_before_an_error_response(browser):
    assert browser.ask("/set-and-fail").status == 409
    assert browser.data() == {"failed": True}


def test_other_cookies_stay(browser):
    response = browser.ask("/cookies")
    assert len(response.all("set-cookie")) == 2
    assert browser.data() == {"n": 1}


def test_long_session(browser, sessions):
    assert browser.set(text="x" * 680).status == 200
    assert len(browser.cookie) <= 1024
    assert browser.data() == {"text": "x" * 680}
    before = browser.cookie
    response = browser.set(text="geheim" * 150)
    assert response.status == 500 and browser.cookie == before
    line = sessions.wait_for_line("1024 at most")
    assert "ValueError" in line and "geheim" not in line


@pytest.mark.parametrize("data", [[1], "text", 1])
def test_session_that_is_no_dict(browser, data):
    assert browser.ask("/replace", "POST", data).status == 500
    assert browser.data() == {}


def test_request_that_no_hook_saw(browser):
    """A body that is too large is refused before."""
    browser.set(user="ada")
    browser.send(request("/small", "POST", "Content-Length: 2") + b"12")
    assert browser.receive("POST").status == 413


def test_response_that_is_returned_again(browser):
    """It has the cookie of nobody else."""
    for query in ("user=ada", "user=bob", "clear"):
        assert browser.ask("/shared?" + query).text == "shared"
        assert browser.line
        with Browser(browser.server) as other:
            assert other.ask("/shared").text == "shared"
            assert other.line is None


def test_session_that_a_generator_begins(browser):
    assert browser.ask("/pieces").text == "ab"
    assert browser.data() == {"late": 1}


def test_cookie_over_https(tmp_path):
    make_certificate(tmp_path, "ec")

    def command(port):
        files = tmp_path / "cert.der", tmp_path / "key.der"
        return [WITH_TLS, "-X", "heapsize=8M", DEVICE / "sessions.py", str(port), *files]

    server = Server("native", command, packages("native"))
    try:
        trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        with httpx.Client(base_url=server.url("", "https"), verify=trust) as client:
            line = client.post("/set", json={"user": "ada"}).headers["set-cookie"]
            assert "; Secure" in line
            assert client.get("/get").json() == {"user": "ada"}
    finally:
        server.stop()


# -- what is none


def spoiled():
    good = forged('{"user": "ada"}')
    text, begun, seconds, signature = good.split(".")
    other = forged('{"user": "bob"}').split(".")
    yield from (good[:-1], good[1:], good + "A", good + ".", "." + good, good[: len(good) // 2])
    yield from (f"{other[0]}.{begun}.{seconds}.{signature}", f"{text}.{begun}.{seconds}.")
    yield from (f"{text}.{begun}.ffffffff.{signature}", f"{text}.{begun}.{seconds}.{other[3]}")
    yield from (f"{text}.{begun}{seconds}..{signature}", f"{text}.{begun}.{signature}")
    yield from ("", ".", "...", "....", "a", "é".encode().decode("latin-1"), "A" * 1025, good * 8)
    yield forged('{"user": "ada"}', key=b"another key of 16 bytes")
    yield forged('{"user": "ada"}', purpose=b"other")
    yield forged('{"user": "ada"}', purpose=b"")
    yield forged('{"user": "ada"}', begun=NOW - SECONDS)
    yield forged('{"user": "ada"}', begun=NOW + 61)
    yield forged('{"user": "ada"}', begun=NOW, seconds=0)
    yield good.replace("=", "") + "%3D"


@pytest.mark.parametrize("cookie", spoiled())
def test_what_is_no_session(browser, sessions, cookie):
    browser.cookie = cookie
    lines = len(sessions.console)
    assert browser.data() == {}
    assert browser.ask("/mine", "POST").status == 403
    assert browser.set(user="ada").status == 200  # and a new one can begin
    assert browser.data() == {"user": "ada"}
    assert len(sessions.console) == lines


def test_cookie_that_is_no_text(browser):
    for value in (b"\xff", b"\xff.\xff.\xff.\xff", b"a.1.1.\xff\xfe", b"\xc3"):
        head = b"GET /get HTTP/1.1\r\nHost: a\r\nCookie: session=" + value + b"\r\n\r\n"
        browser.send(head)
        response = browser.receive()
        assert (response.status, response.text) == (200, "{}")


@pytest.mark.parametrize("bit", range(0, 256, 5))
def test_signature_with_a_bit_changed(browser, bit):
    signed, _, signature = forged('{"user": "ada"}').rpartition(".")
    data = bytearray(base64.urlsafe_b64decode(signature + "="))
    data[bit // 8] ^= 1 << bit % 8
    browser.cookie = signed + "." + encoded(bytes(data))
    assert browser.data() == {}


def test_end_of_a_session(browser):
    browser.set(user="ada")
    for seconds, data in [(0, {"user": "ada"}), (SECONDS - 1, {"user": "ada"}), (SECONDS, {})]:
        browser.get(f"/clock/{NOW + seconds}")
        assert browser.data() == data


def test_clock_that_is_lost(browser):
    """A board without the time of day takes no session of later, and takes it again when it
    has that."""
    browser.set(user="ada")
    cookie = browser.cookie
    for clock, data in [(NOW - 60, {"user": "ada"}), (NOW - 61, {}), (0, {})]:
        browser.get(f"/clock/{clock}")
        assert browser.data() == data
    browser.set(user="bob")
    assert browser.data() == {"user": "bob"}
    browser.get(f"/clock/{NOW}")
    assert browser.data() == {}  # which ended long ago
    browser.cookie = cookie
    assert browser.data() == {"user": "ada"}


# -- keys


def test_several_keys(browser):
    """The first signs, all are good."""
    browser.set(user="ada")
    rotated = elsewhere(browser, "rotated")
    assert rotated.data() == {"user": "ada"}
    rotated.set(user="bob")
    assert rotated.data() == {"user": "bob"}
    browser.cookie = rotated.cookie
    assert browser.data() == {}
    foreign = elsewhere(browser, "foreign")
    assert foreign.data() == {"user": "bob"}


def test_cookie_of_another_name(browser):
    browser.set(user="ada")
    named = elsewhere(browser, "named")
    assert named.data() == {}
    named.set(user="bob")
    assert named.line.startswith("other=") and "; Secure" in named.line
    assert named.data() == {"user": "bob"}
    browser.cookie = named.cookie
    assert browser.data() == {}


# -- required


def test_required(browser):
    response = browser.ask("/mine")
    assert (response.status, response["location"]) == (303, "/login")
    assert browser.ask("/mine", "POST").status == 403
    browser.set(other=1)
    assert browser.ask("/mine").status == 303
    browser.set(user="ada")
    assert browser.ask("/mine").text == browser.ask("/mine", "POST").text == "ada"


def test_streams_have_the_session(browser, sessions):
    browser.send(handshake("/ws"))
    assert browser.receive().status == 303
    browser.set(user="ada")
    with Client(sessions) as client:
        client.upgrade("/ws", Cookie="session=" + browser.cookie)
        assert client.frame() == (0x81, b"ada")
    with Client(sessions) as client:
        client.send(request("/events", "GET", "Cookie: session=" + browser.cookie))
        assert client.until(b"data: ada\n\n")


# -- tokens


def test_token(browser):
    for text in ("", "/files/x?y=1", "Grüße 😀"):
        browser.send(request("/sign?seconds=10&text=" + quoted(text)))
        token = browser.receive().text
        assert re.fullmatch("[A-Za-z0-9_.-]*", token)
        assert token == forged(text, seconds=10, purpose=b"")
        assert browser.data("/verify?token=" + token) == {"text": text}
        for spoiled in (token[:-1], "A" + token, token + ".", token.replace(".", "", 1)):
            assert browser.data("/verify?token=" + spoiled) == {"text": None}
        browser.get(f"/clock/{NOW + 9}")
        assert browser.data("/verify?token=" + token) == {"text": text}
        browser.get(f"/clock/{NOW + 10}")
        assert browser.data("/verify?token=" + token) == {"text": None}
        browser.get(f"/clock/{NOW}")
    assert browser.data("/verify") == {"text": None}


def test_token_and_session_are_not_taken_for_each_other(browser):
    text = quoted('{"user": "ada"}')
    browser.send(request("/sign?seconds=10&text=" + text))
    token = browser.receive().text
    browser.cookie = token
    assert browser.data() == {}
    browser.set(user="ada")
    assert browser.data("/verify?token=" + browser.cookie) == {"text": None}


def quoted(text):
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_hmac_is_that_of_the_vectors():
    """As forged() makes it: RFC 4231 4.3."""
    code = hmac.digest(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hex()
    assert code.startswith("5bdcc146bf60754e6a042426089575c7")
