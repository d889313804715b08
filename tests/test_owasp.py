"""What OWASP's ASVS and cheat sheets ask of sessions and authentication, of a program that
has both: tests/device/owasp.py. docs/guides/security.md says which test is for what."""

import base64
import json
import re
import ssl
import subprocess
import time

import emulators
import httpx
import pytest
from conftest import DEVICE, ROOT, WITH_TLS, Server, packages, serving
from test_sessions import Browser as AnyBrowser
from test_tls import make_certificate
from wire import Client, handshake, post, request

SECRET = "geheim"  # a part of every secret that is sent, and of those that the program has
RIGHT = b"user=ada&password=pass-geheim"
HOST = "Host: 127.0.0.1"


@pytest.fixture(scope="module")
def server(parser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("owasp")
    with serving(parser, DEVICE / "owasp.py", cwd=folder) as server:
        yield server


class Browser(AnyBrowser):
    """A client that keeps its session's cookie."""

    def form(self, path, body=b""):
        lines = [HOST, f"Content-Length: {len(body)}"]
        lines.append("Content-Type: application/x-www-form-urlencoded")
        if self.cookie:
            lines.append(f"Cookie: session={self.cookie}")
        head = f"POST {path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        self.send(head.encode() + body)
        return self.kept(self.receive("POST"))

    def page(self, path="/", *lines, cookie=None):
        cookie = cookie or self.cookie
        if cookie:
            lines += (f"Cookie: session={cookie}",)
        self.send(f"GET {path} HTTP/1.1\r\n{HOST}\r\n".encode())
        self.send("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
        return self.kept(self.receive())

    def kept(self, response):
        self.line = None
        for line in response.all("set-cookie"):
            if line.startswith("session="):
                self.line = line
                self.cookie = line[8:].partition(";")[0]
        return response

    def sign_in(self):
        response = self.form("/login", RIGHT)
        while response.status == 429:  # of a test before
            response = self.form("/login", RIGHT)
        assert response.status == 303
        return self.cookie


@pytest.fixture
def browser(server):
    with Browser(server) as browser:
        yield browser


# -- sessions


def test_session_cannot_be_guessed_or_made(browser):
    """ASVS 7.2: 256 bits of a signature; nothing in it but what is signed."""
    cookies = set()
    for _ in range(8):
        cookies.add(browser.sign_in())
    assert len(cookies) == 8
    cookie = browser.cookie
    assert len(base64.urlsafe_b64decode(cookie.rpartition(".")[2] + "=")) == 32
    for i in range(0, len(cookie), 3):
        other = "A" if cookie[i] != "A" else "B"
        assert browser.page(cookie=cookie[:i] + other + cookie[i + 1 :]).status == 303
    assert browser.page(cookie=cookie).text == "Hello ada"


def test_signing_in_issues_a_new_session(browser):
    """Also for somebody who is signed in, and within one second."""
    first = browser.sign_in()
    second = browser.sign_in()
    assert browser.line and first != second


def test_session_fixation(server, browser):
    """What an attacker planted before is not signed in with the victim."""
    with Browser(server) as attacker:
        attacker.page("/before?cart=7")
        browser.cookie = planted = attacker.cookie
        browser.sign_in()
        assert browser.cookie != planted
        assert browser.page().text == "Hello ada"
        assert attacker.page(cookie=planted).status == 303


def test_signing_out_ends_the_session(browser):
    """For a copy of the cookie, too, while another session of the same user goes on."""
    other = browser.sign_in()
    cookie = browser.sign_in()
    response = browser.form("/logout")
    assert response.status == 303
    assert browser.line.startswith("session=; ") and "Max-Age=0" in browser.line
    assert browser.page(cookie=cookie).status == 303
    assert browser.page(cookie=other).text == "Hello ada"


def test_many_sessions_that_were_ended_stay_so(browser):
    """There is memory for the last of them; what began no later than the others is over."""
    ended = []
    for _ in range(40):
        ended.append(browser.sign_in())
        browser.form("/logout")
        browser.cookie = None
    for cookie in ended:
        assert browser.page(cookie=cookie).status == 303
        browser.cookie = None


def test_end_of_a_session_is_signed(browser):
    """It does not hang on the browser, which is told Max-Age: see test_sessions.py."""
    cookie = browser.sign_in()
    text, begun, seconds, signature = cookie.split(".")
    for changed in (f"{int(begun, 16) + 9:x}.{seconds}", f"{begun}.{int(seconds, 16) + 9:x}"):
        assert browser.page(cookie=f"{text}.{changed}.{signature}").status == 303


def test_cookie_attributes(browser):
    browser.sign_in()
    _, *attributes = browser.line.split("; ")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=1000", "Path=/", "SameSite=Lax"]


def test_cookies_are_for_tls_only(tmp_path):
    """Secure, and with a prefix by which browsers see to that."""
    make_certificate(tmp_path, "ec")

    def command(port):
        files = tmp_path / "cert.der", tmp_path / "key.der"
        return [WITH_TLS, "-X", "heapsize=8M", DEVICE / "owasp.py", str(port), *files]

    server = Server("native", command, packages("native"), tmp_path)
    try:
        trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        with httpx.Client(base_url=server.url("", "https"), verify=trust) as client:
            form = {"user": "ada", "password": "pass-geheim"}
            line = client.post("/login", data=form).headers["set-cookie"]
            assert line.startswith("__Host-session=") and "; Path=/;" in line
            assert "; Secure" in line and "; HttpOnly" in line and "Domain" not in line
            assert client.get("/").text == "Hello ada"
    finally:
        server.stop()


def test_session_is_not_taken_from_a_url(browser):
    cookie = browser.sign_in()
    browser.cookie = None
    for path in (f"/?session={cookie}", f"/;session={cookie}", f"/?sid={cookie}"):
        assert browser.page(path).status in (303, 404)


def test_pages_of_a_session_are_not_stored(browser):
    """Neither is what sets the cookie, nor what ends it; a handler may say otherwise."""
    response = browser.form("/login", RIGHT)
    while response.status == 429:
        response = browser.form("/login", RIGHT)
    assert response["cache-control"] == "no-store"
    assert browser.page()["cache-control"] == "no-store"
    assert browser.page("/public")["cache-control"] == "no-store"
    assert browser.page("/nowhere")["cache-control"] == "no-store"
    assert browser.page("/cached")["cache-control"] == "private, max-age=5"
    assert browser.form("/logout")["cache-control"] == "no-store"
    browser.cookie = None
    assert "cache-control" not in browser.page("/public")


# -- authentication


def test_messages_do_not_tell_which_names_there_are(server):
    answers = []
    for body in (b"user=ada&password=x", b"user=nobody&password=x", b"user=ada", b""):
        with Browser(server) as browser:
            response = browser.form("/login", body)
            while response.status == 429:
                response = browser.form("/login", body)
            answers.append((response.status, response.fields, response.body))
    assert answers.count(answers[0]) == 4
    with Client(server) as client:
        basic = [client.get("/basic", credentials(name)) for name in ("ada", "nobody")]
        assert basic[0].fields == basic[1].fields


def credentials(name, password="x"):
    return "Authorization: Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_guesses_are_throttled(server):
    """One a second of an address, and the next is 429 even if it is right."""
    with Browser(server) as first, Browser(server) as second:
        first.sign_in()
        started = time.monotonic()
        head = f"POST /login HTTP/1.1\r\n{HOST}\r\nContent-Length: 19\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        first.send(head.encode() + b"user=ada&password=x")
        statuses = []
        while not statuses or statuses[-1] == 303 and time.monotonic() - started < 0.9:
            statuses.append(second.form("/login", RIGHT).status)
        assert first.receive("POST").status == 403
        assert statuses[-1] == 429 or time.monotonic() - started >= 0.9
        assert time.monotonic() - started >= 0.9


def test_passwords_are_stored_salted_and_stretched(server, browser):
    """PBKDF2 with HMAC-SHA256, 12 random bytes, a number of iterations."""
    hashes = {browser.page("/hash").text for _ in range(4)}
    assert len(hashes) == 4
    for hashed in hashes:
        kind, iterations, salt, derived = hashed.split("$")
        assert (kind, int(iterations)) == ("pbkdf2_sha256", 1000)
        assert len(base64.b64decode(salt)) == 12 and len(base64.b64decode(derived)) == 32


def test_forged_requests_of_other_origins(server, browser):
    """CSRF: with the victim's cookie, from another page."""
    browser.sign_in()
    for line in ("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"):
        browser.send(
            f"POST / HTTP/1.1\r\n{HOST}\r\n{line}\r\nCookie: session={browser.cookie}\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        assert browser.receive("POST").status == 403
        browser.send(handshake("/ws", Host="127.0.0.1", Origin="http://evil.example"))
        assert browser.receive().status == 403
    assert browser.form("/").text == "Hello ada"


@pytest.mark.parametrize(
    "path", ["/?next=//evil.example", "//evil.example/..", "/%2f/evil.example", "/?login=http://e"]
)
def test_signing_in_leads_nowhere_else(browser, path):
    """No open redirect: what the client sent is in no Location."""
    response = browser.page(path)
    assert response.status in (303, 404)
    if response.status == 303:
        assert response["location"] == "/login"
    response = browser.form("/login?next=http://evil.example", RIGHT + b"&next=//evil.example")
    assert response.status in (303, 429)
    assert response.status == 429 or response["location"] == "/"


# -- what must be told to nobody


def secrets_in_many_places():
    """Requests that fail with something secret in them."""
    yield request("/basic", "GET", credentials("ada", "fault-geheim"))
    basic = credentials("ada", "wrong-geheim")
    yield from (request("/basic", "GET", basic), request("/basic", "GET", basic + "!"))
    yield request("/basic", "GET", "Authorization: Basic geheim")
    yield request("/basic", "GET", "Authorization: geheim")
    yield request("/bearer", "GET", "Authorization: Bearer wrong-geheim")
    yield request("/", "GET", "Cookie: session=geheim.1.1.geheim; geheim")
    yield request("/report?token=geheim.1.1.geheim", "GET")
    yield post("/login", b"user=ada&password=wrong-geheim")
    yield post("/login", b"password=%ff%fegeheim")
    yield post("/set", b'{"geheim')
    for what in ("cookie", "field", "place", "session"):
        for value in ("geheim;geheim", "geheim\r\nX: geheim", "geheim\u0000", "geheim" * 200):
            yield post("/set", json.dumps({"what": what, "value": value}).encode())
    yield request("/update", "PUT", credentials("", "wrong-geheim"), "Content-Length: 0")
    yield request("/update?sha256=geheim", "PUT", credentials("", "ota-geheim"))
    yield handshake("/ws", Host="127.0.0.1", Authorization="Basic " + "geheim" * 9)
    yield b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization geheim\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: a\r\nCookie: geheim\x01\r\n\r\n"


def test_nothing_secret_is_on_the_console_or_in_errors(server):
    for data in secrets_in_many_places():
        data = data.replace(b"Host: a\r\n", b"Host: 127.0.0.1\r\n", 1)
        answer = server.exchange(data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        status = int(answer.split()[1])
        if 400 <= status:
            assert SECRET.encode() not in answer, answer
    with Browser(server) as browser:
        browser.sign_in()
        token = browser.page("/link").text
        assert browser.page("/report?token=" + token).status == 500
    server.wait_for_line("divide by zero")
    server.wait_for_line("the database is away")
    said = "\n".join(server.console)
    assert SECRET not in said and token not in said
    assert not re.search("Traceback|session=", said)


# -- time

COUNTED = """
import gc
from web.secrets import same, octets_of
from web.passwords import check_password, hash_password

def mark():
    try:
        open("mark")
    except OSError:
        pass

def marked(function, a, b):
    gc.collect()
    mark()
    function(a, b)
    mark()

SAME = "0123456789abcdef" * 2
OTHERS = [SAME] + [SAME[:i] + "x" + SAME[i + 1:] for i in (0, 1, 7, 15, 16, 30, 31)] + ["x" * 32]
HASHED = hash_password("right", 30)
for function, pairs in (
    (same, [(SAME, other) for other in OTHERS]),
    (check_password, [("right", HASHED), ("wrong", HASHED), ("wrong", None)]),
):
    for i in range(2):  # what is done once is done
        for a, b in pairs:
            marked(function, a, b)
"""


@pytest.fixture(scope="module")
def instructions(tmp_path_factory):
    """Those between each two marks, counted on an emulated Cortex-M4F's instruction set:
    (of web.same(), of web.check_password())."""
    target = "unix-armv7emsp"
    emulators.build(target)
    emulators.build("icount")
    folder = tmp_path_factory.mktemp("counted")
    (folder / "counted.py").write_text(COUNTED)
    log = folder / "counts"
    command = emulators.command(target, "1M")
    at = next(i for i, word in enumerate(command) if "qemu" in str(word)) + 1
    command[at:at] = ["-plugin", f"{emulators.OUT / 'icount' / 'icount.so'},log={log}"]
    done = subprocess.run(
        [*command, "counted.py"],
        env={"MICROPYPATH": f"{ROOT / 'pysrc'}:.frozen"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    marks = [int(line) for line in log.read_text().split()]
    marks = marks[-2 * (2 * 9 + 2 * 3) :]
    counts = [b - a for a, b in zip(marks[::2], marks[1::2], strict=True)]
    return counts[9:18], counts[21:24]


def test_comparing_takes_the_same_time_wherever_the_first_difference_is(instructions):
    """To the instruction; that they are equal takes one more."""
    (equal, *others), _ = instructions
    assert len(others) == 8 and set(others) == {others[0]}, others
    assert abs(equal - others[0]) <= 2


def test_time_does_not_tell_which_names_there_are(instructions):
    """A wrong password takes as long as the right one, and as nobody's does."""
    _, checks = instructions
    assert max(checks) < 1.02 * min(checks), checks
