# The body of a request, kept in a file.
from micropython import const

import web
from web.body import readinto

_BLOCK = const(4096)  # bytes that are written to the file at once
_SMALL_BLOCK = const(512)  # where memory is short

_saving = set()


async def save(r, path, buf=None):
    """Write the body to a file as it arrives, by pieces of buf (bytearray, of 4,096 bytes
    if not given, or of 512 where memory is short). The file gets its name when it is
    whole. Returns its size. Raises OSError, HTTPException(409) while another request
    saves the same, and as readinto() does."""
    import os

    part = path + ".part"
    if part in _saving:
        raise web.HTTPException(409)
    _saving.add(part)
    if buf is None:
        try:
            buf = bytearray(_BLOCK)
        except MemoryError:
            buf = bytearray(_SMALL_BLOCK)
    view = memoryview(buf)
    size = 0
    try:
        with open(part, "wb") as file:
            while True:
                n = await readinto(r, buf)
                if not n:
                    break
                if file.write(view[:n]) != n:
                    raise OSError(28)  # ENOSPC
                size += n
        try:
            os.rename(part, path)
        except OSError:  # FAT has no renaming over a file
            os.remove(path)
            os.rename(part, path)
    except BaseException:
        try:
            os.remove(part)
        except OSError:
            pass
        raise
    finally:
        _saving.discard(part)
    return size
