# The body of a request, or a part of it, kept in a file.
from micropython import const

import web

_BLOCK = const(4096)  # bytes that are written to the file at once
_SMALL_BLOCK = const(512)  # where memory is short

_saving = set()


async def save(r, path, buf=None, hash=None, check=None):
    """Write the body to a file as it arrives, by pieces of buf (bytearray, of 4,096 bytes
    if not given, or of 512 where memory is short). The file gets its name when it is
    whole; until then path + '.part' has what came. Returns its size.

    hash   an object of hashlib: its update() gets every piece
    check  called when all has come: unless it returns what is true the file is removed, and
           HTTPException(422) raised

    Raises OSError, HTTPException(409) while another request saves the same, what check
    raises, and as readinto() does."""
    import os

    part = path + ".part"
    if part in _saving:
        raise web.HTTPException(409)
    _saving.add(part)
    size = 0
    try:
        if buf is None:
            try:
                buf = bytearray(_BLOCK)
            except MemoryError:
                buf = bytearray(_SMALL_BLOCK)
        view = memoryview(buf)
        readinto = r.readinto
        with open(part, "wb") as file:
            more = True
            while more:
                # flash takes whole blocks best
                n = 0
                while more and n < len(buf):
                    more = await readinto(view[n:])
                    n += more
                if hash:
                    hash.update(view[:n])
                if file.write(view[:n]) != n:
                    raise OSError(28)  # ENOSPC
                size += n
        if check and not check():
            raise web.HTTPException(422)
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
