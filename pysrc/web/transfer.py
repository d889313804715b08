# The bytes of a file: through one buffer, or from where the file system has them.
from time import ticks_diff, ticks_ms

from micropython import const

import web
from web.conn import SENT
from web.stream import send_each

_BLOCK = const(4096)  # bytes of the buffer
_SMALL_BLOCK = const(512)  # and of one where memory is short
_SECTOR = const(512)  # blocks begin at multiples of it in the file, as media are read fastest
_TURN_MS = const(20)  # after which others have their turn
_TURNS = const(8)  # socket calls in a row, see stream.py
_DROPPED_MS = const(9000)  # see stream.py
_ENOMEM = const(12)

_spare = []  # the buffer of a transfer that has ended


def cancel():
    """A connection that had a file has ended: the buffer goes with it."""
    _spare.clear()


def _buffer():
    try:
        return _spare.pop() if _spare else bytearray(_BLOCK)
    except MemoryError:
        return bytearray(_SMALL_BLOCK)


def _fill(file, buf, n, left):
    # behind buf[:n], to a multiple of _SECTOR in the file
    more = len(buf) - n
    if left <= more:
        more = left
    elif more > _SECTOR:
        more &= -_SECTOR
    return file.readinto(memoryview(buf)[n : n + more]) if more else 0


async def send(conn, head, file, left):
    """Send head (bytes) and `left` bytes of a file, which may be None, and close it if it can
    be. Returns SENT. Raises OSError, and ValueError when there are fewer."""
    buf = None
    n = len(head)
    try:
        try:
            lent = left and memoryview(file)  # of ROMFS
        except TypeError:
            buf = _buffer()
            size = len(buf)
            if n >= size:
                await send_each(conn, (head,))
                n = 0
            buf[:n] = head
        else:
            pos = left and file.seek(0, 1)
            await send_each(conn, (head, lent[pos : pos + left]) if left else (head,))
            n = left = 0
        while left or n:
            sock = conn.sock
            done = n
            began = ticks_ms()
            passed = 0
            while (left or n) and sock and passed < _TURN_MS:
                if n or left < size:
                    got = _fill(file, buf, n, left)
                else:
                    got = file.readinto(buf)  # which needs no memory
                if not got and left:
                    raise ValueError("less than the Content-Length")
                n += got
                left -= got
                conn.sent = True
                try:
                    done = sock.write(buf, n) or 0
                    passed = ticks_diff(ticks_ms(), began)
                    if passed > _DROPPED_MS:
                        raise OSError(_ENOMEM)
                except OSError:
                    conn.lost = True
                    raise
                if done < n:
                    break
                done = n = 0
            if n or left:
                # others have their turn first; the deadline of what waits in a handler's
                # first step would be forgotten
                conn.turns = _TURNS
                await send_each(conn, (memoryview(buf)[done:n],))
                n = 0
    finally:
        if buf and not _spare and conn.sock:
            _spare.append(buf)
            conn.touched = True
            conn.helpers = (web.transfer,)
        if hasattr(file, "close"):
            file.close()
    conn.sent = False
    return SENT
