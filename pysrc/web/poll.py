# Waiting for a client's socket in the midst of a request or a response. Once a connection's
# deadline is over, that ends with OSError (ETIMEDOUT).
from asyncio import CancelledError, core
from builtins import len  # found sooner in this module

from micropython import const

import web.stream  # noqa: F401, it has what waiting changes of a connection
from web.conn import register

_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_WRITE = const(1)  # and to write
_EBADF = const(9)
_ETIMEDOUT = const(110)
_POLLIN = const(1)
_POLLOUT = const(4)
_TURNS = const(8)  # socket calls in a row that found no need to wait


def _wait(server, sock, entry, task, direction=_READ):
    """Have task woken when sock is ready: `yield` is to follow, if it is the current
    one. Raises MemoryError, and then nothing is waited for."""
    # what IOQueue.queue_read does, with an entry that is made once
    entry[direction] = task
    try:
        register(server, sock, entry, _POLLOUT if direction else _POLLIN)
    except MemoryError:
        entry[direction] = None
        raise
    task.data = server.queue


def begin_wait(conn, direction):
    """Have the current task woken when the socket is ready: `yield` is to follow.
    Raises OSError, MemoryError."""
    if conn.sock is None:
        raise OSError(_EBADF)
    conn.turns = 0
    if conn.entry is None:
        conn.entry = [None, None, conn.sock]
    if conn.entry[1 - direction] is None:
        _wait(conn.server, conn.sock, conn.entry, core.cur_task, direction)
    elif direction:
        conn.server.queue.queue_write(conn.sock)
    else:
        conn.server.queue.queue_read(conn.sock)


def forget_wait(conn, direction):
    """Clear up after a task that waited for the socket and was removed from the queue."""
    entry = conn.entry
    entry[direction] = None
    other = entry[1 - direction]
    if other and conn.sock:
        # the queue forgot the socket on behalf of the other waiter as well
        _wait(conn.server, conn.sock, entry, other, 1 - direction)


def cancelled(conn, direction):
    """Clear up after the cancelling of a task that waited for the socket. Raises
    OSError if it was expire() that did it."""
    if conn.entry[direction] is core.cur_task:  # no other one has begun to wait since
        forget_wait(conn, direction)
    if conn.expired:
        conn.expired = False
        conn.timed_out = True
        raise OSError(_ETIMEDOUT)


async def receive_into(conn, buf):
    """Read into buf, waiting until there is something. Returns how many bytes
    arrived; 0 at the end of the stream. Raises OSError."""
    conn.turns += 1
    if conn.turns > _TURNS:  # as give_way(), without a further coroutine
        conn.turns = 0
        await core.sleep_ms(0)
    while True:
        if not conn.drained:
            if conn.sock is None:
                raise OSError(_EBADF)
            try:
                n = conn.sock.readinto(buf)
            except OSError:
                conn.lost = True
                raise
            if n is not None:
                conn.drained = 0 < n < len(buf)
                return n
        conn.drained = False
        begin_wait(conn, _READ)
        try:
            yield
        except CancelledError:
            cancelled(conn, _READ)
            raise


async def wait_to_write(conn):
    """Wait until the socket takes more, for as long as a client may take for that. Raises
    OSError."""
    server = conn.server
    conn.touched = True
    conn.sender = core.cur_task
    conn.since = server.clock
    conn.deadline = server.clock + server.write_ticks
    server.attend()
    try:
        begin_wait(conn, _WRITE)
        try:
            yield
        except CancelledError:
            cancelled(conn, _WRITE)
            raise
    finally:
        conn.sender = None
    if conn.sock is None:
        raise OSError(_EBADF)
