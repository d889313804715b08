"""WebSockets and event streams in a real browser."""

import time

import httpx
import pytest

SCRIPT = """
    var path = '/ws';

    function open(...protocols) {
        const ws = new WebSocket(`ws://${location.host}${path}${location.search}`, ...protocols);
        ws.binaryType = 'arraybuffer';
        ws.next = () => new Promise(resolve => ws.onmessage = e => resolve(e.data));
        ws.ended = new Promise(resolve => ws.onclose =
            e => resolve([e.code, e.reason, e.wasClean]));
        return new Promise((resolve, reject) => {
            ws.onopen = () => resolve(ws);
            ws.onerror = () => reject(Error('WebSocket'));
        });
    }
"""


@pytest.fixture
def page(browser, interop, visitor):
    """A page of our server, in which open() makes a WebSocket, whose next() is its next
    message."""
    page = browser.new_page()
    page.goto(interop.url("/?" + visitor))
    page.add_script_tag(content=SCRIPT)
    yield page
    page.close()


@pytest.mark.parametrize("path,extension", [("/ws", ""), ("/deflate", "permessage-deflate")])
def test_echo(page, path, extension):
    script = """async ([to, extension]) => {
        path = to;
        const wrong = [];
        const ws = await open();
        if (ws.extensions.split(';')[0] !== extension) wrong.push(ws.extensions);
        const text = 'Grüße 😀'.repeat(5000);
        ws.send(text);
        if (await ws.next() !== text) wrong.push('text');
        const data = crypto.getRandomValues(new Uint8Array(50000));
        const blob = new Blob([data, data]);
        const sent = new Uint8Array(await blob.arrayBuffer());
        for (const message of [sent.buffer, blob]) {
            ws.send(message);
            const got = new Uint8Array(await ws.next());
            if (got.length !== 100000 || got.some((x, i) => x !== sent[i])) wrong.push('binary');
        }
        return wrong;
    }"""
    assert page.evaluate(script, [path, extension]) == []


def test_subprotocol(page):
    protocols = page.evaluate("""async () => [
        (await open(['none', 'log'])).protocol,
        (await open()).protocol,
        await open('none').catch(e => e.message),
    ]""")
    assert protocols == ["log", "", "WebSocket"]


@pytest.mark.parametrize("code,reason", [(1000, ""), (3001, "genug")])
def test_browser_closes(page, interop, visitor, code, reason):
    seen = page.evaluate(
        """async how => {
            const ws = await open();
            ws.close(...how);
            return ws.ended;
        }""",
        [code, reason],
    )
    assert seen == [code, "", True]
    interop.wait_for_line(f"ended {visitor} {code} {reason}")


@pytest.mark.parametrize(
    "message,seen", [("close", [4001, "Schluß", True]), ("fault", [1011, "", True])]
)
def test_server_closes(page, message, seen):
    script = """async message => {
        const ws = await open();
        ws.send(message);
        return ws.ended;
    }"""
    assert page.evaluate(script, message) == seen


def test_leaving_the_page(page, interop, visitor):
    page.evaluate("async () => { window.ws = await open(); }")
    page.goto("about:blank")
    interop.wait_for_line(f"ended {visitor} 1001")


def test_events(page):
    """The browser connects anew and goes on where the last connection ended."""
    events = page.evaluate("""() => new Promise(resolve => {
        const source = new EventSource('/events');
        const events = [];
        const add = e => {
            if (events.push([e.type, e.lastEventId, e.data]) === 6) {
                source.close();
                resolve(events);
            }
        };
        source.onmessage = add;
        source.addEventListener('note', add);
    })""")
    assert events == [
        ["message", "1", "one\nof 1"],
        ["note", "2", "after None"],
        ["message", "3", "one\nof 3"],
        ["note", "4", "after 2"],
        ["message", "5", "one\nof 5"],
        ["note", "6", "after 4"],
    ]


def test_browser_stops_listening(page, interop, visitor):
    page.evaluate("""() => new Promise(resolve => {
        const source = new EventSource('/ticks' + location.search);
        source.onmessage = () => resolve(source.close());
    })""")
    interop.wait_for_line(f"left {visitor}")


def test_event_sources_that_are_closed_at_once(page, interop):
    page.evaluate("""async () => {
        for (let i = 0; i < 60; i++) {
            const source = new EventSource('/ticks?closed-at-once');
            await new Promise(done => setTimeout(done, i % 6));
            source.close();
        }
    }""")
    deadline = time.monotonic() + 10
    while (found := httpx.get(interop.url("/streams")).text) != "0":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
