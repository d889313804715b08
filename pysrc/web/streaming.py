# Sending a response of pieces. What is ready leaves together, in one write with its
# framing: when a buffer is full, when the generator waits, and at the end.
from asyncio import core

from micropython import const

import web
from web.conn import TEXT, end_of_head, octets
from web.stream import abort, send_each, send_now, wake
from web.tasks import step

_HTTP11 = const(1)  # a flag of a head
_TYPE = const(57)  # bytes of TEXT before the Content-Length
_SIZE = const(1056)  # bytes of the buffer: a piece of 1 KB fits
_LINE = const(14)  # in front of a chunk: the CRLF of the last one, and its size
_END = const(7)  # behind it: CRLF, and the last chunk (RFC 9112 7.1)
_TURN = const(1024)  # bytes until others have their turn, of which each piece is
_COST = const(32)  # worth so many at least


class Stream:
    """A generator that turned out to give pieces: the first one, and the rest."""

    def __init__(self, first, generator):
        self.first = first
        self.generator = generator

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = self.first
        self.first = None
        while item is None:
            try:
                item = step(self.generator)
            except StopIteration:
                raise StopAsyncIteration
            if item is None:
                yield
        return item

    def close(self):
        self.generator.close()


def respond(conn, r, entry, body):
    """Return what is to be awaited to answer r with pieces, and no more than that."""
    head = TEXT[:_TYPE]
    chunked = r.flags & _HTTP11
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n"
    else:
        conn.closing = True  # its end is the body's
    return send_pieces(conn, r, entry, head + end_of_head(conn, r), body, chunked, None)


async def send_pieces(conn, r, entry, head, body, chunked, left):
    """Send head (bytes) and the pieces that body gives: as chunks, or up to `left`
    bytes, or to the connection's end. Raises ValueError, TypeError, OSError, and what
    the generator raises."""
    first, generator = _source(body)
    server = conn.server
    out = None
    try:
        if server.streams:
            await web.shortage.wait_for_memory(server)
        out = _Gathered(conn, head, chunked)
        head = None  # it need not stay in memory
        server.streams.append(out)
        thrown = None
        while True:
            try:
                piece = first or step(generator, thrown)
            except StopIteration:
                break
            first = thrown = None
            if piece is None:
                out.send_now()
                out.waits = True
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
            if conn.busy or out.start or not out.add(piece):
                parts = out.parts(piece)
                piece = None  # nor this, for the next one
                await send_each(conn, parts)
            parts = piece = None
            out.turn += _COST + n
            if out.turn >= _TURN:
                out.turn = 0
                alone = len(server.streams) < 2
                await (core.sleep_ms(0) if alone else web.shortage.give_way(server, out, n))
        if left:
            raise ValueError("less than the Content-Length")
        await send_each(conn, out.parts(None, b"0\r\n\r\n" if chunked else b""))
    except BaseException as e:
        _forget(server, out, body)
        if conn.sent:
            conn.closing = True
            if not conn.lost:
                out.send_now()
        out = None
        rest = web.sending.failed(conn, r, entry, e)
        if rest:
            await rest
    finally:
        _forget(server, out, body)


def _forget(server, out, body):
    if out in server.streams:
        server.streams.remove(out)
    if hasattr(body, "close"):
        body.close()


def _source(body):
    """Return the first piece, if it is there, and a generator of the others."""
    if isinstance(body, Stream):
        return body.first, body.generator
    return None, body if hasattr(body, "send") else _pieces_of(body)


async def _pieces_of(iterator):
    iterator = iterator.__aiter__()
    while True:
        try:
            piece = await iterator.__anext__()
        except StopAsyncIteration:
            return
        yield piece


class _Gathered:
    """Pieces that leave together: buf[room:], the framing goes in front of it. Once that
    is there, buf[start:] is to be sent, and start is not 0."""

    def __init__(self, conn, head, chunked):
        self.conn = conn
        self.line = head  # what goes before the next byte of data
        self.chunked = chunked
        self.start = 0
        self.turn = 0  # bytes since others had theirs
        self.waits = False  # for what its generator waits for
        self.take(len(head) + _LINE)

    def take(self, room, gather=True):
        """Take a buffer with so much room for the framing, and none for pieces where
        memory is short."""
        self.room = room
        self.size = room + _END
        if gather:
            self.size = max(_SIZE, self.size)
        try:
            self.buf = bytearray(self.size)
        except MemoryError:
            if not gather:
                raise
            return self.take(room, False)
        self.buf[room:] = b""  # the memory stays

    async def drop(self):
        """Send what there is, and do without the buffer."""
        await send_each(self.conn, self.parts())
        self.buf = b""
        self.room = 0

    def add(self, piece):
        """Add a piece if there is room for it; return whether there was."""
        fits = len(self.buf) + len(piece) <= self.size - _END
        if fits:
            self.buf.extend(piece)
        return fits

    def _frame(self, more=0, last=b""):
        # make it a chunk, of which `more` bytes are behind the buffer
        line = self.line
        self.line = b""
        if self.chunked:
            n = len(self.buf) - self.room + more
            if n:
                line += b"%x\r\n" % n
                if more:
                    self.line = b"\r\n"
                else:
                    self.buf.extend(b"\r\n")
            self.buf.extend(last)
        self.start = self.room - len(line)
        self.buf[self.start : self.room] = line

    def parts(self, piece=None, last=None):
        """Give what is to be sent, one by one: as much as makes room for a piece, or all
        that there is, and at the end the last chunk."""
        if self.start:
            yield memoryview(self.buf)[self.start :]
            self._clear()
        if piece is not None and self.add(piece):
            return
        if piece is None or len(piece) <= self.size - _LINE - _END:
            if piece is not None or last is not None or self._is_due():
                self._frame(0, last or b"")
                yield memoryview(self.buf)[self.start :]
                self._clear()
            if piece is not None:
                self.add(piece)
        else:  # it leaves from where it is, without a copy
            self._frame(len(piece))
            yield memoryview(self.buf)[self.start :]
            yield piece
            self._clear()

    def _clear(self):
        self.buf[_LINE:] = b""
        self.room = _LINE
        self.start = 0

    def _is_due(self):
        # before the first piece not even the head is
        return self.start or len(self.buf) > self.room or self.line == b"\r\n"

    def send_now(self):
        """Begin to send what there is. The current task waits for something else: it must
        not wait here as well, nor raise anything."""
        conn = self.conn
        if conn.busy or not self._is_due():
            return
        try:
            if not self.start:
                self._frame()
            view = memoryview(self.buf)[self.start :]
            n = 0
            if conn.sock and not conn.lost:
                try:
                    n = send_now(conn, view, len(view))
                except OSError:
                    pass  # sending the rest meets it again
            self.start += n
            if n == len(view):
                self._clear()
            else:
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
