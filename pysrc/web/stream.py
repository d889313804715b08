# Waiting for a client in the midst of a request or a response: what takes more than
# one call of the socket. Once a connection's deadline is over, waiting for the client
# ends with OSError (ETIMEDOUT).
import time
from asyncio import CancelledError, core
from builtins import len, memoryview  # found sooner in this module

from micropython import const

import web
from web.conn import Connection, register

_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_WRITE = const(1)  # and to write
_STREAM = const(3)  # a state of a connection, see conn.py
_EBADF = const(9)
_EPIPE = const(32)
_POLLIN = const(1)
_POLLOUT = const(4)
_ENOMEM = const(12)
_ETIMEDOUT = const(110)
_DROPPED_MS = const(9000)  # in which a write that does not wait has taken nothing
_TURNS = const(8)  # socket calls in a row that found no need to wait

# What only waiting changes of a connection.
Connection.since = 0  # the server's clock when it began to wait for body or writing
Connection.began = 0  # and when it began to answer a request that takes its time
Connection.turns = 0  # socket calls in a row that found no need to wait
Connection.drained = False  # whether the socket had no more when it was last read
Connection.sender = None  # the task that waits to write
Connection.busy = None  # where others wait meanwhile, a core.TaskQueue
Connection.entry = None  # what the queue has of tasks that wait
Connection.rest = None  # the coroutine that its task runs
Connection.helpers = ()  # further tasks that end with it


def wait(server, sock, entry, task, direction=_READ):
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


def park(queue):
    """Have the current task wait until wake(queue): `yield` is to follow."""
    queue.push(core.cur_task)
    core.cur_task.data = queue  # where cancel() finds it


def wake(queue):
    """Wake the tasks that wait in a core.TaskQueue."""
    while queue.peek():
        core._task_queue.push(queue.pop())


def begin_wait(conn, direction):
    """Have the current task woken when the socket is ready: `yield` is to follow.
    Raises OSError, MemoryError."""
    if conn.sock is None:
        raise OSError(_EBADF)
    conn.turns = 0
    if conn.entry is None:
        conn.entry = [None, None, conn.sock]
    if conn.entry[1 - direction] is None:
        wait(conn.server, conn.sock, conn.entry, core.cur_task, direction)
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
        wait(conn.server, conn.sock, entry, other, 1 - direction)


def cancelled(conn, direction):
    """Clear up after the cancelling of a task that waited for the socket. Raises
    OSError if it was expire() that did it."""
    if conn.entry[direction] is core.cur_task:  # no other one has begun to wait since
        forget_wait(conn, direction)
    if conn.expired:
        conn.expired = False
        conn.timed_out = True
        raise OSError(_ETIMEDOUT)


async def give_way(conn):
    # a socket that is always ready must not keep the other tasks waiting
    conn.turns += 1
    if conn.turns > _TURNS:
        conn.turns = 0
        await core.sleep_ms(0)


def admit(conn):
    """Let a connection become a WebSocket or an event stream. Raises HTTPException (503)
    when the places that are left are kept for requests that end."""
    server = conn.server
    n = 0
    for other in server.connections:
        n += other.state == _STREAM
    if n >= server.most_streams:
        web.abort(503, None, "Retry-After: 5\r\n")
    conn.state = _STREAM


# -- receiving


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


# -- sending


def send_now(conn, data, n):
    """Send as much of data[:n] (bytes-like) as the socket takes without waiting.
    Returns how many bytes that is. No sender may be waiting. Raises OSError."""
    conn.sent = True
    began = time.ticks_ms()
    try:
        n = conn.sock.write(data, n) or 0
        # MicroPython's lwIP waits in there for memory, which clients that do not read hold;
        # after 10 seconds it drops data and tells that it was sent (micropython#19704)
        if time.ticks_diff(time.ticks_ms(), began) > _DROPPED_MS:
            raise OSError(_ENOMEM)
        return n
    except OSError:
        conn.lost = True
        raise


async def send_each(conn, parts):
    """Send an iterable of parts (bytes-like), each made when it is sent, with no other task's
    data between. Raises OSError. Cancelled half-way, it leaves the connection unusable."""
    await give_way(conn)
    while conn.busy:
        park(conn.busy)
        yield  # the last wait, or another sender could come between
    if conn.sock is None or conn.lost:
        raise OSError(_EPIPE)
    deadline = conn.deadline
    done = False
    try:
        for part in parts:
            n = send_now(conn, part, len(part)) if len(part) else 0
            if n < len(part):
                if conn.busy is None:
                    conn.busy = core.TaskQueue()
                view = memoryview(part)
                while n < len(part):
                    await _wait_to_write(conn)
                    n += send_now(conn, view[n:], len(part) - n)
        done = True
    finally:
        conn.deadline = deadline
        if not done:
            conn.lost = True
        if conn.busy:
            wake(conn.busy)
            conn.busy = None
        if conn.websocket:
            conn.websocket.sent(done)


async def _wait_to_write(conn):
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


# -- ending what waits


def expire(conn):
    """The deadline is over: end what the connection's task is waiting for, or the
    task that waits to send on it, with OSError (ETIMEDOUT)."""
    if conn.events:
        return conn.events.look()
    if conn.websocket and not conn.evicted and web.waiting.overdue(conn.websocket):
        return
    conn.deadline = None
    # what waits for the client may be another task than that of the connection
    task = conn.sender or conn.entry and conn.entry[_READ] or conn.task
    if task:
        conn.expired = True
        task.cancel()
    elif conn.websocket:
        conn.websocket.end(1006)  # a client's, whose task does something else
    elif conn.buf:
        web.ending.refuse(conn, 408)
    else:
        conn.server.forget(conn)


def abort(conn):
    """End what every task is waiting for on the connection, and its handler."""
    conn.lost = True
    conn.expired = True
    conn.deadline = None
    for task in (conn.sender, conn.task or conn.entry and conn.entry[_READ]):
        if task and task is not core.cur_task:
            task.cancel()


def release(conn):
    """The connection's socket is closed: end what uses it."""
    if conn.websocket:
        conn.websocket.end(1006)  # if it was not over
    for task in conn.helpers:
        task.cancel()
    if conn.sender:
        expire(conn)
