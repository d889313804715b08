# App(port=0): MicroPython's sockets do not tell which port the system chose, so we choose one.
import os

from micropython import const

_NOBODYS = const(49152)  # of those that are nobody's, RFC 6335 6
_MASK = const(16383)
_TRIES = const(32)


def bind(listener, host):
    """Bind a socket to host, at a port that nobody listens at, and return that. Raises OSError
    when there is none."""
    import socket

    start = int.from_bytes(os.urandom(2), "little")
    tries = _TRIES
    while True:
        port = _NOBODYS + (start + tries & _MASK)
        try:
            listener.bind(socket.getaddrinfo(host, port)[0][-1])
            return port
        except OSError:
            tries -= 1
            if not tries:
                raise
