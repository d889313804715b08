"""What connections keep in use, by what they wait for: bench/cases/*/connections.py."""

import functools
import socket

from bench.client import SHORT, WebSocket
from bench.handlers import browser_request, script
from bench.measures import attempt
from bench.meter import OURS, PEER, Client, running

MORE = 8
_ALWAYS = ("waiting", "stalled", "websocket")
KEEPS = {OURS: ("idle", *_ALWAYS), PEER: _ALWAYS}  # Microdot keeps no connection


def _idle(program):
    client = Client(program)
    client.exchange(browser_request())
    return client


def _waiting(program):
    client = Client(program)
    client.send(browser_request(b"/wait"))
    return client


def _stalled(program):
    s = socket.socket()
    # the less is on its way, the sooner its server waits
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    s.connect(("127.0.0.1", program.port))
    s.sendall(browser_request(b"/stream"))
    return s


def _websocket(program):
    client = WebSocket(None, program.process, program.port, b"/socket")
    client.exchange(SHORT)
    return client


_OPEN = {"idle": _idle, "waiting": _waiting, "stalled": _stalled, "websocket": _websocket}


@functools.cache
def connection(framework, kind):
    """Bytes in use by a connection more."""
    with running(framework, script(framework, "connections"), "used") as program:
        clients = []

        def used(n):
            for _ in range(n):
                clients.append(_OPEN[kind](program))
                program.wait_idle()
            return program.used().now

        few = used(2)
        many = used(MORE)
        for client in clients:
            client.close()
    return round((many - few) / MORE)


def measure():
    """{kind: {framework: bytes}}"""
    return {
        kind: {f: attempt(connection, f, kind) for f in KEEPS if kind in KEEPS[f]} for kind in _OPEN
    }
