# Files and what else can be read as the bodies of responses.
from micropython import const

import web

_PIECE = const(1024)


def size(file):
    """Return how many bytes are left of a file, None where that can't be known."""
    try:
        pos = file.seek(0, 1)
        end = file.seek(0, 2)
        file.seek(pos)
        return end - pos
    except (AttributeError, OSError):
        return None


async def respond(conn, r, entry, head, file, chunked, left):
    """Send head (bytes) and `left` bytes of a file, and close it; all that comes of it, as
    chunks or to the connection's end, where left is None. Raises as
    web.streaming.send_pieces()."""
    try:
        if left is None or not hasattr(file, "readinto"):
            pieces = _pieces(file)
            await web.streaming.send_pieces(conn, r, entry, head, pieces, chunked, left)
        else:
            await web.transfer.send(conn, head, file, left)
    except BaseException as e:
        if conn.sent:
            conn.closing = True
        rest = web.response.failed(conn, r, entry, e)
        if rest:
            await rest
    finally:
        if hasattr(file, "close"):
            file.close()  # once more, where it is sent as it is


def _pieces(file):
    buf = None if hasattr(file, "read") else bytearray(_PIECE)
    while True:
        if buf:
            piece = memoryview(buf)[: file.readinto(buf)]
        else:
            piece = file.read(_PIECE)
        if not piece:
            return
        yield piece
