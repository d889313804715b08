"""A board with a captive portal, for the tests of it."""

import contextlib
import socket
import subprocess

import httpx
from conftest import DEVICE, free_port, serving
from wire import Client

HEAD = b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
QUESTION = HEAD + b"\3www\7example\0\0\1\0\1"
IP = "192.168.4.1"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Board:
    """The process of tests/device/captive.py: .server is the App that the portal is of."""

    def __init__(self, control, names, port):
        self.control = control
        self.names = names
        self.port = port

    def ask(self, path="/"):
        return httpx.get(self.control.url(path), timeout=20)

    def client(self):
        return Client(self.control, self.port)

    def dig(self, *args):
        done = subprocess.run(
            ["dig", "-p", str(self.names), "@127.0.0.1", "+tries=1", "+time=3", *args],
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout

    def udp(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(5)
        s.connect(("127.0.0.1", self.names))
        return s


@contextlib.contextmanager
def captive(parser, *args, heap="512k"):
    names, port = free_udp_port(), free_port()
    more = str(names), str(port), *args
    with serving(parser, DEVICE / "captive.py", *more, heap=heap) as control:
        yield Board(control, names, port)


def to_host(host, path="/", method="GET", version="1.1", body=b""):
    head = f"{method} {path} HTTP/{version}\r\n"
    if host is not None:
        head += f"Host: {host}\r\n"
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
