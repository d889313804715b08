# What a WebSocket receives (RFC 6455 5): messages out of frames. Most messages come
# whole in one frame, which takes few look-ups: functions instead of methods, and a list
# of what is arriving instead of attributes.
from asyncio import CancelledError, core
from builtins import bytearray, len, memoryview, min, str  # found sooner in this module

from micropython import const

import web
from web._codec import utf8
from web.buffers import new_buffer
from web.outgoing import flush, frames
from web.stream import begin_wait, cancelled, wait

mask = frames.mask
ws_parse = frames.ws_parse

_FIN = const(0x80)
_MASKED = const(0x80)
_PINGING = const(1)  # see web.websocket
_PACKED = const(0x40)  # RSV1: a compressed message (RFC 7692)
_TEXT = const(1)
_PART = const(3)  # instead of an opcode: a piece of a message
_WHOLE_TEXT = const(0x81)  # the first byte of a message in one frame
_WHOLE_BYTES = const(0x82)
_TYPES = ("", "text", "bytes", "", "", "", "", "", "close", "ping", "pong")
_BUFFER = const(1536)  # bytes received at once, but for payloads that go on
_PRIVATE = const(1024)  # and where messages are given away in pieces
_ROOM = const(256)  # bytes of a message for which there is memory, before more is read
_STEP = const(16384)  # a payload's memory begins with this at most, whatever its header claims
_TURNS = const(8)  # reads in a row without letting other tasks run

# What ws.left is when no part of a frame has come:
_FRESH = const(-1)  # a message is to begin;
_BETWEEN = const(-2)  # the next frame of one is to come, or one that goes somewhere else;
_OVER = const(-3)  # nothing will come any more

# What is in the list ws.arriving, once a message did not come whole. It is kept there, so
# that who gives up waiting loses nothing.
_FIRST = const(0)  # the frame's first byte,
_LENGTH = const(1)  # and the length of its payload
_DONE = const(2)  # bytes of that which came
_KEY = const(3)  # the key that masks it, or None
_KIND = const(4)  # the opcode of a message of which a part came,
_BEGAN = const(5)  # its first byte,
_UTF8 = const(6)  # and the state of its text
_DATA = const(7)  # memory for what came of it,
_FILL = const(8)  # and how much of that is filled
_SMALL = const(9)  # what came of a control frame
_EVENT = const(10)  # the opcode of the last one, or _PART, or minus a close code,
_PAYLOAD = const(11)  # and its payload

# What a task wants:
_ANY = const(1)  # messages and control frames
_NEXT = const(2)  # messages of an iteration
_PIECE = const(3)  # a piece of a message, or its end

_NOTHING = [0, 0, 0, None, 0, 0, 0, None, 0, None, 0, None]  # has arrived
_head = [0, 0]  # of the frame that is looked at
_buffer = bytearray(_BUFFER)  # see _claim()
_owner = None  # the connection that has something in it


async def receive(ws, want=0):
    """Return the next message, or None when the connection is over; or what else is
    wanted."""
    # for each message there is one of these: it has few variables
    while True:
        message = _take(ws)
        if message is None:
            while not _read(ws):
                try:
                    yield
                except CancelledError:
                    if not _timed_out(ws):
                        raise
        elif message is not False:
            return _event_of(ws, message) if want == _ANY else message
        elif ws.left == _OVER:
            if core.cur_task is ws.conn.task:
                ws.due = None  # the handler knows, and has its time
            if want == _NEXT:
                raise StopAsyncIteration
            return None
        elif want == _PIECE and ws.arriving[_EVENT] == _PART:
            return ws.arriving[_PAYLOAD]
        elif await ws.control() and want == _ANY:
            return _event_of(ws, False)


def _event_of(ws, message):
    opcode = _TEXT if isinstance(message, str) else 2
    if message is False:
        opcode, message = ws.arriving[_EVENT:]
    return {"type": _TYPES[opcode], "data": message, "fin": True}


def _take(ws):
    """Take in what is in the buffer, up to the end of a message. Returns the message;
    None when more bytes are needed; False when the connection is over, or when the list
    has an event."""
    while True:
        used = 0
        left = ws.left
        if left < 0:
            conn = ws.conn
            pos = conn.pos
            end = conn.end
            if pos == end or left == _OVER:
                return None if left != _OVER else False
            buf = conn.buf
            head = _head
            expect = ws.expect
            used = ws_parse(buf, pos, end, expect, head)
            if used <= 0:
                return _tell(ws, used) if used else None
            if expect & _PINGING:
                ws.rest()
            n = head[_LENGTH]
            pos += used
            if left == _FRESH and n <= end - pos and n <= ws.max_message:
                first = head[_FIRST]
                end = pos + n
                if first == _WHOLE_BYTES:
                    conn.pos = end
                    return buf[pos:end]
                if first == _WHOLE_TEXT and not utf8(buf, pos, end, 0):
                    conn.pos = end
                    return str(buf[pos:end], "utf-8")
            conn.pos = pos
            wrong = _begin(ws, buf, pos)
            if wrong:
                ws.left = _BETWEEN
                return _tell(ws, wrong)
        message = _collect(ws, used)
        if message is not None or ws.left >= 0:
            return message


def _tell(ws, event, payload=None):
    if ws.arriving is None:
        ws.arriving = _NOTHING[:]
    ws.arriving[_EVENT] = event
    ws.arriving[_PAYLOAD] = payload
    return False


def _begin(ws, buf, pos):
    """Begin with the frame whose payload begins at buf[pos]. Returns minus a close code
    when there may be no such frame."""
    ws.left = _OVER  # if there is no memory
    if ws.arriving is None:
        ws.arriving = _NOTHING[:]
    arriving = ws.arriving
    arriving[_FIRST], arriving[_LENGTH] = first, n = _head
    if first & 8:
        arriving[_SMALL] = bytearray()
    else:
        if bool(first & 15) == bool(arriving[_KIND]):
            return -1002  # a message begins in another, or goes on without one
        if first & 15:
            arriving[_KIND] = first & 15
            arriving[_BEGAN] = first
            arriving[_UTF8] = arriving[_FILL] = 0
            ws.expect &= ~_PACKED
        if arriving[_FILL] + n > _most(ws, arriving):
            return -1009
    if ws.expect & _MASKED:
        arriving[_KEY] = buf[pos - 4 : pos]
    ws.left = n
    arriving[_DONE] = 0
    return 0


def _most(ws, arriving):
    """The most bytes that the message may have."""
    if ws.into is None or arriving[_BEGAN] & _PACKED:
        return ws.max_message
    return 1 << 30 if ws.into is True else len(ws.into)


def _collect(ws, unmasked):
    """Take in what is in the buffer of a frame's payload, which is unmasked where its
    header was there, too. Returns as _take() does."""
    conn = ws.conn
    arriving = ws.arriving
    left = ws.left
    n = min(conn.end - conn.pos, left)
    first = arriving[_FIRST]
    if n:
        ws.left = _OVER  # if there is no memory
        start = conn.pos
        conn.pos = end = start + n
        buf = conn.buf
        if arriving[_KEY] and not unmasked:
            mask(buf, start, end, arriving[_KEY], arriving[_DONE])
        arriving[_DONE] += n
        part = memoryview(buf)[start:end]
        if first & 8:
            arriving[_SMALL].extend(part)
        else:
            _check(arriving, buf, start, end)
            if ws.into is True and arriving[_UTF8] >= 0 and not arriving[_BEGAN] & _PACKED:
                ws.left = left - n
                return _tell(ws, _PART, part)
            data = _room(ws, arriving, left)
            fill = arriving[_FILL]
            data[fill : fill + n] = part
            arriving[_FILL] = fill + n
        ws.left = left - n
    if arriving[_UTF8] < 0:
        return _tell(ws, -1007)
    if n < left:
        return None
    ws.left = _FRESH if not arriving[_KIND] and ws.into is None else _BETWEEN
    if first & 8:
        return _tell(ws, first & 15, bytes(arriving[_SMALL]))
    return _message(ws, arriving) if first & _FIN else None


def _check(arriving, buf, start, end):
    # what goes on a text
    if arriving[_KIND] == _TEXT and not arriving[_BEGAN] & _PACKED:
        arriving[_UTF8] = utf8(buf, start, end, arriving[_UTF8])


def _room(ws, arriving, n):
    """Have memory for some of n bytes more of the message. Returns it."""
    data = arriving[_DATA]
    fill = arriving[_FILL]
    if not fill:
        if ws.into and ws.into is not True and not arriving[_BEGAN] & _PACKED:
            data = ws.into
        else:
            # what doubles to n in the end
            while n > _STEP:
                n = (n + 1) // 2
            data = bytearray(n)
        arriving[_DATA] = data
    n = min(n, _ROOM)
    while len(data) - fill < n:
        size = len(data)
        # of itself, it takes no memory twice
        more = ws.max_message - size
        data.extend(data if more >= size else bytes(max(more, _ROOM)))
    return data


def _message(ws, arriving):
    """Return the message that is whole now, or tell of it."""
    kind = arriving[_KIND]
    data = arriving[_DATA]
    fill = arriving[_FILL]
    into = ws.into
    packed = arriving[_BEGAN] & _PACKED
    arriving[_KIND] = arriving[_FILL] = 0
    arriving[_DATA] = ws.into = None
    ws.left = _FRESH
    if ws.deflate:
        ws.expect |= _PACKED
    if kind == _TEXT and arriving[_UTF8]:
        return _tell(ws, -1007)
    if into and not packed:
        return _tell(ws, _PART) if into is True else fill
    if data is None:
        data = bytearray()
    elif fill < len(data):
        data[fill:] = b""
    if packed:
        unpacked = web.deflate.unpack(ws, kind, data, into)
        if into is True:
            # with the state of its text, if it is one
            return _tell(ws, _PART, (unpacked, 0 if kind == _TEXT else None))
        if isinstance(unpacked, int) and unpacked < 0:
            return _tell(ws, unpacked)
        return unpacked
    return str(data, "utf-8") if kind == _TEXT else data


def _read(ws):
    """Read what has come. Returns False when that was nothing, and the task is to be
    woken when there is more."""
    conn = ws.conn
    sock = conn.sock
    pos = conn.pos
    try:
        if conn.drained or conn.turns > _TURNS or not sock:
            conn.drained = False
            if conn.entry[0]:
                web.timed.check_alone(conn)
            if ws.queued:
                flush(ws)
            if sock and conn.entry[1] is None:
                conn.turns = 0
                wait(conn.server, sock, conn.entry, core.cur_task)
            else:
                begin_wait(conn, 0)
            return False
        conn.turns += 1
        if pos != conn.end:
            n = _read_behind(conn, ws)  # part of a header
        elif ws.left > _ROOM and ws.into is not True:
            n = _read_payload(conn, ws)
            conn.end = conn.pos = 0  # it is empty; and a payload's end is most often the last
        else:
            if _owner is not conn:
                _claim(conn, ws)
            n = sock.readinto(conn.buf)
            conn.pos = 0
            conn.end = n or 0
        if n:
            conn.drained = conn.end < len(conn.buf)
        elif n is None:
            conn.drained = True
        else:
            ws.end(1006)
    except OSError:
        conn.lost = True
        ws.end(1006)
    return True


def _read_behind(conn, ws):
    if _owner is not conn or conn.pos:
        _claim(conn, ws)
    n = conn.sock.readinto(memoryview(conn.buf)[conn.end :])
    conn.end += n or 0
    return n


def _claim(conn, ws):
    """Give conn the buffer that all connections share, of whom most wait; what another
    one has in it moves out."""
    global _owner
    other = _owner
    if other and other is not conn and other.pos != other.end:
        new_buffer(other, 0)
    _owner = None
    if ws.into is True:
        new_buffer(conn, _PRIVATE)  # the pieces stay there while other tasks run
        return
    rest = conn.buf[conn.pos : conn.end]
    conn.buf = _buffer
    conn.pos = 0
    conn.end = len(rest)
    if rest:
        _buffer[: len(rest)] = rest
    _owner = conn


def _read_payload(conn, ws):
    """Read what has come of a long payload, straight to where its message is put
    together. Returns as readinto() does."""
    arriving = ws.arriving
    key = arriving[_KEY]
    done = arriving[_DONE]
    left = ws.left
    readinto = conn.sock.readinto
    ws.left = _OVER  # if there is no memory
    n = 1
    while n and left > 0:
        data = _room(ws, arriving, left)
        fill = arriving[_FILL]
        n = readinto(memoryview(data)[fill:], left)
        if n:
            end = fill + n
            if key:
                mask(data, fill, end, key, done)
            _check(arriving, data, fill, end)
            arriving[_FILL] = end
            done += n
            left -= n
    arriving[_DONE] = done
    ws.left = left
    return n


def _timed_out(ws):
    """Whether it was the server's clock that cancelled the wait; then the connection
    is over."""
    try:
        cancelled(ws.conn, 0)
    except OSError:
        ws.end(1006)
        return True
    if ws.into is not None and ws.left == _BETWEEN and not (ws.arriving and ws.arriving[_KIND]):
        ws.into = None  # nothing came of the message
        ws.left = _FRESH
    return False
