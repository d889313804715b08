# How a server begins to serve. This room is dropped when it does, as that of routes is before,
# so nothing that stays may be a function of it.
import gc
import sys
from asyncio import core

from micropython import const

import web
from web.conn import Queue, register, reserve

_AT_ONCE = const(1024)  # bytes that are read; a longer head has a buffer of its own
_WORDS = const(24)  # see conn.py
# What start() takes beside host, port and ssl, which is the name of a room as well.
_STARTING = "debug:False"


def _examine(queue):
    # what is taken of asyncio's inside
    for owner, names in (
        (core, ("cur_task", "_task_queue")),
        (queue, ("map", "poller", "_dequeue", "wait_io_event")),
        (core._task_queue, ("push", "pop", "peek", "remove")),
        (core.Task(None), ("data", "ph_key", "state")),
    ):
        for name in names:
            if not hasattr(owner, name):
                raise RuntimeError("this firmware's asyncio has no " + name)


def listen(app, host, port, ssl, options):
    """See App.start()."""
    import socket

    told = (options or app.log) and getattr(web, _STARTING[:5])
    queue = core._io_queue
    _examine(queue)
    reserve.extend([None] * (app.most_connections + _WORDS - len(reserve)))
    gc.collect()
    host = host or app.host
    port = port or app.port
    if app.listener and app.queue is core._io_queue:
        web.help.port(OSError(114), host, port)  # EALREADY
    if app.listener:
        web.control.abandon(app)
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        if port:
            listener.bind(socket.getaddrinfo(host, port)[0][-1])
        else:
            app.port = web.ports.bind(listener, host)
        listener.listen(app.backlog)
    except BaseException as e:
        listener.close()
        web.help.port(e, host, port)
    app.ssl = ssl
    app.stopping = app.last = False
    app.listener = listener
    if type(queue) is not Queue:
        # the tasks that wait for sockets already go on to do so
        old = queue
        queue = core._io_queue = Queue()
        queue.map = old.map
        queue.poller = old.poller
    if app.queue is not queue:  # what there is is an earlier event loop's
        if app.watch:
            web.control.unwatch(app)
        app.queue = queue
        app.connections.clear()
    app.buf = bytearray(min(_AT_ONCE, app.most_head))
    app.full = None
    app.idle_until = app.clock + app.idle_ticks
    app.begin()
    register(app, listener, app)
    _begin_beside(app, port or app.port)
    if told:
        told.begin(app, options, host, port)
    if sys.modules.get("web.setup"):  # what began with the server had a use for it
        web.setup.drop()
    web.forget("opening")  # it is needed once
    names = globals()  # see web.setup.drop()
    names.clear()


def _begin_beside(app, port):
    beside = sys.modules.get("web.background")  # the room's name would stay in memory
    if beside:
        try:
            beside.begin(app, port)
        except BaseException:
            web.control.end_all(app)
            raise
