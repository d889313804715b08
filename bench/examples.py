"""The files of examples/ on a small board: the smallest heap with the portable parser, whose
files lie in the heap, in which each does what it is for."""

import json

from matrix import PORTABLE, ROOT

from bench.measures import attempt
from bench.meter import FAILURES, OURS, running, smallest
from bench.visits import FORM, Visitor, hear, open_socket, request, say, visitors

LEAST, MOST = 16, 160  # KiB of heap
_PANEL = ROOT / "examples" / "device" / "panel"
# on which an example listens where it is told, whatever it says itself
_HERE = b"""import sys
import web
_App = web.App
def _here(**arguments):
    arguments['host'] = '127.0.0.1'
    arguments['port'] = int(sys.argv[1])
    return _App(**arguments)
web.App = _here
"""


def _hello(client):
    assert client.ask("GET", "/", 200).body == b"Hello world!"


def _form(client):
    assert client.ask("POST", "/", 200, "name=Ada", FORM).body == b"Hello Ada!"


def _api(client):
    token = {"Authorization": "Bearer secret"}
    assert client.as_json("PUT", "/leds/3", 201, {"on": True}, **token)["on"]
    assert client.as_json("GET", "/leds", 200) == [{"led": 3, "on": True}]
    client.as_json("PUT", "/leds/3", 401, {"on": True})
    client.as_json("GET", "/leds/4", 404)


def _events(client):
    client.send(request("GET", "/events", Accept="text/event-stream"))
    received = b""
    while b"Hello world #2\n\n" not in received:
        piece = client.socket.recv(4096)
        assert piece, received
        received += piece


def _websocket(client):
    s = open_socket(client.program, path="/ws")
    say(s, "hello")
    assert hear(s) == "hello"
    s.close()


def _upload(client):
    made = client.ask("PUT", "/files/image.bin", 201, bytes(20000))
    assert json.loads(made.body) == {"name": "image.bin", "size": 20000}
    client.ask("POST", "/settings", 303, "name=Ada&theme=dark", FORM)
    assert client.ask("GET", "/log.csv", 200).body.count(b"\n") == 1000


def _message(s, received=b""):
    """The next message from a WebSocket, text or not, and what came behind it."""
    while True:
        start = 4 if received[1:2] == b"\x7e" else 2
        if len(received) >= start:
            end = start + (int.from_bytes(received[2:4], "big") if start == 4 else received[1])
            if len(received) >= end:
                return received[start:end], received[end:]
        piece = s.recv(4096)
        assert piece, received
        received += piece


def _device(client):
    """A browser that opens the page, has the board measure, and uses all that it has."""
    program = client.program
    client.ask("GET", "/", 303)
    client.ask("GET", "/login", 200)
    password = "password=correct+horse"
    done = client.ask("POST", "/login", 303, password + "&repeat=correct+horse", FORM)
    signed = {"Cookie": done.fields["set-cookie"].split(";")[0]}
    client.ask("GET", "/", 200, **signed)
    with visitors(program, 3) as others:
        # a browser asks for what the page needs at once
        names = [path.name for path in _PANEL.glob("www/*.*s*")]
        for at in range(0, len(names), len(others)):
            asked = list(zip(others, names[at:]))
            for other, name in asked:
                other.send(request("GET", "/static/" + name, **signed))
            for other, name in asked:
                assert other.receive().body == (_PANEL / "www" / name).read_bytes(), name
    fields = {
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with visitors(program, 1) as (socket,):
        head = request("GET", "/ws", **signed, **fields)
        socket.send(head.replace(b"Connection: keep-alive", b"Connection: Upgrade"))
        s = socket.socket
        received = b""
        while b"\r\n\r\n" not in received:
            received += s.recv(1) or b"\r\n\r\n"
        told, received = _message(s)
        assert b'"plots"' in told, told
        for _ in range(4):  # what was measured before, and what is now
            _, received = _message(s, received)
        upload = bytes(range(256)) * 400
        client.ask("PUT", "/files/image.bin", 201, upload, **signed)
        assert client.ask("GET", "/files/image.bin", 200, **signed).body == upload
        assert b"image.bin" in client.ask("GET", "/list", 200, **signed).body
        client.as_json("POST", "/move/image.bin", 200, {"to": "b.bin"}, **signed)
        client.ask("DELETE", "/files/b.bin", 204, **signed)
        client.ask("GET", "/board", 200, **signed)
        say(s, json.dumps({"run": "for i in range(3): print(i)"}))
        while b'"out"' not in told:
            told, received = _message(s, received)
        assert b"0\\n1\\n2\\n" in told, told


EXAMPLES = {
    "hello": _hello,
    "form": _form,
    "events": _events,
    "websocket": _websocket,
    "api": _api,
    "upload": _upload,
    "device/main": _device,
}


def _beside(name):
    """The files that lie beside an example."""
    if "/" not in name:
        return {}
    folder = (ROOT / "examples" / name).parent
    paths = [path for path in folder.glob("*/**/*.*") if path.suffix != ".pyc"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def works(name, heap):
    script = _HERE + (ROOT / "examples" / f"{name}.py").read_bytes()
    try:
        with running(OURS, script, heap=heap, arch=PORTABLE, files=_beside(name)) as program:
            client = Visitor(program)
            EXAMPLES[name](client)
            client.close()
    except FAILURES:
        return False
    return True


def heap(name):
    return smallest(lambda size: works(name, size), LEAST, MOST)


def measure():
    """{example: the smallest heap in bytes}"""
    return {name: attempt(heap, name) for name in EXAMPLES}
