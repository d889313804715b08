# Calls of other threads and of interrupts, for the event loop.
import io
import sys

from micropython import const, schedule

import web
from web.conn import no_tasks, register

try:
    from _thread import get_ident
except ImportError:  # a port without threads

    def get_ident():
        pass


_SOCKETS = const(128)  # of a computer, see _make_room()


def _make_room(queue):
    # When the unix port's poller gets more file descriptors than it has room for, it moves
    # them, and takes what has none for one of them, which crashes (extmod/modselect.c).
    for fd in range(_SOCKETS):
        queue.poller.register(fd)
    for fd in range(_SOCKETS):
        queue.poller.unregister(fd)
    queue.has_room = True


class Outside(io.IOBase):
    # What App.threadsafe() returns. To the event loop's poller it is a stream, of which there
    # is something to read while calls wait.

    task = None  # see web.background
    __iter__ = no_tasks

    def __init__(self, app, function, most):
        self.app = app
        self._function = function
        self._most = most
        self._calls = []
        self._thread = get_ident()
        self._queue = None  # that knows of it
        self._add = self._calls.append  # made here, for an interrupt may not

    def __call__(self, *args):
        if len(self._calls) >= self._most:
            raise RuntimeError("full")
        # What the firmware schedules is called between two steps of the program's thread, or
        # under its lock: where there is none, a list must not be changed by two threads.
        if get_ident() == self._thread:
            self._add(args)
        else:
            schedule(self._add, args)

    def ioctl(self, request, arg):
        if request == 3:  # MP_STREAM_POLL
            return arg if self._calls else 0
        return -1

    def ready(self):
        # as many as there are now: what these cause must not keep others from running
        for _ in range(len(self._calls)):
            args = self._calls.pop(0)
            try:
                if hasattr(self._function(*args), "throw"):
                    raise TypeError("threadsafe() takes no async def")
            except Exception as e:
                web.console.tell_fault("threadsafe", e)

    def broken(self, e):
        web.console.tell_fault("threadsafe", e)

    def begin(self, server, port):
        if self._queue is not server.queue:
            self._queue = queue = server.queue
            if sys.platform in "linux darwin win32" and not hasattr(queue, "has_room"):
                _make_room(queue)
            register(server, self, self)

    def end(self):
        if self._queue:
            self._queue._dequeue(self)
            self._queue = None

    def abandon(self):
        self._queue = None


def threadsafe(app, function, most=16):
    """Return a function that other threads may call, and what micropython.schedule() calls:
    it has function called with its arguments by the event loop, between the steps of tasks
    and not within one, as long as the app is started.

    function  a plain function or method: a Broadcast's send, say
    most      calls that wait at once

    What it returns raises RuntimeError when as many wait, and from another thread also when
    the firmware's own queue, of 4 to 8, is full. An interrupt must not call it, but
    schedule() that. Raises TypeError for what is no function."""
    if not callable(function):
        raise TypeError("threadsafe() wants a function, not " + repr(function))
    outside = Outside(app, function, most)
    web.background.add(outside)
    return outside
