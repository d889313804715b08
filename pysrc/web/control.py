# What the server does when it is full, and when it stops.
import asyncio
import select
from asyncio import core

from micropython import const

from web.conn import later
from web.errors import HTTPException
from web.server import UNAVAILABLE
from web.stream import new_buffer, send

_BUSY = const(0)  # states of a connection, see server.py
_HEAD = const(1)
_STREAM = const(3)
_IDLE = const(2)
_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_AHEAD = const(256)  # bytes that a WebSocket's handler does not wait for
_TICK_MS = const(250)
_GRACE = const(2)  # ticks in which an honest client has sent its head
_STALLED = const(4)  # ticks without a byte of a body that is due, or room for one
_LONG = const(40)  # ticks in which an honest client has sent a body
_FIRST = const(1 << 20)  # ticks: idle connections come first
_PATIENCE = const(2)  # ticks that a client waits for a place which may not come
_RETRY = "Retry-After: 5\r\n"


def admit(conn):
    """Let a connection become a WebSocket or an event stream. Raises HTTPException (503)
    when the places that are left are kept for requests that end."""
    server = conn.server
    if sum([other.state == _STREAM for other in server.connections]) >= server.max_streams:
        raise HTTPException(503, _RETRY)
    conn.state = _STREAM


async def make_room(server, listener):
    """A client waits, and there are as many connections as may be: end one that is idle,
    or that waits for its client for long. Returns whether there is room; not when the
    client was told that no connection is about to end."""
    server.last = True
    patience = _PATIENCE
    while len(server.connections) >= server.max_connections:
        conn = _choose(server)
        if conn:
            _evict(server, conn)
        elif patience:
            patience -= 1
        elif not any(map(_ends_soon, server.connections)):
            server._accept(listener, _refuse)
            return False
        await _wait_for_end(server)
    return True


def is_ready(sock):
    """Whether there is something to accept or to read, were it the end."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


def _ends_soon(conn):
    """Whether the connection's place may be expected to become free: it is no stream,
    and is being answered for no long time."""
    if conn.state == _STREAM or conn.task is None:
        return False
    return conn.state != _BUSY or conn.server.clock - conn.began < _LONG


async def _refuse(conn):
    try:
        if not conn.raw:  # TLS would cost as much memory as serving it
            await send(conn, UNAVAILABLE)
            await later("ending", "linger", conn)
    except OSError:
        pass


def _evict(server, conn):
    conn.evicted = True
    if conn.state == _IDLE:
        # what the client has sent meanwhile is answered, by its connection's last response
        if is_ready(conn.sock):
            conn.evicted = False
            return
        conn.expire()
        conn.close()  # now: no request comes in between
    else:
        conn.expire()


def _choose(server):
    """Return the connection that waits for its client the longest, if one may be
    ended for that, else None."""
    chosen = None
    longest = -1
    clock = server.clock
    for conn in server.connections:
        if conn.deadline is None and (conn.state == _IDLE or conn.state == _HEAD):
            continue  # it is being ended
        if conn.state == _IDLE:
            wait = clock - conn.deadline + server.idle_ticks
            if not wait:
                continue  # it was answered just now, and may go on
            wait += _FIRST
        elif conn.state == _HEAD:
            wait = clock - conn.deadline + server.head_ticks - _GRACE
        elif conn.sender:
            wait = clock - conn.since - _STALLED
        elif conn.state == _STREAM:
            continue
        elif conn.deadline is not None:  # for a part of the body
            wait = max(clock - conn.since - _STALLED, clock - conn.began - _LONG)
        elif _is_gone(conn):
            wait = clock - conn.began
        else:
            continue  # its handler works
        if wait > longest:
            longest = wait
            chosen = conn
    return chosen


def _is_gone(conn):
    """Whether a client whose request is being answered has left. What else it sent is
    taken in."""
    if conn.websocket:
        new_buffer(conn, _AHEAD)  # not to where other WebSockets have their bytes
    buf = conn.buf
    if conn.sock is None or conn.entry[_READ] or conn.end == len(buf):
        return False
    try:
        n = conn.sock.readinto(memoryview(buf)[conn.end :])
    except OSError:
        return True
    conn.end += n or 0
    return n == 0


async def _wait_for_end(server):
    """Wait until a connection ends, or for a while."""
    server.ended.clear()
    server.waiting += 1
    try:
        await asyncio.wait_for_ms(server.ended.wait(), _TICK_MS)
    except asyncio.TimeoutError:
        pass
    finally:
        server.waiting -= 1


async def stop(server, timeout):
    """See Server.stop()."""
    if not server._listener:
        return
    server.stopping = server.last = True
    server.attend()
    server._close()
    until = server.clock + int(timeout * 1000) // _TICK_MS + 1
    while server.clock < until:
        busy = False
        for conn in server.connections:
            if conn.task is core.cur_task:
                continue  # a handler may stop the server that it is called by
            busy = True
            if conn.state == _IDLE or conn.state == _HEAD and conn.pos == conn.end:
                conn.expire()
            elif conn.websocket:
                if conn.websocket.open:
                    asyncio.create_task(_leave(conn.websocket))
            elif conn.state == _STREAM and not conn.lost:
                conn.abort()  # an event stream has no end of its own
        if not busy:
            break
        await _wait_for_end(server)
    end_all(server)
    unwatch(server)
    server.stopped.set()


def abandon(server):
    """Close the sockets of tasks that no event loop runs any more."""
    server._listener.close()
    server._listener = None
    for conn in server.connections:
        conn.sender = None
        conn.close()


def unwatch(server):
    """End the clock's task, if it is one of this event loop."""
    if server._watch and server.queue is core._io_queue:
        server._watch.cancel()
    server._watch = None
    server._needed = asyncio.Event()


def end_all(server):
    """End all connections but that of the current task."""
    for conn in list(server.connections):
        if conn.task is not core.cur_task:
            conn.task.cancel()
            server._forget(conn)  # its handler may take its time to end


async def _leave(websocket):
    try:
        await websocket.close(1001)
    except OSError:
        pass
