# What a connection has a task for: a handler that waits, the rest of a response or of a
# body. A connection has one task, which asyncio runs by Connection.send() and throw().
from asyncio import CancelledError, core
from builtins import StopIteration, id

from micropython import const

import web
from web.conn import register
from web.stream import own_buffer

_BUSY = const(0)  # states of a connection, see conn.py
_START = const(1)
_IDLE = const(2)
_KEEP_ALIVE = const(2)


def go_on(conn, r, rest):
    """Have the task do what is left of the answer to r, or of something else that can be
    awaited. Returns whether it waits for something."""
    server = conn.server
    if conn.buf is server.buf and r is None:
        own_buffer(conn)
    if conn.own is None:
        conn.own = core.Task(conn)
    conn.task = conn.own
    if conn.state == _START or conn.state == _IDLE:
        conn.state = _BUSY
        conn.began = server.clock
        if r is None or not (r._left or r._chunks):
            conn.deadline = None  # else reading the body may have set one
    current = core.cur_task
    core.cur_task = conn.own
    conn.rest = _finish(conn, r, rest)
    try:
        step(conn, None)
    finally:
        core.cur_task = current
    if conn.rest is None:
        return False
    if conn.buf is server.buf:
        own_buffer(conn)
    if conn.sock and server.queue.map.get(id(conn.sock)) is conn:
        server.queue._dequeue(conn.sock)
    return True


def step(conn, thrown):
    """Go on with what the task does, until it waits or has ended."""
    rest = conn.rest
    if rest is None:
        return  # somebody has cancelled a task that has nothing to do
    try:
        if thrown:
            rest.throw(thrown)
        else:
            rest.send(None)
        return
    except StopIteration as e:
        ended = e.value
    except (OSError, EOFError, CancelledError):
        ended = False  # the client is gone, or was waited for long enough
    except Exception as e:
        ended = False
        conn.broken(e)
    except BaseException:
        conn.rest = None
        conn.server.forget(conn)
        raise
    conn.rest = None
    conn.own.data = None  # asyncio expects it of a task that does not wait
    if not ended:
        if conn.task is conn.own:  # else it is a stream's
            conn.server.forget(conn)
        return
    # the connection waits for a request again, without a task
    server = conn.server
    conn.task = conn.entry = None
    conn.state = _IDLE
    conn.deadline = server.idle_until
    conn.expired = False
    if conn.sock and server.queue.map.get(id(conn.sock)) is not conn:
        # the task has waited
        if conn.pos == conn.end:
            conn.buf = None
        try:
            register(server, conn.sock, conn)
            if conn.buf:
                server.feed(conn)
        except StopIteration:  # without memory what serves has ended
            server.begin()
            conn.broken(MemoryError())
        except Exception as e:
            conn.broken(e)


async def _finish(conn, r, rest):
    """Await the rest of an answer, and what is to be done after it. Returns whether the
    connection stays."""
    try:
        await rest
        rest = None
        conn.sent = False
        if conn.server.stopping:
            conn.closing = True
        unread = r and (r._left or r._chunks)
        if unread and not (conn.closing or conn.upgraded):
            await web.body.drain(r)
        if not conn.closing:
            return True
        if r and conn.sock and not conn.upgraded:
            if conn.pos != conn.end or unread or r._head[3] & _KEEP_ALIVE:
                await web.ending.leave(conn, r)
    finally:
        if conn.upgraded:
            web.upgraded.go_on(conn, r)
