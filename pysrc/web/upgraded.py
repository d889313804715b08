# What becomes of a connection that App.websocket() or App.sse() gave to its handler. It
# may last, so it is a task of its own, without the coroutines that answer a request.
import asyncio
import gc

from web.dispatch import report
from web.ending import leave


def go_on(conn, r):
    """Have the handler run instead of the connection's task, which ends."""
    handler, client = conn.upgraded
    conn.upgraded = None
    conn.task = asyncio.create_task(_run(conn, r, handler(r, client, **r.params)))
    conn.task.state = conn.server.on_end


async def _run(conn, r, coroutine):
    # while the handler runs there is as little of this as can be
    fault = None
    try:
        await coroutine
    except BaseException as e:
        fault = e
    await _end(conn, r, fault)


async def _end(conn, r, fault):
    try:
        if fault is None:
            if conn.websocket:
                await conn.websocket.finish()
        elif isinstance(fault, Exception):
            await _report(conn, r, fault)
        elif conn.expired:
            return
        else:
            raise fault  # cancelled, say
        await leave(conn, r)
    except (OSError, EOFError):
        pass  # the client is gone, or was waited for long enough
    except asyncio.CancelledError:
        if not conn.expired:
            raise


async def _report(conn, r, fault):
    if conn.lost:
        return  # that is no fault of the handler's
    if isinstance(fault, MemoryError):
        gc.collect()
    report(r, fault)
    if conn.websocket:
        await conn.websocket.finish(1011)
