"""Pages out of files, and text for HTML and URLs."""

import html
from urllib.parse import parse_qs, quote

import httpx
import pytest
from wire import Client, request, wait_until
from www import asking, served


@pytest.fixture(scope="module")
def server(parser, tmp_path_factory):
    with served(parser, False, tmp_path_factory.mktemp("templates")) as server:
        yield server


@pytest.fixture
def client(server):
    with asking(server) as client:
        yield client


def page(server, client, text, query="title=%3Ca%20b%3E"):
    (server.folder / "t.html").write_text(text)
    return client.get("/page/t.html?" + query)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", ""),
        ("plain", "plain"),
        ("{{title}}", "&lt;a b&gt;"),
        ("{{!title}}", "<a b>"),
        ("<{{ title }}>{{! title }}{{n}}", "<&lt;a b&gt;><a b>1.5"),
        ("{{items}}|{{!items}}", "&lt;&gt;|<>"),
        ("{{!rows}}", "<tr>0</tr><tr>1</tr><tr>2</tr>"),
        ("{{rows}}", "&lt;tr&gt;0&lt;/tr&gt;&lt;tr&gt;1&lt;/tr&gt;&lt;tr&gt;2&lt;/tr&gt;"),
        ("{ { } {x} }} {", "{ { } {x} }} {"),
        ("gr\u00fcn {{title}} \U0001f600", "gr\u00fcn &lt;a b&gt; \U0001f600"),
    ],
)
def test_pages(server, client, text, expected):
    response = page(server, client, text)
    assert (response.status, response.text) == (200, expected)
    assert response["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("tail", ["y", "y" * 1500])
def test_names_lie_across_what_is_read_at_once(server, client, tail):
    for n in range(1010, 1028):
        text = "x" * n + "{{title}}{" + tail + "{{n}}{"
        expected = "x" * n + "&lt;a b&gt;{" + tail + "1.5{"
        assert page(server, client, text).text == expected


@pytest.mark.parametrize("text", ["{{none}}", "{{", "a{{title", "{{}}", "{{" + "x" * 100 + "}}"])
def test_a_page_that_is_wrong_is_a_fault(server, client, text):
    assert page(server, client, text).status == 500


def test_a_page_that_is_not_there(client):
    assert client.get("/page/none.html").status == 500


def test_a_page_larger_than_memory(server):
    """Five megabytes of rows in a heap of two, for HTTP/1.0 as well."""
    n = 400_000
    rows = "".join(f"<tr>{i}</tr>" for i in range(n))
    (server.folder / "big.html").write_text("<table>{{!rows}}</table>")
    for version in ("1.0", "1.1"):
        with Client(server) as client:
            client.send(request(f"/page/big.html?n={n}", version=version))
            assert client.receive().text == f"<table>{rows}</table>"


def test_the_file_of_a_page_is_closed(server):
    (server.folder / "big.html").write_text("<table>{{!rows}}</table>")
    with Client(server, window=4096) as client:
        client.send(request("/page/big.html?n=1000000"))
        client.until(b"<table>")
    wait_until(lambda: server.open_files() <= server.idle_files)


# -- text


@pytest.mark.parametrize(
    "text",
    ["", "abc", "<a href=\"x\">'&amp;'</a>", "a b/c?d=e&f%", "gr\u00fcn \U0001f600", "\x01\x7f"],
)
def test_quoting(server, text):
    got = httpx.get(server.url("/quoted"), params={"s": text}).json()
    escaped, path, segment, pairs, both = got
    assert html.unescape(escaped) == text
    assert not set(escaped) & set("<>\"'")
    assert (path, segment) == (quote(text), quote(text, ""))
    assert parse_qs(pairs, keep_blank_values=True) == {"a b": [text], "c": ["1"]}
    assert parse_qs(both, keep_blank_values=True) == {"s": [text, "x"]}


@pytest.mark.parametrize(
    "to,location",
    [
        ("/a?b=c#d", "/a?b=c#d"),
        ("https://[::1]:80/a;b=c,d/(e)!$&'*+@%20", "https://[::1]:80/a;b=c,d/(e)!$&'*+@%20"),
        ("/a b", "/a%20b"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/gr\u00fcn", "/gr%C3%BCn"),
    ],
)
def test_redirect_quotes_what_no_url_can_hold(client, to, location):
    assert client.get("/redirect?to=" + quote(to))["location"] == location
