# Sending a response of pieces. What is ready leaves together, in one write with its
# framing: when a buffer is full, when the generator waits, and at the end.
from asyncio import core

from micropython import const

import web
from web.conn import TEXT, end_of_head, nothing, octets
from web.stream import abort, send_each, send_now, wake
from web.tasks import step

_HTTP11 = const(1)  # a flag of a head
_NO_LENGTH = const(57)  # bytes of TEXT before the Content-Length
_SIZE = const(1056)  # bytes of the buffer: a piece of 1 KB fits
# of these for the framing: a chunk's size, the CRLF behind it, the last chunk (RFC 9112 7.1)
_FRAMING = const(12)
_TURN = const(1024)  # bytes until others have their turn, of which each piece is
_COST = const(32)  # worth so many at least


class Stream:
    """A generator that turned out to give pieces: the first one, and the rest."""

    def __init__(self, first, generator):
        self.first = first
        self.generator = generator

    def close(self):
        self.generator.close()


def respond(conn, r, entry, body):
    """Return what is to be awaited to answer r with pieces, and no more than that."""
    head = TEXT[:_NO_LENGTH]
    chunked = r.flags & _HTTP11
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n"
    else:
        conn.closing = True  # its end is the body's
    return send_pieces(conn, r, entry, head + end_of_head(conn, r), body, chunked, None)


async def send_pieces(conn, r, entry, head, body, chunked, left):
    """Send head (bytes) and body's pieces: as chunks, of `left` bytes, or to the end."""
    streams = conn.server.streams
    out = thrown = fault = None
    first, generator = (body.first, body.generator) if type(body) is Stream else (None, body)
    if not hasattr(generator, "send"):
        generator = _pieces_of(generator)
    try:
        if streams:
            await web.shortage.wait_for_memory(conn.server)
        out, head = _Gathered(conn, head, chunked), None  # it need not stay in memory
        while True:
            try:
                piece = first or step(generator, thrown)
            except StopIteration as e:
                if e.value is not None:
                    raise TypeError  # see web.advice
                break
            first = thrown = None
            if piece is None:
                out.send_now()
                try:
                    yield
                except BaseException as e:
                    thrown = e
                out.waits = False
                continue
            piece = octets(piece)
            n = len(piece)
            if left is not None:
                left -= n
                if left < 0:
                    raise ValueError("more than the Content-Length")
            if conn.busy or len(out.buf) + n > out.size - _FRAMING:
                piece = out.parts(piece)
                await send_each(conn, piece)
            else:
                out.buf.extend(piece)
            piece = None  # nor this, for the next one
            out.turn += _COST + n
            if out.turn >= _TURN:
                out.turn = 0
                several = len(streams) > 1
                await (web.shortage.give_way(conn.server, out, n) if several else core.sleep_ms(0))
        if left:
            raise ValueError("less than the Content-Length")
        await send_each(conn, out.parts(b"", b"0\r\n\r\n" if chunked else b""))
    except BaseException as e:
        fault = e
    if out:
        streams.remove(out)
    if hasattr(body, "close"):
        body.close()
    if fault:
        if conn.sent:
            conn.closing = True
            if not conn.lost:
                out.send_now()
        out = None
        await (web.response.failed(conn, r, entry, fault) or nothing())


async def _pieces_of(iterator):
    iterator = iterator.__aiter__()
    while True:
        try:
            piece = await iterator.__anext__()
        except StopAsyncIteration:
            return
        yield piece


class _Gathered:
    """Pieces that leave together: buf[:at] is as it is to be sent, the framing of what is
    behind goes in between."""

    def __init__(self, conn, head, chunked):
        self.conn = conn
        self.chunked = chunked
        self.turn = 0  # bytes since others had theirs
        self.waits = False  # for what its generator waits for
        self.take(head)
        conn.server.streams.append(self)

    def take(self, head=b"", gather=True):
        """Take a buffer that begins with head, of no size for pieces where memory is
        short."""
        self.size = _SIZE if gather else 0
        try:
            self.buf = bytearray(self.size)
        except MemoryError:
            self.size = 0
            self.buf = bytearray()
        self.buf[:] = head  # the memory stays
        self.at = len(head)

    def _frame(self, more=0):
        # make it a chunk, of which `more` bytes are behind the buffer
        buf = self.buf
        n = len(buf) - self.at + more
        if n and self.chunked:
            buf[self.at : self.at] = b"%x\r\n" % n
            if not more:
                buf.extend(b"\r\n")
        self.at = len(buf)

    def parts(self, piece=b"", last=b""):
        """Give what is to be sent, one by one, until there is room for a piece; one that is
        too large leaves from where it is, without a copy. The last chunk comes at the end."""
        buf = self.buf
        more = len(piece)
        if more <= self.size - _FRAMING:
            more = 0
        self._frame(more)
        buf.extend(last)
        yield buf
        buf[:] = b""
        if more:
            yield piece
            if self.chunked:
                buf.extend(b"\r\n")
        self.at = len(buf)
        if not more:
            buf.extend(piece)

    def send_now(self):
        """Begin to send what there is. The current task waits for something else: it must
        not wait here as well, nor raise anything."""
        self.waits = True
        conn = self.conn
        buf = self.buf
        # before the first piece not even the head is sent
        if conn.busy or not conn.sent and len(buf) == self.at:
            return
        try:
            self._frame()
            try:
                if conn.sock and not conn.lost:
                    buf[: send_now(conn, buf, len(buf))] = b""
                    self.at = len(buf)
            except OSError:
                pass  # sending the rest meets it again
            if buf:
                busy = core.TaskQueue()
                core.create_task(self._send_rest())
                conn.busy = busy
        except MemoryError:
            pass  # it is sent with the next piece

    async def _send_rest(self):
        conn = self.conn
        wake(conn.busy)
        conn.busy = None
        conn.turns = 0  # nobody comes between
        try:
            await send_each(conn, self.parts())
        except Exception:
            if conn.sock:
                abort(conn)  # the generator may wait for long
