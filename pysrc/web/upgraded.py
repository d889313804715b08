# What becomes of a connection that App.websocket() or App.sse() gives to its handler. It
# may last, so the connection's task runs the handler itself, without the coroutines that
# answer a request.
import gc
from asyncio import CancelledError

import web
from web.conn import SENT, CoroutineType, withdraw


def begin(entry, conn, r):
    """Have the connection of r become the stream that a route is for, and its handler take
    the first step before the client is answered. Returns SENT, or what is still to be
    awaited; raises what says that r gets another answer."""
    kind, options = entry[1]
    if r.method == "HEAD":
        # which sends the head alone
        return web.raw.run(lambda r, w: kind.upgrade(r, w, **options), conn, r)
    conn.closing = True
    stream = kind.begin(r, conn, **options)
    queue = stream.queue
    try:
        handler = entry[0](r, stream, **r.params)
        if type(handler) is not CoroutineType:
            raise TypeError("the handler is no async def")
        _step(conn, handler)
    except BaseException as e:
        conn.own.data = None
        if stream.queue is queue and conn.sock and not isinstance(e, StopIteration):
            # it has been told nothing: this is a request as any whose handler raised
            conn.websocket = conn.events = conn.deadline = None
            conn.state = 0  # busy, see conn.py
            raise
        if stream.queue is queue:
            stream.begun()
        return _end(conn, r, e, stream)
    conn.upgraded = r
    conn.rest = handler
    server = conn.server
    if conn.buf is server.buf:
        conn.own_buffer()
    if conn.sock:
        withdraw(server.queue, conn.sock, conn)
    stream.begun()
    _attend(conn)
    return SENT


def _step(conn, handler):
    """Have a handler begin, until it waits. Raises what ends it, and TypeError for one that
    gives something to the event loop by itself, as a generator does."""
    task = conn.own
    task.data = handler  # whatever a task waits for sets it
    if handler.send(None) is not None or task.data is handler:
        task.data = None
        handler.close()
        raise TypeError("the handler is a generator")


def _attend(conn):
    # to a WebSocket whose handler does not wait to receive
    if conn.websocket and conn.deadline is None and conn.entry[0] is not conn.own:
        conn.websocket.attend()


def run(conn, thrown):
    """Go on with the handler, or with what is to be done once it has ended. That takes no
    other room; see web.tasks.run()."""
    rest = conn.rest
    if rest is None:
        return  # somebody has cancelled a task that has nothing to do
    task = conn.own
    task.data = rest  # as _step(), without a further call
    try:
        given = rest.throw(thrown) if thrown else rest.send(None)
        if given is None and task.data is not rest:
            if conn.deadline is None:
                _attend(conn)
            return
        rest.close()
        raise TypeError("the handler is a generator")
    except BaseException as e:
        fault = e
    task.data = None
    r = conn.upgraded
    if r is not True:
        conn.upgraded = True  # its handler has ended
        conn.rest = _end(conn, r, fault)
        return run(conn, None)
    conn.rest = None
    if isinstance(fault, Exception) and not isinstance(fault, StopIteration):
        return conn.broken(fault)
    conn.server.forget(conn)
    if not isinstance(fault, (StopIteration, CancelledError)):
        raise fault


async def _end(conn, r, fault, stream=None):
    """What is to be done once a handler has ended by fault, StopIteration if by itself."""
    try:
        if stream and not conn.websocket:
            await stream.flush()
        if isinstance(fault, Exception) or not conn.expired:  # else it was cancelled for that
            if not isinstance(fault, StopIteration):
                fault = web.faults.fault_of(conn, fault)
                if not web.faults.is_gone(conn, fault):
                    if isinstance(fault, MemoryError):
                        gc.collect()
                    web.console.report(r, fault)
                    if conn.websocket:
                        await web.closing.finish(conn.websocket, 1011)
            elif conn.websocket and not conn.websocket.closed:
                await web.closing.finish(conn.websocket)
            # only a client that sends on must be waited for, see web.leaving
            more = conn.pos != conn.end or r._left or r._chunks
            if more or conn.sock and conn.sock.readinto(conn.server.buf):
                await web.leaving.linger(conn)
    except (OSError, EOFError):
        pass  # the client is gone, or was waited for long enough
    except CancelledError:
        if not conn.expired:
            raise
    finally:
        if conn.entry[0]:
            conn.entry[0].cancel()  # a task that the handler left behind receives
    return SENT
