# The bytes of a file: through one buffer, or from where the file system has them.
from micropython import const

import web
from web.stream import send_each, send_now

_BLOCK = const(4096)  # bytes of the buffer
_SMALL_BLOCK = const(512)  # and of one where memory is short
_WRITES = const(16)  # in a row, until others have their turn

_spare = []  # the buffer of a transfer that has ended


def cancel():
    """A connection that had a file has ended: the buffer goes with it."""
    _spare.clear()


async def send(conn, head, file, left):
    """Send head (bytes) and `left` bytes of a file, and close it if it can be. Raises OSError,
    and ValueError when there are fewer."""
    buf = None
    try:
        try:
            lent = memoryview(file)  # of ROMFS
        except TypeError:
            pass
        else:
            pos = file.seek(0, 1)
            return await send_each(conn, (head, lent[pos : pos + left]))
        try:
            buf = _spare.pop() if _spare else bytearray(_BLOCK)
        except MemoryError:
            buf = bytearray(_SMALL_BLOCK)
        size = len(buf)
        n = len(head)
        if n >= size:
            await send_each(conn, (head,))
            n = 0
        buf[:n] = head
        conn.turns = 0
        while left or n:
            if left:
                # the buffer itself needs no memory
                whole = not n and left >= size
                got = file.readinto(buf if whole else memoryview(buf)[n : n + left])
                if not got:
                    raise ValueError("less than the Content-Length")
                n += got
                left -= got
            done = 0
            if conn.turns < _WRITES and conn.sock:  # else send_each() lets others go
                conn.turns += 1
                done = send_now(conn, buf, n)
            if done < n:
                await send_each(conn, (memoryview(buf)[done:n],))
            n = 0
    finally:
        if buf and not _spare and conn.sock:
            _spare.append(buf)
            conn.touched = True
            conn.helpers = (web.transfer,)
        if hasattr(file, "close"):
            file.close()
