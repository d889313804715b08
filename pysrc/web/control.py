# What the server does when it is full, and when it stops.
import asyncio
import select
import sys
from asyncio import core

from micropython import const

import web
from web.stream import abort, expire, send_each, wake

_HEAD = const(1)  # states of a connection, see conn.py
_STREAM = const(3)
_IDLE = const(2)
_READ = const(0)  # index in an entry of IOQueue: the task that waits to read
_AHEAD = const(256)  # bytes that a WebSocket's handler does not wait for
_TICK_MS = const(250)
_LOOK_MS = const(20)  # between two looks whether the last connection has ended
_GRACE = const(2)  # ticks in which an honest client has sent its head
_STALLED = const(4)  # ticks without a byte of a body that is due, or room for one
_LONG = const(40)  # ticks in which an honest client has sent a body
_BEFORE_ALL = const(1 << 20)  # ticks: idle connections come first
_BACKGROUND = "web.background"  # the room of what runs beside servers, if anything does
_PATIENCE = const(2)  # ticks that a client waits for a place which may not come


# -- places


def make_room(server):
    """A client waits, and there may be as many connections as may be: end one then that is
    idle, or that waits for its client for long. Returns whether there is room now."""
    if len(server.connections) >= server.most_connections:
        server.last = True
        conn = _choose(server)
        if conn:
            _evict(server, conn)
        room = len(server.connections) < server.most_connections
    else:
        room = not server.streams or web.shortage.has_memory(server)
    if not room and server.full is None:
        # until a connection ends, or the clock finds one that may be ended
        server.full = server.clock
        server.queue.poller.modify(server.listener, 0)
        server.attend()  # with WebSockets alone the clock may have stopped
    return room


def look_for_room(server):
    """The clock ticks while a client waits: see whether it has a place by now, or tell it
    that none is about to become free."""
    if not make_room(server):
        if (
            len(server.connections) < server.most_connections
            or server.clock - server.full < _PATIENCE
            or any(map(_ends_soon, server.connections))
        ):
            return
        conn = server.accept(False)
        web.tasks.go_on(conn, None, _refuse(conn))
        server.full = server.clock
    else:
        server.full = None
        server.queue.poller.modify(server.listener, select.POLLIN)


def look_further(server):
    """A client was accepted: see whether another waits."""
    if not server.stopping:
        server.last = _is_ready(server.listener)


def secure(conn):
    """Have TLS on a connection. The handshake takes place when it is first read."""
    conn.raw = conn.sock
    conn.sock = conn.server.ssl.wrap_socket(
        conn.sock, server_side=True, do_handshake_on_connect=False
    )


def _is_ready(sock):
    """Whether there is something to accept or to read, were it the end."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


def _ends_soon(conn):
    """Whether the connection's place may be expected to become free: it waits for its
    client, or is no stream and is being answered for no long time."""
    if conn.task is None or conn.evicted:
        return True
    return conn.state != _STREAM and conn.server.clock - conn.began < _LONG


async def _refuse(conn):
    conn.closing = True
    try:
        if not conn.raw:  # TLS would cost as much memory as serving it
            await send_each(conn, (web.console.UNAVAILABLE,))
            await web.leaving.linger(conn)
    except OSError:
        pass


def _evict(server, conn):
    if conn.task is None and _is_ready(conn.sock):
        return  # what the client has sent meanwhile is answered
    conn.evicted = True
    expire(conn)


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
            wait += _BEFORE_ALL
        elif conn.state == _HEAD:
            wait = clock - conn.deadline + server.head_ticks - _GRACE
            if clock - server.freed < _GRACE:
                continue  # places become free without that
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
        web.incoming.new_buffer(conn, _AHEAD)  # not to where other WebSockets have their bytes
    buf = conn.buf
    if conn.sock is None or conn.entry and conn.entry[_READ]:
        return False
    if conn.end == len(buf):
        if conn.end - conn.pos > _AHEAD:
            return False
        buf.extend(bytes(64))
    try:
        n = conn.sock.readinto(memoryview(buf)[conn.end :])
    except OSError:
        return True
    conn.end += n or 0
    return n == 0


async def stop(server, timeout):
    """See App.stop()."""
    if not server.listener:
        return
    server.stopping = server.last = True
    server.attend()
    close(server)
    until = server.clock + int(timeout * 1000) // _TICK_MS + 1
    while server.clock < until:
        busy = False
        for conn in list(server.connections):
            if conn.task is core.cur_task:
                conn.closing = True  # a handler may stop the server that it is called by
                continue
            busy = True
            if conn.state == _IDLE or conn.state == _HEAD and not conn.buf:
                expire(conn)
            elif conn.websocket:
                if conn.websocket.open:
                    asyncio.create_task(_leave(conn.websocket))
            elif conn.state == _STREAM and not conn.lost:
                abort(conn)  # an event stream has no end of its own
        if not busy:
            break
        await core.sleep_ms(_LOOK_MS)
    if _BACKGROUND in sys.modules:
        await web.background.stop(server, until)
    end_all(server)
    unwatch(server)
    wake(server.stopped)


def close(server):
    """Accept no more."""
    if server.listener:
        server.queue._dequeue(server.listener)
        server.listener.close()
        server.listener = None


def abandon(server):
    """Close the sockets of tasks that no event loop runs any more."""
    server.listener.close()
    server.listener = None
    if _BACKGROUND in sys.modules:
        web.background.abandon(server)
    for conn in server.connections:
        conn.sender = None
        conn.close()
    server.connections.clear()


def unwatch(server):
    """End the clock's task, if it is one of this event loop."""
    if server.watch and server.queue is core._io_queue:
        server.watch.cancel()
    server.watch = None
    server.idle = core.TaskQueue()


def end_all(server):
    """Accept no more, and end all connections but that of the current task."""
    close(server)
    if _BACKGROUND in sys.modules:
        web.background.end(server)
    for conn in list(server.connections):
        if conn.task is not core.cur_task:
            if conn.task:
                conn.task.cancel()
            server.forget(conn)  # its handler may take its time to end


async def _leave(websocket):
    try:
        await web.closing.close(websocket, 1001)
    except (OSError, MemoryError):
        pass
