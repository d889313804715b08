"""The captive portal, as phones find it: probes, the page, and its end."""

import resource
import socket

import pytest
from captive import IP, QUESTION, captive, to_host
from wire import open_files_fall_to, request


@pytest.fixture(scope="module")
def board(parser):
    with captive(parser) as board:
        yield board


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
