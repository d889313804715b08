# The queue in which a connection waits for its client, without a task, a buffer or
# anything else until something has come; the connection; the request on it; its answer.
#
# state      waits for                     deadline        may give its place
# 1 head     a request, without a task     head_timeout    after a grace
# 2 idle     the next one, without a task  idle_timeout    first, if not just answered
# 0 busy     its task: the handler         none            if the client is gone
#            a part of the body            body_timeout    when it is late
#            room for the response         write_timeout   when it is late
# 3 stream   its task, a WebSocket or an   the client's    when it takes nothing
#            event stream                  own
# A name that a module lacks is searched in builtins from end to end, every time.
from asyncio import core
from builtins import bytearray, bytes, id, list, memoryview, type
from json import dumps
from time import ticks_diff, ticks_ms

from micropython import const

import web
from web._codec import utf8

try:
    del web._codec  # see there
except AttributeError:
    pass  # there was no memory for this module the first time

_POLLIN = const(1)
_POLLOUT = const(4)
_HTTP11 = const(1)  # a flag of a head
_LARGE = const(1024)  # bytes of a body that does not leave in one write with its head
_DROPPED_MS = const(9000)  # see slow()

# Without memory the registration of a socket with the poller stops half-way, and
# leaves an entry that crashes the interpreter. This much is kept to complete it: unix
# has 8 bytes for each socket in one array.
_WORDS = const(24)
reserve = []

# What parse_head leaves in its list that is an attribute of a request as it is.
_IN_HEAD = {"method": 0, "path": 1, "query": 2, "flags": 3}


class Queue(core.IOQueue):
    """asyncio's queue of tasks that wait for sockets. In its map there are servers and
    connections, too, which wait without a task: ready() is called when there is something
    to accept or to read, and broken() when that raised an exception."""

    def wait_io_event(self, dt):
        waiting = self.map
        wait = dt
        while True:
            for sock, event in self.poller.ipoll(wait):
                entry = None
                try:
                    entry = waiting.get(id(sock))
                    if type(entry) is not list:
                        core.cur_task = None  # none runs, and any may be cancelled
                        entry.ready()
                        continue
                    # as asyncio does
                    if event & ~_POLLOUT and entry[0] is not None:
                        core._task_queue.push(entry[0])
                        entry[0] = None
                    if event & ~_POLLIN and entry[1] is not None:
                        core._task_queue.push(entry[1])
                        entry[1] = None
                    if entry[0] is None and entry[1] is None:
                        self._dequeue(sock)
                    else:
                        self.poller.modify(sock, _POLLOUT if entry[0] is None else _POLLIN)
                except Exception as e:
                    try:
                        if entry and type(entry) is not list:
                            entry.broken(e)
                    except MemoryError:
                        pass  # nothing may end the event loop
            if dt >= 0:
                return
            # asyncio expects that a task is due
            task = core._task_queue.peek()
            wait = -1
            if task:
                wait = ticks_diff(task.ph_key, ticks_ms())
                if wait <= 0:
                    return


def withdraw(queue, sock, what):
    """Have nothing wait for sock in an asyncio queue, if what did. Where memory begins above
    2**30, as in an ESP32-C6, id() takes some, which is there."""
    for _ in (1, 2):
        try:
            if queue.map.get(id(sock)) is what:
                queue._dequeue(sock)
            return
        except MemoryError:
            reserve.clear()


def register(server, sock, what, event=_POLLIN):
    """Have the queue's map tell what waits for sock. Raises MemoryError, and then nothing
    does."""
    if not reserve:
        reserve.extend([None] * (server.most_connections + _WORDS))
    queue = server.queue
    queue.map[id(sock)] = what
    try:
        queue.poller.register(sock, event)
    except MemoryError:
        reserve.clear()
        del queue.map[id(sock)]
        queue.poller.register(sock, _POLLIN)
        queue.poller.unregister(sock)
        raise


def no_tasks(_):
    """What IOQueue.remove() finds in place of an entry, when it looks for a task."""
    yield
    yield
    yield


class Connection:
    """A client's connection. web.stream has the functions that wait for it.

    buf[pos:end] are the bytes received and not yet taken.
    """

    # What few connections change stands here, and costs each of them nothing; what only
    # waiting changes stands in stream.py.
    state = 1  # see the table above
    closing = False  # whether the response under way is its last
    sent = False  # whether a part of it has left
    lost = False  # whether the client is gone, or the stream broken off
    expired = False  # whether its deadline ended what its task waited for
    timed_out = False  # whether that was noticed
    evicted = False  # whether it gives its place to another, and must not stay on
    websocket = None  # the WebSocket that the connection became
    events = None  # or the event stream
    upgraded = None  # the request by which it became one of them, see web.upgraded
    raw = None  # the socket under that of TLS
    touched = False  # whether there is more to close than a socket
    own = None  # its task, if one was needed yet
    task = None  # that or another, while a request is answered
    buf = None  # nobody's while nothing has come
    pos = 0
    end = 0

    __iter__ = no_tasks

    def __init__(self, server, sock, addr):
        self.server = server
        self.sock = sock
        self.addr = addr
        self.deadline = server.clock + server.head_ticks  # None for none
        self.left = server.most_requests

    def ready(self):
        """Something has come, or the client is gone."""
        server = self.server
        if self.buf:
            n = web.buffers.more(self)
        else:
            n = self.sock.readinto(server.buf)
            self.pos = 0
            self.end = n or 0
            if n:
                self.buf = server.buf
        if n:
            try:
                server.feed(self)
            except StopIteration:  # without memory what serves has ended
                server.begin()
                raise MemoryError
        elif n == 0:
            server.forget(self)

    def own_buffer(self, start=0):
        """Have a buffer of its own, with what was received from start on: other
        connections read into the server's."""
        buf = self.buf
        self.buf = None  # without memory a handler that goes on must not read of others
        self.buf = bytearray(memoryview(buf)[start : self.end])
        self.pos -= start
        self.end -= start

    def send(self, _):
        """The task goes on: to asyncio this is the coroutine that it runs."""
        self.throw(None)

    def throw(self, e):
        """The same with an exception."""
        (web.upgraded if self.upgraded else web.tasks).run(self, e)

    def broken(self, e):
        """The client is gone, or e is a fault of this package."""
        try:
            if self.sock and not isinstance(e, (OSError, EOFError)):
                web.console.tell(self, e)
        except Exception:
            pass  # there is no memory or no descriptor to load it
        self.server.forget(self)

    def close(self):
        """Close the socket. What was written and not sent is lost."""
        sock = self.sock
        if sock:
            # never used again: its descriptor may soon be another connection's
            self.sock = None
            withdraw(self.server.queue, sock, self)
            if self.touched or self.websocket:
                web.stream.release(self)
            try:
                sock.close()
            except OSError:
                pass  # of TLS; nothing may come out of here
            if self.raw:  # which TLS leaves open when its handshake failed
                self.raw.close()


class Request:
    """A request as a handler gets it.

    method   str, as received
    path     str, percent-decoded
    query    str behind the '?' as received, or None
    target   str, path and query as received (RFC 9112 3.2)
    headers  Headers
    params   dict of what the route's pattern matched
    args     MultiDict of the query
    cookies  dict of str
    addr     the client's address, as accept() of the port gives it
    length   bytes of the body; None when it is chunked
    unread   whether a part of the body was not read yet
    user     who sent it, as a guard found: one of web.basic(), say
    session  dict, where there is a web.Session
    cors     str, field lines for a raw handler's response, where there is web.cors()

    Its methods read the body, as does `async for piece in r`, which gives bytes as they
    come.

    It is good until the response has been sent: a task that outlives the handler takes a
    copy() along. What the program sets on it, `r.user` say, is this request's alone.
    """

    # The program sets names of its own here, so these begin with an underscore.
    params = {}  # of a literal path
    _buf = None  # where the head is, if not any more in the connection's buffer
    _left = 0  # bytes of the body, or of its chunk, that were not taken yet
    _limit = 0  # most bytes of the body
    _chunks = None  # what decodes a chunked body
    _whole = None  # what body() returned
    _parsed = None  # what args returned

    def __init__(self, conn, data):
        self._conn = conn
        self._head = data  # what parse_head fills in
        self._end = 0  # of the head, which stays where it is while the handler runs

    async def body(self):
        """Return the whole body (bytes). Raises as readinto() does."""
        if self._whole is None:
            conn = self._conn
            pos = conn.pos
            n = self._left
            if self._chunks or n > conn.end - pos:
                self._whole = await web.body.read(self)
            else:  # it came with its head
                conn.pos = pos + n
                self._left = 0
                self._whole = bytes(memoryview(conn.buf)[pos : pos + n])
        return self._whole

    def __getattr__(self, name):
        i = _IN_HEAD.get(name)
        return web.fields.attribute(self, name) if i is None else self._head[i]


# -- what answers a request

_HTML = const(31)  # where the Content-Type begins in TEXT
_HTML_END = const(-18)  # and where it ends
END = b"\r\n"
TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "


async def nothing():
    """To be awaited where there is nothing to wait for."""


CoroutineType = type(nothing())  # MicroPython has one type for generators and these
SENT = object()  # instead of a result: the response has left already


def octets(data):
    """Return data (str or bytes-like) as it is sent: bytes-like, with as many items as
    bytes. Raises ValueError for a str that is not UTF-8, TypeError for what can't be
    sent.

    A str of MicroPython may hold half a surrogate pair, which RFC 3629 3 forbids, and
    as the value of JSON it often does.
    """
    if isinstance(data, str):
        view = memoryview(data)
        n = len(view)
        if n != len(data) and utf8(view, 0, n, 0):
            web.console.unsendable(data)
        return view
    if isinstance(data, memoryview):
        if len(bytes(data[:1])) != 1:  # of an array of larger items, or empty
            return bytes(data)
    elif not isinstance(data, (bytes, bytearray)):
        web.console.unsendable(data)
    return data


def must_close(r):
    """Whether what is unread of the body of r may not be read for the next request's
    sake."""
    return (r._left or r._chunks) and not web.body.drainable(r)


def end_of_head(conn, r):
    """Return the last lines of a response's head (bytes), and see whether it is the last
    response of its connection."""
    if conn.closing or must_close(r):
        conn.closing = True
        return b"Connection: close\r\n\r\n"
    return END if r._head[3] & _HTTP11 else b"Connection: keep-alive\r\n\r\n"


def encoded(body):
    """Return the Content-Type (bytes) of a str, bytes-like object, dict or list, None for that
    of TEXT, and that as it is sent (bytes-like). Raises TypeError, ValueError."""
    if isinstance(body, (dict, list)):
        text = dumps(body)
        if "nan" in text or "inf" in text or "<" in text:
            web.values.check_value(body)  # JSON has neither, if a number's, nor <object>
        return b"application/json", octets(text)
    return None if isinstance(body, str) else b"application/octet-stream", octets(body)


def slow(server):
    """Whether something kept the server's clock waiting for as long as MicroPython's lwIP
    waits in a write for memory, after which it drops the data and tells that they were sent:
    see send_now() in stream.py, which measures each write. For a response that leaves in one
    write that would cost each request; instead this is asked before what came with its
    request is answered, and by tick(), which ends the connections that were answered
    meanwhile. Only a client that sends its next request by itself, without waiting for the
    response, may have that answered before the tick. A handler that did not let others run
    for so long costs its client no more than the connection."""
    watch = server.watch  # None once the server was stopped
    return watch is not None and ticks_diff(ticks_ms(), watch.ph_key) > _DROPPED_MS


def put(conn, head, body):
    """Send a response's head (bytearray) and its body. Returns what is to be awaited for the
    rest, or None."""
    if len(body) >= _LARGE:
        return web.stream.send_each(conn, (head, body))
    head.extend(body)
    n = conn.sock.write(head) or 0
    if n < len(head):
        conn.sent = True
        conn.lost = slow(conn.server)  # which may have dropped this part
        return web.stream.send_each(conn, (head[n:],))


def respond(conn, r, entry, body):
    """Send what a handler returned, where that is long, has characters beyond ASCII, or
    is to be JSON. Returns what is to be awaited for the rest, or None."""
    kind = type(body)
    plain = kind is str or kind is bytes or kind is dict or kind is list
    if not plain or r._head[0] == "HEAD":
        if hasattr(body, "generator") and r._head[0] != "HEAD":
            return web.streaming.respond(conn, r, entry, body)
        return web.response.respond(conn, r, entry, body)
    try:
        kind, text = encoded(body)
    except BaseException as e:
        return web.response.failed(conn, r, entry, e)
    head = bytearray(TEXT)
    if kind:
        head[_HTML:_HTML_END] = kind
    head.extend(b"%d\r\n" % len(text))  # in bytes
    head.extend(end_of_head(conn, r))
    return put(conn, head, text)
