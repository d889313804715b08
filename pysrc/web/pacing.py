# What slows down who guesses passwords. It keeps what a few tries of the last second are, and
# no more, so that it neither grows nor takes all places.
from asyncio import sleep_ms
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import web

_AFTER_MS = const(1000)  # from a try that failed to its answer, and to the next try
_WAITING = const(2)  # tries that wait at once

_tries = []  # (address, when its pause is over) of tries that failed


def _most(r):
    # one place is left for others
    return max(1, min(_WAITING, r._conn.server.most_connections - 1))


def _address(r):
    # without the port; that of the unix port is the struct sockaddr
    addr = r.addr
    return addr[0] if isinstance(addr, tuple) else addr[4:]


def paced(r):
    """A guard of what signs somebody in. Raises HTTPException(429) when a try of the same
    client failed within the last second, or some of others did."""
    now = ticks_ms()
    _tries[:] = [each for each in _tries if 0 < ticks_diff(each[1], now) <= _AFTER_MS]
    if len(_tries) >= _most(r) or _address(r) in [each[0] for each in _tries]:
        web.abort(429, None, {"Retry-After": "1"})


async def failed(r):
    """To be awaited when who sent r did not know the password, before that is answered: it
    takes a second, in which paced() refuses that client."""
    if len(_tries) < _most(r):
        _tries.append((_address(r), ticks_add(ticks_ms(), _AFTER_MS)))
        await sleep_ms(_AFTER_MS)
