# What becomes of a connection that App.websocket() or App.sse() gave to its handler. It
# may last, so it is a task of its own, without the coroutines that answer a request.
import asyncio
import gc

import web
from web.conn import SENT, Coroutine
from web.ending import leave
from web.faults import fault_of, is_gone


def go_on(conn, r):
    """Have the handler run instead of the connection's task, which ends."""
    conn.task = asyncio.create_task(_run(conn, r, conn.upgraded))
    conn.task.state = conn.server.forget
    conn.upgraded = conn.task


async def _run(conn, r, handler):
    # while the handler runs there is as little of this as can be
    # what is passed last would stay on this task's stack
    handler, fault = await _begin(handler, conn, r)
    while handler:
        try:
            if conn.entry[0] is not conn.upgraded and conn.websocket and conn.deadline is None:
                conn.websocket.attend()  # it does not wait to receive
            yield
            fault = True  # if it is the handler that raises
            conn.upgraded.data = handler  # whatever a task waits for sets it
            if handler.send(None) is not None or conn.upgraded.data is handler:
                raise TypeError("the handler is a generator")
            fault = None
        except BaseException as e:
            fault = e if fault else _throw(handler, e)
            if fault:
                handler = conn.upgraded.data = None
    await _end(conn, r, fault)


def _throw(handler, e):
    """Throw e into a handler. Returns what ended it, if anything did."""
    try:
        handler.throw(e)
    except BaseException as end:
        return end


async def _begin(upgraded, conn, r):
    """Take a handler's first step, before the client is answered. Return its coroutine,
    and None; or when it has ended None, and what ended it."""
    handler, client, entry = upgraded
    queue = client.queue
    try:
        coroutine = handler(r, client, **r.params)
        if type(coroutine) is not Coroutine:
            raise TypeError("the handler is no async def")
        conn.task.data = upgraded  # whatever a task waits for sets it, see web.response
        if coroutine.send(None) is not None or conn.task.data is upgraded:
            raise TypeError("the handler is a generator")
    except BaseException as e:
        conn.task.data = None
        fault = e
    else:
        client.begun()
        if conn.websocket and not conn.entry[0]:
            client.attend()
        return coroutine, None
    try:
        if isinstance(fault, StopIteration) or client.queue is not queue:
            client.begun()
            if not conn.websocket:
                await client.flush()
        elif conn.sock:
            # it has been told nothing: this is a request as any whose handler raised
            conn.websocket = conn.deadline = None
            conn.state = 0  # see server.py
            rest = web.sending.failed(conn, r, entry, fault)
            if rest:
                await rest
            fault = None
    except BaseException as e:
        fault = e
    return None, fault


async def _end(conn, r, fault):
    try:
        if fault is None or isinstance(fault, StopIteration):
            if conn.websocket:
                await conn.websocket.finish()
        elif conn.expired and not isinstance(fault, Exception):
            return
        else:
            await _report(conn, r, fault_of(conn, fault))
        await leave(conn, r)
    except (OSError, EOFError):
        pass  # the client is gone, or was waited for long enough
    except asyncio.CancelledError:
        if not conn.expired:
            raise
    finally:
        if conn.entry[0]:
            conn.entry[0].cancel()  # a task that the handler left behind receives


async def _report(conn, r, fault):
    if is_gone(conn, fault):
        return
    if isinstance(fault, MemoryError):
        gc.collect()
    web.console.report(r, fault)
    if conn.websocket:
        await conn.websocket.finish(1011)


async def begin(entry, conn, r):
    """Have the connection of r become the stream that a route is for. Raises
    HTTPException when r asks for something else."""
    name, options = entry[1]
    kind = getattr(web, name)
    if r.method == "HEAD":
        # which sends the head alone
        await web.raw.run(lambda r, w: kind.upgrade(r, w, **options), conn, r)
    else:
        conn.closing = True
        conn.upgraded = entry[0], kind.begin(r, web.raw.Writer(conn), **options), entry
    return SENT
