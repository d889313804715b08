"""The captive portal, as phones find it: names, probes, and the page."""

import contextlib
import random
import resource
import socket
import subprocess

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import httpx
import pytest
from conftest import DEVICE, free_port, serving
from wire import Client, open_files_fall_to, request

IP = "192.168.4.1"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Board:
    """The process of tests/device/captive.py: .server is the App that the portal is of."""

    def __init__(self, control, names, port):
        self.control = control
        self.names = names
        self.port = port

    def ask(self, path="/"):
        return httpx.get(self.control.url(path), timeout=20)

    def client(self):
        return Client(self.control, self.port)

    def dig(self, *args):
        done = subprocess.run(
            ["dig", "-p", str(self.names), "@127.0.0.1", "+tries=1", "+time=3", *args],
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout

    def udp(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(5)
        s.connect(("127.0.0.1", self.names))
        return s


@contextlib.contextmanager
def captive(parser, *args, heap="512k"):
    names, port = free_udp_port(), free_port()
    more = str(names), str(port), *args
    with serving(parser, DEVICE / "captive.py", *more, heap=heap) as control:
        yield Board(control, names, port)


@pytest.fixture(scope="module")
def board(parser):
    with captive(parser) as board:
        yield board


# -- names


@pytest.mark.parametrize(
    "name",
    ["captive.apple.com", "board", "MiXed.CaSe.Example", "xn--bcher-kva.example",
     "_dns.resolver.arpa", "192.168.4.1", ".", "a" * 63 + ".example", ".".join(["a" * 61] * 4)],
)  # fmt: skip
def test_every_name_is_the_boards(board, name):
    assert board.dig("+short", name).split() == [IP]
    answer = board.dig("+noall", "+answer", "+question", name)
    assert name.lower() in answer.lower() and (name in answer or name == "192.168.4.1")


def test_answer_that_dig_finds_nothing_wrong_with(board):
    answer = board.dig("example.com")
    assert "status: NOERROR" in answer and "flags: qr aa rd ra;" in answer
    assert "WARNING" not in answer.replace("WARNING: EDNS", "") and ";; Warning" not in answer
    # of a resolver that asks for more than there is
    for options in (["+dnssec", "+nsid"], ["+bufsize=512"], ["+noedns"], ["+norecurse"]):
        assert board.dig("+short", *options, "example.com").split() == [IP]
    assert board.dig("+short", "example.com", "ANY", "+notcp").split() == [IP]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "SVCB", "TXT", "MX", "PTR", "TYPE257", "SOA"])
def test_other_types_are_empty(board, kind):
    """A phone goes on with the IPv4 address then, and needs no TLS."""
    answer = board.dig("captive.apple.com", kind)
    assert "status: NOERROR" in answer and "ANSWER: 0," in answer


def test_other_classes_are_empty(board):
    answer = board.dig("version.bind", "CH", "A")
    assert "status: NOERROR" in answer and "ANSWER: 0," in answer


HEAD = b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
QUESTION = HEAD + b"\3www\7example\0\0\1\0\1"
NO_QUESTIONS = {
    "nothing": b"",
    "a byte": b"\0",
    "a head": HEAD,
    "half a head": HEAD[:6],
    "no question": HEAD[:5] + b"\0" + HEAD[6:],
    "two questions": HEAD[:5] + b"\2" + QUESTION[6:] + QUESTION[12:],
    "256 questions": HEAD[:4] + b"\1\0" + QUESTION[6:],
    "a response": HEAD[:2] + b"\x81\x80" + QUESTION[4:],
    "another operation": HEAD[:2] + b"\x29\x00" + QUESTION[4:],
    "a name without end": HEAD + b"\3www\7example",
    "a label that is cut": HEAD + b"\x3fwww",
    "no type": QUESTION[:-4],
    "half a class": QUESTION[:-1],
    "a pointer to itself": HEAD + b"\xc0\x0c\0\1\0\1",
    "a pointer to a pointer": HEAD + b"\3www\xc0\x12\xc0\x10\0\1\0\1",
    "a pointer to the head": HEAD + b"\xc0\0\0\1\0\1",
    "a pointer beyond the end": HEAD + b"\xff\xff\0\1\0\1",
    "another kind of label": HEAD + b"\x41\0\0\1\0\1",
    "a name of 256 bytes": HEAD + b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0\0\1\0\1",
    "labels without end": HEAD + b"\1a" * 700,
    "zeros": bytes(1400),
    "ones": b"\xff" * 1400,
}


def test_what_is_no_question_is_dropped(board):
    """And nothing is said of it, however much there is."""
    before = len(board.control.console)
    with board.udp() as s:
        for data in NO_QUESTIONS.values():
            s.send(data)
        s.send(QUESTION)
        answer = dns.message.from_wire(s.recv(2000))
        assert answer.id == 0x1234  # the one of the last
        assert [str(rrset[0]) for rrset in answer.answer] == [IP]
        s.settimeout(0.05)
        with pytest.raises(TimeoutError):
            s.recv(2000)
    assert board.control.console[before:] == []


def spoiled(chance):
    """A question with bytes changed, cut or added."""
    name = ".".join("x" * chance.randrange(1, 64) for _ in range(chance.randrange(1, 4)))
    kind = chance.choice(["A", "AAAA", "HTTPS", "ANY", "TXT"])
    query = dns.message.make_query(name, kind, use_edns=chance.choice([None, True]))
    data = bytearray(query.to_wire())
    for _ in range(chance.randrange(4)):
        way = chance.randrange(5)
        at = chance.randrange(len(data)) if data else 0
        if way == 0:
            data[at : at + 1] = chance.randbytes(1)
        elif way == 1:
            del data[at:]
        elif way == 2:
            data[at:at] = chance.randbytes(chance.randrange(40))
        elif way == 3:
            data[at : at + 2] = b"\xc0" + bytes([chance.randrange(32)])
        else:
            data[at : at + 1] = bytes([chance.choice([0, 1, 63, 64, 127, 128, 192, 255])])
    return bytes(data)


def seen_to_be_right(data, answer):
    """An answer is one to this question, and is as the RFC has it."""
    message = dns.message.from_wire(answer)
    (question,) = message.question
    assert answer[:2] == data[:2] and message.flags & dns.flags.QR
    assert message.rcode() == dns.rcode.NOERROR and not message.authority
    assert data[12:].startswith(answer[12 : 12 + len(question.name.to_wire()) + 4])
    if message.answer:
        (rrset,) = message.answer
        assert (rrset.name, str(rrset[0])) == (question.name, IP)
        assert question.rdtype in (dns.rdatatype.A, dns.rdatatype.ANY)
    assert len(answer) <= len(data) + 16  # nobody gets much more than was sent


@pytest.mark.parametrize("seed", range(3))
def test_spoiled_questions(board, seed):
    """Each answer is right, and behind each of them the next question is answered."""
    chance = random.Random(seed)
    mark = dns.message.make_query("mark.example", "A").to_wire()[2:]
    answered = 0
    with board.udp() as s:
        for i in range(600):
            data = spoiled(chance)
            s.send(data)
            ask = i.to_bytes(2, "big") + mark
            s.send(ask)
            while (answer := s.recv(2000))[12:].lower().find(b"\4mark") != 0:
                seen_to_be_right(data, answer)
                answered += 1
            seen_to_be_right(ask, answer)
    assert 100 < answered < 600


def flood(board, s, client):
    """200 datagrams at once, and a request that is answered behind them."""
    for i in range(100):
        with contextlib.suppress(BlockingIOError):
            s.send(HEAD + b"\6" + b"%06d" % i + QUESTION[16:])
            s.send(NO_QUESTIONS["labels without end"])
    client.send(to_host(IP, "/setup"))
    assert client.receive().text == "the page"
    with contextlib.suppress(BlockingIOError):
        while s.recv(2000):
            pass


def test_flood_costs_no_memory_and_nobody_waits(board):
    with board.udp() as s, board.client() as client:
        s.setblocking(False)
        flood(board, s, client)
        board.ask()
        before = board.ask().json()["used"]
        for _ in range(30):
            flood(board, s, client)
        assert board.dig("+short", "after.example").split() == [IP]
        assert board.ask().json()["used"] <= before + 256


# -- requests

PROBES = [
    ("captive.apple.com", "/hotspot-detect.html"),
    ("www.apple.com", "/library/test/success.html"),
    ("connectivitycheck.gstatic.com", "/generate_204"),
    ("clients3.google.com", "/generate_204"),
    ("www.google.com", "/gen_204"),
    ("play.googleapis.com", "/generate_204"),
    ("www.msftconnecttest.com", "/connecttest.txt"),
    ("www.msftconnecttest.com", "/redirect"),
    ("www.msftncsi.com", "/ncsi.txt"),
    ("detectportal.firefox.com", "/success.txt?ipv4"),
    ("detectportal.firefox.com", "/canonical.html"),
    ("nmcheck.gnome.org", "/check_network_status.txt"),
]


def to_host(host, path="/", method="GET", version="1.1", body=b""):
    head = f"{method} {path} HTTP/{version}\r\n"
    if host is not None:
        head += f"Host: {host}\r\n"
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def leads_to_the_page(board, data, method="GET"):
    with board.client() as client:
        client.send(data)
        response = client.receive(method)
        assert (response.status, response["location"]) == (302, f"http://{IP}:{board.port}/setup")
        assert response["cache-control"] == "no-store"
        assert client.at_end()  # and its place is free for the page


@pytest.mark.parametrize("host,path", PROBES)
def test_probe_finds_the_portal(board, host, path):
    leads_to_the_page(board, to_host(host, path))
    leads_to_the_page(board, to_host(host, path, "HEAD"), "HEAD")


@pytest.mark.parametrize(
    "host", ["example.com", "example.com:80", "board.local.evil", "board", "LOCALHOST", "1.2.3.4.a"]
)
def test_other_hosts_are_led_to_the_page(board, host):
    for path in ("/", "/setup", "/nowhere", "/refused", "//evil.example/", "/a%0d%0ab?c=%0d%0a"):
        leads_to_the_page(board, to_host(host, path))
    leads_to_the_page(board, to_host(host, "/setup", "POST", body=b"a=b"), "POST")
    leads_to_the_page(board, to_host(host, "/", version="1.0"))


@pytest.mark.parametrize(
    "host", [IP, f"{IP}:8080", "127.0.0.1", "[::1]:80", "board.local", "BOARD.local:80"]
)
def test_the_boards_own_hosts_are_served(board, host):
    with board.client() as client:
        for _ in range(2):
            client.send(to_host(host, "/setup"))
            assert client.receive().text == "the page"
        client.send(to_host(host, "/setup", "POST", body=b"a=b"))
        assert client.receive("POST").text == "a=b"
        client.send(to_host(host, "/generate_204"))
        assert client.receive().status == 404
        client.send(to_host(host, "/refused"))
        assert client.receive().status == 403


def test_request_without_a_host_is_served(board):
    with board.client() as client:
        client.send(to_host(None, "/setup", version="1.0"))
        assert client.receive().text == "the page"


# -- beginning and ending


def names_are_answered(board):
    with board.udp() as s:
        s.send(QUESTION)
        try:
            return bool(s.recv(2000))
        except ConnectionRefusedError:  # nobody has the port
            return False


def status_for(board, host, path="/"):
    with board.client() as client:
        client.send(to_host(host, path))
        return client.receive().status


def test_online(parser):
    """What says that there is the internet, to each by what it looks for."""
    apple = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
    mozilla = "https://support.mozilla.org/kb/captive-portal"
    says = {
        "/hotspot-detect.html": (200, apple),
        "/generate_204": (204, ""),
        "/gen_204": (204, ""),
        "/connecttest.txt": (200, "Microsoft Connect Test"),
        "/ncsi.txt": (200, "Microsoft NCSI"),
        "/success.txt?ipv4": (200, "success\n"),
        "/canonical.html": (200, f'<meta http-equiv="refresh" content="0;url={mozilla}"/>'),
    }
    with captive(parser) as board:
        board.ask("/online")
        for path, answer in says.items():
            with board.client() as client:
                client.send(to_host("any.example", path))
                response = client.receive()
                assert (response.status, response.text) == answer
                assert response["cache-control"] == "no-store"
        leads_to_the_page(board, to_host("any.example", "/redirect"))


def test_portal_ends_and_begins_while_the_app_serves(parser):
    with captive(parser, "late") as board:
        assert status_for(board, "example.com", "/nowhere") == 404
        assert not names_are_answered(board)
        used = []
        for _ in range(4):
            assert board.ask("/begin").text == "done"
            assert names_are_answered(board)
            assert status_for(board, "example.com", "/nowhere") == 302
            assert board.ask("/end").text == "done"
            assert not names_are_answered(board)
            assert status_for(board, "example.com", "/nowhere") == 404
            assert status_for(board, "example.com", "/refused") == 403
            used.append(board.ask().json())
        assert used[0]["hooks"] == used[-1]["hooks"] == 1 and used[-1]["background"] == 0
        assert used[-1]["used"] <= used[0]["used"] + 256


def test_portal_ends_and_begins_with_the_app(parser):
    with captive(parser) as board:
        files = None
        for _ in range(3):
            assert names_are_answered(board)
            assert status_for(board, "example.com") == 302
            assert board.ask("/stop").text == "done"
            assert not names_are_answered(board)
            files = files or board.control.open_files()
            assert open_files_fall_to(board.control, files)
            assert board.ask("/start").text == "done"


def test_port_that_is_in_use(parser):
    """The app does not start by halves, and starts when it is free."""
    with captive(parser) as board:
        board.ask("/stop")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", board.names))
            assert board.ask("/start").text == "OSError 98"
            with pytest.raises(ConnectionRefusedError):
                board.client()
        assert board.ask("/start").text == "done"
        assert names_are_answered(board)


def test_what_is_refused(board):
    said = board.ask("/wrong").text.split()
    assert said == ["ValueError"] * 5 + ["TypeError", "OSError"]
    assert board.ask().json()["background"] == 1


def test_socket_that_breaks(parser):
    """One line, and the app goes on."""
    with captive(parser) as board:
        board.ask("/break")
        board.control.wait_for_line("answers for names end: OSError")
        assert board.ask().status_code == 200
        assert status_for(board, "example.com") == 302
        assert len(board.control.console) == 1
        assert board.ask("/stop").text == board.ask("/start").text == "done"
        assert names_are_answered(board)


def test_where_no_more_sockets_than_a_boards_are_free(parser):
    """Four connections, which phones that are silent have taken, and one to refuse by."""
    with captive(parser) as board:
        control = board.control
        held = control.open_files() + 1  # httpx has one
        resource.prlimit(control.process.pid, resource.RLIMIT_NOFILE, (held + 5, held + 5))
        phones = [board.client() for _ in range(12)]
        for phone in phones:
            phone.send(request("/setup")[:10])
        assert board.dig("+short", "captive.apple.com").split() == [IP]
        for host, path in PROBES:
            leads_to_the_page(board, to_host(host, path))
        assert status_for(board, IP, "/setup") == 200
        for phone in phones:
            phone.close()
