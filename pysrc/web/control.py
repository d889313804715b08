# What the server does when it is full, and when it stops.
import asyncio
from asyncio import core

from micropython import const

_HEAD = const(1)  # states of a connection, see server.py
_IDLE = const(2)
_TICK_MS = const(250)
_GRACE = const(2)  # ticks in which an honest client has sent its head
_STALLED = const(8)  # ticks without a byte of a body that is due, or room for one
_FIRST = const(1 << 20)  # ticks: idle connections come first


async def make_room(server):
    """Wait until there is one connection less than the most; end one that is idle, or
    that waits for its client for long."""
    while len(server.connections) >= server.max_connections:
        conn = _choose(server)
        if conn:
            conn.evicted = True
            conn.expire()
        await _wait_for_end(server)


def _choose(server):
    """Return the connection that waits for its client the longest, if one may be
    ended for that, else None."""
    chosen = None
    longest = -1
    for conn in server.connections:
        if conn.deadline is None:
            continue  # its handler works
        if conn.state == _IDLE:
            wait = server.clock - conn.deadline + _FIRST
        elif conn.state == _HEAD:
            wait = server.clock - conn.deadline + server.head_ticks - _GRACE
        else:
            wait = server.clock - conn.since - _STALLED
        if wait > longest:
            longest = wait
            chosen = conn
    return chosen


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
    server.stopping = True
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
            elif conn.websocket and conn.websocket.open:
                asyncio.create_task(_leave(conn.websocket))
        if not busy:
            break
        await _wait_for_end(server)
    server._end_all()
    server.stopped.set()


def abandon(server):
    """Close the sockets of tasks that no event loop runs any more."""
    server._listener.close()
    server._listener = None
    for conn in server.connections:
        conn.sender = None
        conn.close()


async def _leave(websocket):
    try:
        await websocket.close(1001)
    except OSError:
        pass
