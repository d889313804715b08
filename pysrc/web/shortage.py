# Memory that is short while several responses of pieces are under way: what has begun goes
# on, one after the other if need be, and what has not waits.
import time
from asyncio import core

from micropython import const

import web

_BEGIN = const(1024)  # words that are to be free where a request's answer begins
_GO_ON = const(1024)  # bytes, beside a further piece of one that has begun
_LARGEST = const(4096)  # bytes: larger pieces are hardly made anew
_PAUSE_MS = const(20)  # between two looks for memory, each of which runs the collector
_MOST_MS = const(3000)  # for which what has not begun waits for memory

_failed = [0, _BEGIN]  # when there was no memory, and for how much
_kept = [[]]  # memory that is kept for the next piece of whoever goes on


async def give_way(server, out, n):
    """Let others have their turn, and wait for the memory for a further piece of n
    bytes."""
    words = (min(n, _LARGEST) + _GO_ON) >> 2
    try:
        _keep(words)
        await core.sleep_ms(0)
        if not _keep(words):
            # what there is leaves, and it does without a buffer
            await web.stream.send_each(out.conn, out.parts())
            out.take(b"", False)
            out.take(b"", await _wait(server, out, words))
    finally:
        _kept[0].clear()


async def _wait(server, out, words):
    """Wait for memory for a further piece of out's, or until it is out's turn to go on
    without; return whether it is there."""
    while not _keep(words):
        # the first of those that wait for nothing else goes on in any case: once it has
        # ended there is more for the others
        if _first(server) is out:
            return False
        await core.sleep_ms(_PAUSE_MS)
    return True


def _first(server):
    for out in server.streams:
        if not (out.waits or out.conn.busy):
            return out


def _keep(words):
    """Keep so many words of memory in one piece: between two turns of a response others'
    small pieces would leave none. Returns whether they are there."""
    if len(_kept[0]) >= words:
        return True
    found = _find(words)
    if found:
        _kept[0].clear()
        _kept[0] = found
        return True
    return False


def _find(words):
    """Return a list of so many words, whose clear() frees them at once; None if there is
    no memory for it, as far as can be told."""
    now = time.ticks_ms()
    if words < _failed[1] or time.ticks_diff(now, _failed[0]) >= _PAUSE_MS:
        try:
            return [None] * words
        except MemoryError:  # though the collector has run
            _failed[0] = now
            _failed[1] = words
    return None


async def wait_for_memory(server):
    """Wait for memory to begin something new as long as there are responses of pieces
    that go on. Raises MemoryError when there is none for long."""
    start = time.ticks_ms()
    while not has_memory(server):
        if time.ticks_diff(time.ticks_ms(), start) > _MOST_MS:
            raise MemoryError("for long")
        await core.sleep_ms(_PAUSE_MS)


async def hold(app, conn, r, route, entry):
    """Have r answered when there is memory for it, which other responses may have; see
    web.dispatch.dispatch()."""
    await wait_for_memory(app)
    return web.dispatch.dispatch(app, conn, r, route, entry)


def has_memory(server):
    """Whether something new may begin: there is memory for it, or no response of pieces
    that goes on."""
    if _first(server):
        found = _find(_BEGIN)
        if not found:
            return False
        found.clear()
    return True
