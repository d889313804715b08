"""Event streams as a client reads them."""

import httpx


def test_events_on_the_wire(app):
    """Line breaks in data can't start a field or an event of their own."""
    response = app.exchange(b"GET /events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 41\r\n\r\n")
    head, body = response.split(b"\r\n\r\n", 1)
    assert b"Content-Type: text/event-stream" in head
    assert body.decode() == (
        "data: plain\n\n"
        "id: 7\nevent: note\ndata: two\ndata: lines\ndata: or\ndata: three\n\n"
        "data: bytes\n\n" + "data: refused\n\n" * 3 + "data: 41\n\n"
    )


def test_client_that_leaves_ends_the_stream(app):
    files = app.open_files()
    with httpx.stream("GET", app.url("/endless"), timeout=10) as response:
        assert next(response.iter_lines()) == "data: tick"
    app.wait_for_line("stream ended")
    assert app.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").endswith(b"index")
    assert app.open_files() <= files


def test_two_tasks_do_not_mix_their_events(app):
    response = app.exchange(b"GET /two-writers HTTP/1.1\r\nHost: a\r\n\r\n")
    events = response.split(b"\r\n\r\n", 1)[1].split(b"\n\n")
    assert sorted(events) == [b""] + [
        b"data: " + c * 40000 for c in (b"a", b"b") for _ in range(20)
    ]


def test_heartbeat_and_retry(app):
    with app.connect() as s:
        s.sendall(b"GET /room-events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 41\r\n\r\n")
        received = b""
        while received.count(b": \n\n") < 2:
            received += s.recv(1000)
    body = received.split(b"\r\n\r\n", 1)[1]
    assert body == b"retry: 1000\n\nid: 41\ndata: last\n\n: \n\n: \n\n"
    app.wait_for_line("left events")


def test_client_that_leaves_is_noticed_without_writing(app):
    with app.connect() as s:
        s.sendall(b"GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 200 OK")
        app.wait_for_line("quiet client came")
    app.wait_for_line("quiet client left")
