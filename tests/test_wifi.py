"""examples/wifi.py, as somebody with a phone goes through it. Only the radio is a stand-in."""

import contextlib
import json

import dns.exception
import dns.message
import dns.query
import httpx
import pytest
from captive import free_udp_port
from conftest import DEVICE, MICROPYTHON, ROOT, Server, packages
from wire import wait_until

HOSTILE = '<script>document.title="owned"</script>"\'>&<img src=x onerror=alert(1)>'[:32]
HOME = "Zuhause <3"
PASSWORD = "geheim & sicher"


class Phone:
    """.get(url) as a browser in the board's network: each name is asked for, and redirects
    are followed."""

    def __init__(self, server, names):
        self.server = server
        self.names = names
        self.http = httpx.Client(timeout=20)

    def address(self, host):
        query = dns.message.make_query(host, "A")
        answer = dns.query.udp(query, "127.0.0.1", 5, self.names)
        return str(answer.answer[0][0])

    def get(self, host, path="/", method="GET", **options):
        headers = {"Host": host}
        return self.http.request(method, self.server.url(path), headers=headers, **options)

    def page(self):
        return self.get("127.0.0.1").text

    def save(self, ssid, password, field="ssid"):
        data = {field: ssid, "password": password}
        return self.get("127.0.0.1", "/save", "POST", data=data)

    def has_no_portal(self):
        with contextlib.suppress(OSError, dns.exception.Timeout):
            dns.query.udp(dns.message.make_query("a", "A"), "127.0.0.1", 1, self.names)
            return False
        # which web.protect() refuses then
        return self.get("captive.apple.com", "/").status_code == 421


def air(folder, **networks):
    found = {name.encode().hex(): key for name, key in networks.items()}
    text = json.dumps({"30ff": "no UTF-8"} | found)
    (folder / "air.new").write_text(text)
    (folder / "air.new").rename(folder / "air.json")


@pytest.fixture
def board(parser, tmp_path):
    """The example runs; .folder has its files, .phone() is one in its network."""
    names = free_udp_port()

    def command(port):
        script = [DEVICE / "wifi.py", ROOT / "examples/wifi.py", str(names), str(port)]
        return [MICROPYTHON, "-X", "heapsize=512k", *script]

    servers = []

    def start():
        path = f"{packages(parser)}:{DEVICE / 'air'}"
        servers.append(Server(parser, command, path, tmp_path))
        return Phone(servers[-1], names)

    air(tmp_path, **{HOSTILE: "", HOME: PASSWORD, "hidden\n": "x" * 8})
    yield start
    for server in servers:
        server.stop()


def text_is(phone, text):
    wait_until(lambda: text in phone.page(), 20)


def test_setting_up(board, tmp_path):
    """Name, probe, page, form, connected, and the portal is gone."""
    phone = board()
    phone.server.wait_for_line("access point on")
    assert phone.address("captive.apple.com") == "127.0.0.1"
    probe = phone.get("captive.apple.com", "/hotspot-detect.html")
    assert (probe.status_code, probe.headers["cache-control"]) == (302, "no-store")
    page = phone.http.get(probe.headers["location"])
    assert page.status_code == 200 and "viewport" in page.text
    assert 'value="Zuhause &lt;3"' in page.text
    assert "<script" not in page.text and "&lt;script&gt;" in page.text
    assert "hidden" not in page.text
    assert phone.save(HOME, PASSWORD).headers["location"] == "/"
    text_is(phone, "http://192.168.1.50/")
    phone.server.wait_for_line("access point off")
    wait_until(phone.has_no_portal)
    assert phone.save(HOME, "another one").status_code == 403
    assert json.loads((tmp_path / "wifi.json").read_text()) == {"ssid": HOME, "password": PASSWORD}
    assert not (tmp_path / "wifi.json.new").exists()
    assert not [line for line in phone.server.console if PASSWORD in line or "web:" in line]


def test_wrong_password_and_another_try(board):
    phone = board()
    phone.server.wait_for_line("access point on")
    phone.save(HOME, "wrong password")
    text_is(phone, "The password of Zuhause &lt;3 is another.")
    phone.save("nowhere", "12345678", "other")
    text_is(phone, "nowhere does not answer.")
    wrong = [("", "12345678", "Which network?"), (HOME, "short", "8 characters")]
    for ssid, password, said in [*wrong, ("x" * 33, "", "Which network?")]:
        phone.save(ssid, password)
        text_is(phone, said)
    assert phone.server.console.count("access point on") == 1
    phone.save(HOME, PASSWORD)
    phone.server.wait_for_line("access point off")


def test_network_that_goes_away(board, tmp_path):
    """The board comes back to it by itself, and opens its own meanwhile; and it knows it
    when it is started again."""
    (tmp_path / "wifi.json").write_text(json.dumps({"ssid": HOME, "password": PASSWORD}))
    phone = board()
    wait_until(phone.has_no_portal)
    assert "access point on" not in phone.server.console
    air(tmp_path)
    phone.server.wait_for_line("access point on", 30)
    text_is(phone, "does not answer")
    assert phone.address("example.com") == "127.0.0.1"
    air(tmp_path, **{HOME: PASSWORD})
    phone.server.wait_for_line("access point off", 40)
    wait_until(phone.has_no_portal)


@pytest.mark.parametrize("known", ["{", '{"ssid": "', "", "[1]", '{"ssid": "a"}'])
def test_settings_that_are_broken(board, tmp_path, known):
    (tmp_path / "wifi.json").write_text(known)
    board().server.wait_for_line("access point on")


def test_button(board, tmp_path):
    """Held, it has the board forget; pressed for a moment it does not."""
    (tmp_path / "wifi.json").write_text(json.dumps({"ssid": HOME, "password": PASSWORD}))
    phone = board()
    wait_until(phone.has_no_portal)
    (tmp_path / "pressed").touch()
    phone.server.wait_for_line("access point on", 20)
    assert not (tmp_path / "wifi.json").exists()


def test_pages_of_other_origins_can_set_nothing(board):
    phone = board()
    phone.server.wait_for_line("access point on")
    data = {"ssid": HOME, "password": PASSWORD}
    headers = {"Origin": "http://evil.example"}
    answer = httpx.post(phone.server.url("/save"), data=data, headers=headers)
    assert answer.status_code == 403
    assert "connect" not in " ".join(phone.server.console[1:])


def test_page_on_a_phone(board, browser, tmp_path):
    """In a browser: it fits, hostile names are text, and it can be filled in."""
    phone = board()
    phone.server.wait_for_line("access point on")
    page = browser.new_page(viewport={"width": 320, "height": 568}, is_mobile=True)
    try:
        page.on("dialog", lambda dialog: pytest.fail("a name is run"))
        page.goto(phone.server.url("/"))
        assert page.title() == "Wi-Fi"
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.get_by_label(HOSTILE).count() == 1
        for box in page.locator("button, input:not([type=radio])").all():
            assert box.bounding_box()["height"] >= 40
        page.get_by_label(HOME).check()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Connect").click()
        phone.server.wait_for_line("access point off")
    finally:
        page.close()
