# What a connection has a task for: a handler that waits, the rest of a response or of a
# body. A connection has one task, which asyncio runs by Connection.send() and throw().
from asyncio import CancelledError, core
from builtins import StopIteration, id

from micropython import const

import web
from web.conn import SENT, CoroutineType, nothing, register, respond, slow, withdraw

_BUSY = const(0)  # states of a connection, see conn.py
_HEAD = const(1)
_IDLE = const(2)
_KEEP_ALIVE = const(2)
_PIECES = (str, bytes, bytearray, memoryview)


def go_on(conn, r, rest):
    """Have the task do what is left of the answer to r, or of something else that can be
    awaited; rest is that, or the entry of a handler that waits, its coroutine, and what
    that gave. Returns whether it waits for something."""
    server = conn.server
    if conn.buf is server.buf and r is None:
        conn.own_buffer()
    if conn.own is None:
        conn.own = core.Task(conn)
    conn.task = conn.own
    if conn.state == _HEAD or conn.state == _IDLE:
        conn.state = _BUSY
        conn.began = server.clock
        if r is None or not (r._left or r._chunks):
            conn.deadline = None  # else reading the body may have set one
    current = core.cur_task
    core.cur_task = conn.own
    # what a handler that waits gave, or what is to be awaited
    conn.rest = (_answer if type(rest) is tuple else _finish)(conn, r, rest)
    try:
        run(conn, None)
    finally:
        core.cur_task = current
    if conn.rest is None:
        return False
    if conn.upgraded:
        return True
    if conn.buf is server.buf:
        conn.own_buffer()
    if conn.sock:
        withdraw(server.queue, conn.sock, conn)
    return True


def run(conn, thrown):
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
        stays = e.value is True
    except (OSError, EOFError, CancelledError):
        stays = False  # the client is gone, or was waited for long enough
    except Exception as e:
        stays = False
        conn.broken(e)
    except BaseException:
        conn.rest = None
        conn.server.forget(conn)
        raise
    if conn.upgraded:
        return  # the task runs the handler of a stream now
    conn.rest = None
    conn.own.data = None  # asyncio expects it of a task that does not wait
    if not stays:
        return conn.server.forget(conn)
    # the connection waits for a request again, without a task
    server = conn.server
    conn.task = conn.entry = None
    conn.state = _IDLE
    conn.deadline = server.idle_until
    conn.expired = conn.timed_out = False
    if conn.sock and server.queue.map.get(id(conn.sock)) is not conn:
        # the task has waited
        if conn.pos == conn.end:
            conn.buf = None
        try:
            register(server, conn.sock, conn)
            if conn.buf:
                if slow(server):  # see there
                    return server.forget(conn)
                server.feed(conn)
        except StopIteration:  # without memory what serves has ended
            server.begin()
            conn.broken(MemoryError())
        except Exception as e:
            conn.broken(e)


async def _finish(conn, r, rest):
    """Await the rest of an answer, and what is to be done after it. Returns whether the
    connection stays."""
    await rest
    rest = None
    if conn.upgraded:
        return
    conn.sent = False
    if conn.server.stopping:
        conn.closing = True
    unread = r and (r._left or r._chunks)
    if unread and not conn.closing:
        await web.body.drain(r)
    if not conn.closing:
        return True
    if r and conn.sock and (conn.pos != conn.end or unread or r._head[3] & _KEEP_ALIVE):
        await web.leaving.leave(conn, r)


# -- handlers that wait


def step(generator, thrown=None):
    """Run a generator or coroutine on, by throwing an exception into it if there is one.
    Returns the piece that it gives, or None when the current task is to wait. Raises
    StopIteration at its end, TypeError for what is no piece."""
    task = core.cur_task
    task.data = generator
    try:
        item = generator.throw(thrown) if thrown else generator.send(None)
    except BaseException:
        if task.data is generator:  # else a stream has begun, whose handler waits for that
            task.data = None
        raise
    return _given(item, generator)


def _given(item, mark):
    """Return what a generator gave, see step(). The current task's data was set to mark
    before.

    MicroPython has one type for generators and coroutines, so what comes out tells:
    str and bytes are pieces, None is for the event loop. Whatever a task waits for sets
    its data; one that gives None and waits for nothing would never be run again.
    """
    task = core.cur_task
    lost = task.data is mark
    if lost:
        task.data = None
    if lost if item is None else not isinstance(item, _PIECES):
        raise TypeError("a piece must be str or bytes, not " + repr(type(item)))
    return item


async def drive(coroutine, item=None, mark=None):
    """Run a coroutine, or go on with one that gave item, see _given(). Returns its result;
    as soon as it gives a piece, web.streaming.Stream."""
    try:
        item = step(coroutine) if mark is None else _given(item, mark)
        while item is None:
            thrown = None
            try:
                yield
            except BaseException as e:
                thrown = e
            item = step(coroutine, thrown)
    except StopIteration as e:
        return e.value
    except TypeError:
        coroutine.close()
        raise
    return web.streaming.Stream(item, coroutine)


async def _answer(conn, r, waiting):
    """Go on with a coroutine that gave item, which an answer to r comes of, and send that."""
    entry, result, item = waiting
    waiting = None  # which takes memory
    mark = conn
    while type(result) is CoroutineType:
        try:
            result = await drive(result, item, mark)
            if entry and entry[1] is True and hasattr(result, "generator"):
                result.close()
                raise TypeError("the handler is a generator")
        except BaseException as e:
            result = web.faults.recover(conn, r, entry, e)
            entry = False  # see web.faults
        mark = None
    # in place of the result, not to stay in memory with a client that is slow
    result = None if result is SENT else respond(conn, r, entry, result)
    return await _finish(conn, r, result or nothing())


async def later(conn, r, coroutine):
    """Answer r with what error handlers have, which a coroutine returns."""
    rest = respond(conn, r, False, await drive(coroutine))
    if rest:
        await rest
