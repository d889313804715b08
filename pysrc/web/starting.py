# Listening, which a server begins once: this module is dropped when it has.
import asyncio
import socket
from asyncio import core

from web.conn import later


def listen(server, host, port, ssl):
    """See Server.start()."""
    if server._listener and server.queue is core._io_queue:
        raise OSError(114)  # EALREADY
    if server._listener:
        later("control", "abandon", server)
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        address = socket.getaddrinfo(host or server.host, port or server.port)[0][-1]
        listener.bind(address)
        listener.listen(server.backlog)
    except BaseException:
        listener.close()
        raise
    server._ssl = ssl
    server.stopping = server.last = False
    server.stopped.clear()
    server._listener = listener
    if server.queue is not core._io_queue:  # what there is is an earlier event loop's
        if server._watch:
            later("control", "unwatch", server)
        server.queue = core._io_queue
        server.connections = []
        server.streams = []
    server._task = asyncio.create_task(server._accept_all(listener))
