# What a WebSocket receives (RFC 6455): messages out of frames. Most messages come whole in
# one frame, which takes few look-ups; web.pieces has what others take.
from asyncio import core
from builtins import bytearray, len, memoryview, min, str  # found sooner in this module

from micropython import const

import web
from web._choose import choose
from web._codec import utf8
from web.poll import begin_wait

frames = choose("_frames", "_portable_frames")
choose = None  # see there
mask = frames.mask
ws_parse = frames.ws_parse

_MASKED = const(0x80)
_PINGING = const(1)  # see web.websocket
_PACKED = const(0x40)  # RSV1: a compressed message (RFC 7692)
_TEXT = const(1)
_CLOSE = const(8)
_WHOLE_TEXT = const(0x81)  # the first byte of a message in one frame
_WHOLE_BYTES = const(0x82)
_HEADER = const(14)
_FRAME = const(1024)  # bytes of a message that leave together with the header
_BUFFER = const(1040)  # bytes received at once, but for payloads that go on
_SHORT = const(126)  # bytes; what is less is taken in as a whole
_ROOM = const(256)  # of a payload, bytes that are more than what a buffer is for
_TURNS = const(8)  # reads in a row without letting other tasks run
_LEFT = const(0)  # in ws.arriving, see web.pieces: bytes of a payload that are to come

# What a task wants:
_ANY = const(1)  # messages, and control frames: (opcode, payload)
_NEXT = const(2)  # messages of an iteration
_PIECE = const(3)  # a piece of a message, or its end

# What to await when there is nothing to wait for. A coroutine that has ended returns at
# once and takes no memory, as one for each message would.
SENT = (None for _ in ())
_head = [0, 0]  # of the frame that is looked at
event = [0, None]  # the opcode and payload of a control frame, 0 and a piece, or minus a close code
# What all connections receive in, of whom most wait, and the one that has bytes in it. As
# long as there are none, frames that leave are built there.
buffer = bytearray(_BUFFER)
owner = [None]


# -- messages


async def receive(ws, want=0):
    """Return the next message, or None when the connection is over; or what else is
    wanted."""
    # for each message there is one of these: it has few variables
    while True:
        try:
            message = take(ws)
            if message is None:
                while not _read(ws):
                    yield
                continue
            if message is not False:
                return message
            if ws.close_code is not None:
                break
            opcode, message = event
            if opcode:
                await (ws.control(opcode, message) or SENT)
                if want == _ANY and opcode > 0:
                    return opcode, message
            elif want == _PIECE:
                return message
        except OSError:
            ws.conn.lost = True
            ws.end(1006)
        except MemoryError:
            ws.end(1006)  # rather than a message with bytes missing
            raise
        except BaseException:
            if not web.closing.given_up(ws):
                raise
    if core.cur_task is ws.conn.task:
        ws.due = None  # the handler knows, and has its time
    if want == _NEXT:
        raise StopAsyncIteration


def scratch(n):
    """Return memory for a frame of n bytes, or its beginning, which no other task sees."""
    other = owner[0]
    if other and other.pos != other.end:
        return bytearray(min(n, _FRAME) + _HEADER)
    return buffer


def take(ws):
    """Take in what is in the buffer, up to the end of a message. Returns the message;
    None when more bytes are needed; False when the connection is over, or when there is
    an event."""
    conn = ws.conn
    while True:
        used = 0
        arriving = ws.arriving
        if arriving is None or arriving[_LEFT] < 0:
            pos = conn.pos
            end = conn.end
            if pos == end:
                return None if ws.open or ws.close_code is None else False
            buf = conn.buf
            expect = ws.expect
            head = _head
            used = ws_parse(buf, pos, end, expect, head)
            if used <= 0:
                return tell(used) if used else None
            if expect & _PINGING:
                web.waiting.rest(ws)
            first, n = head
            pos += used
            if n <= end - pos:
                end = pos + n
                if arriving is None and n <= ws.max_message:
                    if first == _WHOLE_BYTES:
                        conn.pos = end
                        return buf[pos:end]
                    if first == _WHOLE_TEXT and not utf8(buf, pos, end, 0):
                        conn.pos = end
                        return str(buf[pos:end], "utf-8")
                if first & 8:
                    conn.pos = end
                    data = bytes(buf[pos:end])
                    first &= 15
                    if first == _CLOSE:
                        first = min(first, web.closing.close_code(data))
                    return tell(first, data)
            elif n < _SHORT and (arriving is None or first & 8):
                if first & (_PACKED | 15) == _TEXT and utf8(buf, pos, end, 0) < 0:
                    return tell(-1007)
                if expect & _MASKED:  # as it was, until the rest is there
                    mask(buf, pos, end, buf[pos - 4 : pos], 0)
                return None
            conn.pos = pos
            wrong = web.pieces.begin(ws, first, n)
            if wrong:
                return tell(wrong)
            arriving = ws.arriving
        message = web.pieces.gather(ws, arriving, used)
        if message is not None or arriving[_LEFT] >= 0 and conn.pos == conn.end:
            return message


def tell(opcode, data=None):
    """Have receive() see to an event."""
    event[0] = opcode
    event[1] = data
    return False


def _read(ws):
    """Read what has come. Returns False when that was nothing, and the task is to be
    woken when there is more. Raises OSError."""
    conn = ws.conn
    sock = conn.sock
    if ws.drained or conn.turns > _TURNS or not sock:
        ws.drained = False
        if conn.entry[0]:
            web.waiting.check_alone(conn)
        if ws.queue:
            ws.flush()
        begin_wait(conn, 0)
        return False
    conn.turns += 1
    arriving = ws.arriving
    rest = conn.pos != conn.end  # a part of a header, or of a control frame
    if arriving and arriving[_LEFT] > _ROOM and not rest:
        n = web.pieces.read_payload(ws, sock, arriving)
        ws.drained = not arriving[_LEFT]  # a payload's end is most often the last
    else:
        if owner[0] is not conn or conn.buf is not buffer or conn.pos and rest:
            _claim(conn)
        if not rest:
            conn.pos = conn.end = 0
        n = sock.readinto(memoryview(buffer)[conn.end :] if rest else buffer)
        conn.end += n or 0
        ws.drained = conn.end < _BUFFER
    if n is None:
        ws.drained = True
    elif not n:
        ws.end(1006)
    return True


def new_buffer(conn, size):
    """Leave the connection's buffer, with the head in it, to the request, and go on
    with one of `size` bytes, or as many as were received and not taken."""
    rest = memoryview(conn.buf)[conn.pos : conn.end]
    conn.end -= conn.pos
    conn.pos = 0
    conn.buf = bytearray(max(size, conn.end))
    conn.buf[: conn.end] = rest


def _claim(conn):
    """Give conn the buffer that all connections share, of whom most wait; what another
    one has in it moves out."""
    other = owner[0]
    if other and other is not conn and other.pos != other.end:
        new_buffer(other, 0)
    rest = conn.buf[conn.pos : conn.end]
    conn.buf = buffer
    conn.pos = 0
    conn.end = len(rest)
    buffer[: len(rest)] = rest
    owner[0] = conn
