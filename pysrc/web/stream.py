# What takes more than one call of a client's socket, in the midst of a request or a response:
# sending, and the ends of what waits. web.poll has the waiting itself, which many responses do
# without.
import time
from asyncio import core
from builtins import len, memoryview  # found sooner in this module

from micropython import const

import web
from web.conn import Connection

_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_STREAM = const(3)  # a state of a connection, see conn.py
_EPIPE = const(32)
_ENOMEM = const(12)
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


def park(queue):
    """Have the current task wait until wake(queue): `yield` is to follow."""
    queue.push(core.cur_task)
    core.cur_task.data = queue  # where cancel() finds it


def wake(queue):
    """Wake the tasks that wait in a core.TaskQueue."""
    while queue.peek():
        core._task_queue.push(queue.pop())


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
        web.abort(503, None, {"Retry-After": "5"})
    conn.state = _STREAM


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
                    await web.poll.wait_to_write(conn)
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
