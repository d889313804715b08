"""The examples, run as they are and driven by the clients that users have."""

import subprocess

import httpx
import pytest
from conftest import ROOT
from websockets.sync.client import connect


def test_hello(example):
    with example("hello.py") as server:
        for _ in range(2):
            done = subprocess.run(
                ["curl", "-sS", "-i", server.url()], capture_output=True, timeout=20
            )
            assert done.stdout == (
                b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\nHello world!"
            ), done.stderr
        assert httpx.get(server.url()).text == "Hello world!"


def test_form(example):
    with example("form.py") as server:
        assert httpx.post(server.url(), data={"name": "Ada & Zoë"}).text == "Hello Ada & Zoë!"
        assert httpx.post(server.url(), content=b"").text == "Hello world!"
        done = subprocess.run(
            ["curl", "-sS", "--data-urlencode", "name=a b", server.url()],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.stdout == "Hello a b!", done.stderr
        # head and body in segments of their own
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n"
        assert server.exchange(head, b"name", b"=Bob").endswith(b"Hello Bob!")


def test_websocket(example):
    with example("websocket.py") as server:
        with connect(server.url("/ws", "ws")) as ws:
            for text in ("hello", "", "Grüße 你好 😀", "x" * 5000):
                ws.send(text)
                assert ws.recv(timeout=10) == text
        server.wait_for_line("Received: Grüße")


def test_events(example):
    with example("events.py") as server:
        with httpx.stream("GET", server.url("/events"), timeout=10) as response:
            assert response.headers["content-type"] == "text/event-stream"
            lines = response.iter_lines()
            got = [next(lines) for _ in range(4)]
        assert got == ["data: Hello world #1", "", "data: Hello world #2", ""]


@pytest.mark.parametrize("name", ["hello", "form", "websocket", "events"])
def test_readme_shows_the_example(name):
    """What the README shows is what the tests above ran."""
    source = (ROOT / "examples" / f"{name}.py").read_text()
    blocks = (ROOT / "README.md").read_text().split("```python\n")[1:]
    shown = [block.split("```")[0] for block in blocks]
    assert any(block.strip() in source for block in shown)


def test_every_readme_block_is_from_an_example():
    sources = [path.read_text() for path in (ROOT / "examples").glob("*.py")]
    for block in (ROOT / "README.md").read_text().split("```python\n")[1:]:
        code = block.split("```")[0].strip()
        assert any(code in source for source in sources), code
