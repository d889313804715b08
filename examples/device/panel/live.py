# What is measured once a second, and the WebSocket by which the page gets it.
#
# In text there is JSON: of the page {"run": line}, of the board first what the plots are, then
# what a line that ran has printed. In binary there are the readings, as the numbers (float32,
# little-endian) of a row, or of several: a row each second, a number for each line of a plot.
import asyncio
import gc
import struct
import time

import web
from panel import console, facts, updates

_ROWS = 120  # that are kept for pages to come
_PIECES = 5  # in which a second is slept, to see how late that ends
_PIECE_MS = 200
_NONE = float('nan')
_LONGEST = 8192  # bytes of what the page sends

_plots = []  # (title, unit, ((name, function that returns a number), ...))
_room = web.Broadcast(slow='skip')
_sockets = []  # of the pages that are open


class _Seen:
    requests = 0
    rate = 0.0  # requests a second
    late = 0  # ms, how late a sleep ended at most


class _Kept:
    ring = bytearray()  # of rows
    oldest = 0  # where it begins


def count(r):
    """A hook before each request."""
    _Seen.requests += 1


def plot(title, unit, *lines):
    """Have the page plot something more. To be called before run().

    unit   str; of 'B' the page makes KB and MB
    lines  (name, function) of each: the function returns a number, once a second
    """
    _plots.append((title, unit, lines))


def _readings():
    for _, _, lines in _plots:
        for _, read in lines:
            try:
                yield float(read())
            except Exception:
                yield _NONE  # a gap in its line


def _keep(row):
    at = _Kept.oldest
    end = at + len(row)
    _Kept.ring[at:end] = row
    _Kept.oldest = end % len(_Kept.ring)


async def run():
    """Measure, for as long as the program runs."""
    columns = sum([len(lines) for _, _, lines in _plots])
    form = '<{}f'.format(columns)
    _Kept.ring = bytearray(struct.pack(form, *[_NONE] * columns) * _ROWS)
    updates.confirm()
    begun = time.ticks_ms()
    while True:
        late = 0
        for _ in range(_PIECES):
            due = time.ticks_add(time.ticks_ms(), _PIECE_MS)
            await asyncio.sleep_ms(_PIECE_MS)
            late = max(late, time.ticks_diff(time.ticks_ms(), due))
        now = time.ticks_ms()
        _Seen.rate = _Seen.requests * 1000 / time.ticks_diff(now, begun)
        _Seen.requests = 0
        _Seen.late = late
        begun = now
        facts.uptime()
        row = struct.pack(form, *_readings())
        _keep(row)
        _room.send(row)


def add(private, app):
    """Add the WebSocket to an App of what is for the owner, and the plots of every board."""
    plot('Heap', 'B', ('in use', gc.mem_alloc), ('free', gc.mem_free))
    plot('Requests', '/s', ('served', lambda: _Seen.rate))
    plot('Loop lag', 'ms', ('worst', lambda: _Seen.late))
    temperature = facts.temperature()
    if temperature:
        plot('Temperature', '°C', ('chip', temperature))
    shell = console.Console({'app': app, 'web': web})

    @private.websocket('/ws', max_message=_LONGEST, ping_interval=15)
    async def serve(r, ws):
        await ws.send({
            'name': facts.name(),
            'uptime': facts.uptime(),
            'plots': [[title, unit, [name for name, _ in lines]] for title, unit, lines in _plots],
        })
        ring, at = memoryview(_Kept.ring), _Kept.oldest
        await ws.send(ring[at:], more=True)  # from the oldest on
        await ws.send(ring[:at])
        _room.join(ws)
        _sockets.append(ws)
        try:
            await _listen(ws, shell)
        finally:
            _sockets.remove(ws)


async def _listen(ws, shell):
    while True:
        try:
            asked = await ws.json()
        except ValueError:
            asked = {}
        if asked is None:
            break
        if isinstance(asked, dict) and isinstance(asked.get('run'), str):
            await ws.send(shell.run(asked['run']))


def disconnect():
    """End all connections: who may come back does."""
    for ws in list(_sockets):
        ws.abort()
