"""What a client does with the programs of bench/programs/, and checks: one for each."""

import base64
import contextlib
import json
import os

from bench.client import BROWSER, WebSocket
from bench.meter import Client

FIRMWARE = bytes(range(256)) * 6144  # 1.5 MB
FORM = "application/x-www-form-urlencoded"
TOLD = 3  # events
CHATTERS = ("ada", "bob", "cy")
# the fields of a browser's request, but for those that a visit sets
_FIELDS = [
    line
    for line in BROWSER.read_text().splitlines()[1:]
    if line and not line.lower().startswith(("cache-control", "referer"))
]


def request(method, path, body=None, type=None, **fields):
    lines = [f"{method} {path} HTTP/1.1", *_FIELDS]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    if type:
        lines.append(f"Content-Type: {type}")
    if body is not None:
        body = body.encode() if isinstance(body, str) else body
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Visitor(Client):
    """A client in a hurry that asks as a browser does."""

    def __init__(self, program):
        super().__init__(program, wait=False)

    def ask(self, method, path, status, body=None, type=None, **fields):
        answer = self.exchange(request(method, path, body, type, **fields))
        assert answer.status == status, (method, path, answer)
        return answer

    def as_json(self, method, path, status, value=None, **fields):
        body = None if value is None else json.dumps(value)
        answer = self.ask(method, path, status, body, "application/json", **fields)
        assert answer.fields["content-type"].startswith("application/json"), answer
        return json.loads(answer.body)


@contextlib.contextmanager
def visitors(program, n):
    """Clients whose connections are closed in the end."""
    clients = [Visitor(program) for _ in range(n)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


# -- the dashboard


def _events(s, n):
    """The data of the next events of a stream, be it in chunks or not."""
    received = b""
    data = []
    while len(data) < n:
        piece = s.recv(4096)
        assert piece, received
        received += piece
        lines = received.split(b"\n")
        data = [line[6:] for line in lines[:-1] if line.startswith(b"data: ")]
    return [json.loads(line) for line in data]


def dashboard(program):
    files = {name: program.file(name) for name in DASHBOARD_FILES}
    with visitors(program, 3) as (first, second, stream):
        page = first.ask("GET", "/", 200)
        assert page.body == files["index.html"], page
        assert page.fields["content-type"].startswith("text/html"), page
        # a browser asks for both at once
        first.send(request("GET", "/static/app.js"))
        second.send(request("GET", "/static/style.css"))
        for client, name in ((first, "app.js"), (second, "style.css")):
            answer = client.receive()
            assert (answer.status, answer.body) == (200, files[name]), answer
        assert first.as_json("GET", "/api/values", 200)["name"] == "attic"
        stream.send(request("GET", "/events", Accept="text/event-stream"))
        events = _events(stream.socket, TOLD)
        assert [e["count"] for e in events] == list(range(2, 2 + TOLD)), events
        answer = first.ask("POST", "/settings", 303, "name=loft&interval=50", FORM)
        assert answer.fields["location"] == "/", answer
        assert first.ask("GET", "/", 200).body == files["index.html"]
        assert second.as_json("GET", "/api/values", 200)["name"] == "loft"
        assert _events(stream.socket, TOLD)[-1]["name"] == "loft"
        second.ask("POST", "/settings", 400, "name=loft&interval=often", FORM)
        first.ask("GET", "/static/none.png", 404)
        first.ask("GET", "/none", 404)


# -- the updater


def updater(program, firmware=FIRMWARE):
    right = "Basic " + base64.b64encode(b"admin:secret").decode()
    wrong = "Basic " + base64.b64encode(b"admin:guess").decode()
    with visitors(program, 1) as (client,):
        for fields in ({}, {"Authorization": wrong}):
            answer = client.ask("GET", "/", 401, **fields)
            assert answer.fields["www-authenticate"].startswith("Basic realm="), answer
        page = client.ask("GET", "/", 200, Authorization=right)
        assert b"<title>Update</title>" in page.body, page
        client.ask("PUT", "/update", 401, bytes(1024))
        taken = client.ask(
            "PUT", "/update", 200, firmware, "application/octet-stream", Authorization=right
        )
        assert json.loads(taken.body) == {"size": len(firmware)}, taken
        assert program.file("firmware.bin") == firmware
        state = client.as_json("GET", "/state", 200, Authorization=right)
        assert state == {"size": len(firmware)}, state


# -- the chat


def _log_in(client, name):
    """The cookie."""
    client.ask("GET", "/login", 200)
    client.ask("POST", "/login", 401, f"name={name}&password=guess", FORM)
    answer = client.ask("POST", "/login", 303, f"name={name}&password=secret", FORM)
    assert answer.fields["location"] == "/", answer
    return answer.fields["set-cookie"].split(";")[0]


def open_socket(program, path="/chat", **fields):
    client = Visitor(program)
    fields |= {
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    head = request("GET", path, **fields)
    client.send(head.replace(b"Connection: keep-alive", b"Connection: Upgrade"))
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.socket.recv(4096)
        assert piece, received
        received += piece
    assert received.startswith(b"HTTP/1.1 101 ") and WebSocket.ACCEPT in received, received
    assert received.endswith(b"\r\n\r\n"), received
    return client.socket


def say(s, text):
    data = text.encode()
    key = os.urandom(4)
    masked = bytes(byte ^ key[i & 3] for i, byte in enumerate(data))
    s.sendall(bytes((0x81, 0x80 | len(data))) + key + masked)


def hear(s):
    """A short text message."""
    frame = b""
    while len(frame) < 2 or len(frame) < 2 + frame[1]:
        piece = s.recv(2 - len(frame) if len(frame) < 2 else 2 + frame[1] - len(frame))
        assert piece, frame
        frame += piece
    assert frame[0] == 0x81, frame
    return frame[2:].decode()


def chat(program):
    with visitors(program, 1) as (client,):
        answer = client.ask("GET", "/", 303)
        assert answer.fields["location"] == "/login", answer
        client.ask("GET", "/chat", 401)
        cookies = {name: _log_in(client, name) for name in CHATTERS}
        page = client.ask("GET", "/", 200, Cookie=cookies["ada"])
        assert b"/chat.js" in page.body, page
        sockets = {name: open_socket(program, Cookie=cookie) for name, cookie in cookies.items()}
        # what its handler does first may come after the handshake
        client.ask("GET", "/login", 200)
        for turn in range(10):
            for name, s in sockets.items():
                say(s, f"message {turn}")
                for other in sockets.values():
                    assert hear(other) == f"{name}: message {turn}"
        for s in sockets.values():
            s.close()
        answer = client.ask("POST", "/logout", 303, "", FORM, Cookie=cookies["ada"])
        assert answer.fields["location"] == "/login", answer
        client.ask("GET", "/", 303, Cookie=cookies["ada"])


# -- the API


def api(program):
    token = {"Authorization": "Bearer secret"}
    with visitors(program, 1) as (client,):
        assert client.as_json("GET", "/items", 200) == []
        item = {"name": "lamp", "value": 1}
        assert "error" in client.as_json("POST", "/items", 401, item)
        answer = client.ask("POST", "/items", 201, json.dumps(item), "application/json", **token)
        assert answer.fields["location"] == "/items/1", answer
        assert answer.fields["access-control-allow-origin"] == "*", answer
        made = {"id": 1, **item}
        assert json.loads(answer.body) == made, answer
        for value in range(2, 9):
            client.as_json("POST", "/items", 201, {**item, "value": value}, **token)
        assert client.as_json("GET", "/items/1", 200) == made
        assert len(client.as_json("GET", "/items?least=5", 200)) == 4
        made["value"] = 9
        assert client.as_json("PUT", "/items/1", 200, {"value": 9}, **token) == made
        missing = client.as_json("POST", "/items", 400, {"name": "lamp"}, **token)
        assert missing == {"error": "missing value"}, missing
        client.ask("POST", "/items", 400, "{", "application/json", **token)
        client.ask("DELETE", "/items/1", 204, **token)
        for number in ("1", "99"):
            assert client.as_json("GET", f"/items/{number}", 404) == {"error": "not found"}
        assert client.as_json("GET", "/none", 404) == {"error": "not found"}
        assert client.as_json("DELETE", "/items/1", 404, **token) == {"error": "not found"}
        assert len(client.as_json("GET", "/items", 200)) == 7


DASHBOARD_FILES = ("index.html", "app.js", "style.css")
VISITS = {visit.__name__: visit for visit in (dashboard, updater, chat, api)}
