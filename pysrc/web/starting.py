# Listening, which a server begins once: this module is dropped when it has.
import asyncio
import socket
from asyncio import core

from micropython import const

import web
from web.conn import Queue, register

_BUFFER = const(768)  # bytes that are read at once; a longer head has a buffer of its own


def listen(server, host, port, ssl):
    """See Server.start()."""
    if server._listener and server.queue is core._io_queue:
        raise OSError(114)  # EALREADY
    if server._listener:
        web.control.abandon(server)
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
    queue = core._io_queue
    if type(queue) is not Queue:
        # the tasks that wait for sockets already go on to do so
        old = queue
        queue = core._io_queue = Queue()
        queue.map = old.map
        queue.poller = old.poller
    if server.queue is not queue:  # what there is is an earlier event loop's
        if server._watch:
            web.control.unwatch(server)
        server.queue = queue
        server.connections = []
        server._needed = asyncio.Event()
    server.buf = bytearray(min(_BUFFER, server.max_head))
    server._spare = server._job = server.full = None
    server.begin()
    register(server, listener, server)
