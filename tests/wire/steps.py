"""Steps for Client.run(): functions of the client."""

import contextlib
import select
import socket

from wire.client import wait_until


def FIN(client):
    client.socket.shutdown(socket.SHUT_WR)


def RST(client):
    client.reset()


def END(client):
    """The server ends the connection, with no more bytes before."""
    assert client.at_end(), client.received


def CONTINUE(client):
    """The client is asked for the body."""
    assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"


def CUT(client):
    """The server ends the connection in the midst of a chunked response."""
    head = client.until(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    while client.more():
        pass
    assert client.received and not client.received.endswith(b"0\r\n\r\n")


def ACCEPTED(client):
    wait_until(lambda: client.server.open_files() > client.server.idle_files)


def LET_GO(client):
    """The server gives up a client that is still there, and reads nothing."""
    wait_until(lambda: client.server.open_files() <= client.server.idle_files)


def SOME(client):
    """A part of a response is there."""
    assert client.more()


def gets(data):
    """These bytes come next."""

    def step(client):
        assert client.take(len(data)) == data

    return step


def body(data):
    """A 200 comes with this body."""

    def step(client):
        response = client.receive()
        assert (response.status, response.body) == (200, data), response

    return step


def each_byte(data):
    return [bytes([b]) for b in data]


def drip(data):
    """A byte now and then, until an answer comes."""

    def step(client):
        for byte in data:
            client.socket.sendall(bytes([byte]))
            if select.select([client.socket], [], [], 0.05)[0]:
                return
        raise AssertionError("no answer")

    return step


def flood(piece, most):
    """Bytes without end, until an answer comes or the connection is gone."""

    def step(client):
        with contextlib.suppress(OSError):
            for _ in range(most):
                client.socket.sendall(piece)
                if select.select([client.socket], [], [], 0)[0]:
                    break

    return step


def fill(piece):
    """Bytes until the server takes no more."""

    def step(client):
        client.socket.settimeout(0.2)
        with contextlib.suppress(OSError):
            for _ in range(9999):
                client.socket.sendall(piece)
        client.socket.settimeout(10)

    return step
