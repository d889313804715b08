"""The files of examples/ on a small board: the smallest heap with the portable parser, whose
files lie in the heap, in which each does what it is for."""

import json

from matrix import PORTABLE, ROOT

from bench.measures import attempt
from bench.meter import FAILURES, OURS, running, smallest
from bench.visits import FORM, Visitor, hear, open_socket, request, say

LEAST, MOST = 16, 96  # KiB of heap
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


EXAMPLES = {
    "hello": _hello,
    "form": _form,
    "events": _events,
    "websocket": _websocket,
    "api": _api,
    "upload": _upload,
}


def works(name, heap):
    script = _HERE + (ROOT / "examples" / f"{name}.py").read_bytes()
    try:
        with running(OURS, script, heap=heap, arch=PORTABLE) as program:
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
