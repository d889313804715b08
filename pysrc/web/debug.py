# What app.run(debug=True) tells on the console, and what App.log gets. When it is switched on
# it puts functions of its own around what is there: no line of the server's looks for it.
import gc
from asyncio import core
from time import ticks_diff, ticks_ms

from micropython import const

import web
from web._codec import utf8
from web.conn import SENT, CoroutineType

_LONG_MS = const(100)  # for which nothing else may be kept waiting
_MEMORY_MS = const(60000)  # between two looks at the memory
# what is known of an answer: of its request, None of what is none; ...
_AT_REQUEST = const(0)
_AT_NAME = const(1)  # the line's beginning (str): the method and the path
_AT_BEGAN = const(2)  # ticks in ms
_AT_STATUS = const(3)  # 0 before it is sent
_AT_SIZE = const(4)  # bytes that were sent
_AT_ASKED = const(5)  # the method of r whose coroutine nobody has awaited yet, or None
_OF_DISPATCH = const(0)
_OF_REPORT = const(1)
_OF_REFUSE = const(2)
_OF_ATTRIBUTE = const(3)
_OF_BROKEN = const(4)
_OF_SEND_NOW = const(5)
_OF_TRANSFER = const(6)  # from the first file on
_WAITS = " body form json read readexactly readinto readline save "

_apps = {}  # whether all is told of an App, or only its log called
_answers = {}  # by the id of a connection
_before = []  # what is wrapped, in this order
_looked = [0]  # when memory was looked at


def begin(app, options, host, port):
    """Have an App that begins to serve at host and port call its log for each answer; with
    debug among the options, tell of them, and of what goes wrong, on the console."""
    whole = options.pop("debug", False)
    if options:
        raise TypeError("there is no option " + ", ".join(options))
    _apps[app] = whole
    app.hooked = True  # each request passes dispatch()
    if not _before:
        _wrap()
    app.begin = lambda: _begin(app)
    app.forget = lambda conn: _forget(app, conn)
    app.begin()
    if whole:
        _watch(app.queue)
        scheme, usual = ("https", 443) if app.ssl else ("http", 80)
        port = "" if port == usual else ":{}".format(port)
        print("web: {}://{}{}/".format(scheme, _address(host), port))
        _memory(ticks_ms())


def _wrap():
    _before.append(web.dispatch.dispatch)
    web.dispatch.dispatch = _dispatch
    _before.append(web.console.report)
    web.console.report = _report
    _before.append(web.ending.refuse)
    web.ending.refuse = _refuse
    _before.append(web.fields.attribute)
    web.fields.attribute = _attribute
    _before.append(web.conn.Connection.broken)
    web.conn.Connection.broken = _broken
    _before.append(web.stream.send_now)
    _replace(web.stream.send_now, _send_now)
    _replace(web.conn.put, _put)


def _replace(old, new):
    # wherever a module has it by now; those that are loaded later find it where it was
    import sys

    for module in list(sys.modules.values()):
        names = module.__dict__
        for name in list(names):
            if names[name] is old:
                names[name] = new


def _address(host):
    """Return the address that a browser finds what listens on host by (str)."""
    if host and host not in ("0.0.0.0", "::"):
        return "[" + host + "]" if ":" in host else host
    try:
        from network import AP_IF, STA_IF, WLAN

        for interface in (STA_IF, AP_IF):
            wlan = WLAN(interface)
            address = wlan.ifconfig()[0]
            if wlan.active() and address != "0.0.0.0":
                return address
    except Exception:
        pass  # it has no Wi-Fi
    return "localhost"


def _memory(now):
    _looked[0] = now
    gc.collect()
    free = gc.mem_free()
    text = "web: memory: {} of {} B are free".format(free, free + gc.mem_alloc())
    try:
        from esp32 import HEAP_DATA, idf_heap_info

        text += ", beside it a block of {} B".format(max([i[2] for i in idf_heap_info(HEAP_DATA)]))
    except Exception:
        pass  # only there it is known
    print(text)


# -- what keeps the event loop


def _begin(app):
    # what serves begins, at first or when it ended for want of memory
    type(app).begin(app)
    feed = app.feed

    def timed(conn):
        start = ticks_ms()
        feed(conn)
        if _apps[app]:
            _held(start, _answers.get(id(conn)) or _last)

    app.feed = timed


def _held(start, who):
    ms = ticks_diff(ticks_ms(), start)
    if ms >= _LONG_MS:
        print("web: {} held the event loop for {} ms".format(who[_AT_NAME], ms))


def _watch(queue):
    # it is asked between any two tasks
    if "wait_io_event" in queue.__dict__:
        return
    left = [ticks_ms(), False]

    def wait_io_event(dt):
        task = core.cur_task
        if left[1] and task:
            name = repr(task.coro)
            answer = _answers.get(id(task.coro))
            if not answer and "'" in name:
                answer = (None, "the task " + name.split("'")[1])
            _held(left[0], answer or _last)
        type(queue).wait_io_event(queue, dt)
        left[0] = ticks_ms()
        left[1] = True

    queue.wait_io_event = wait_io_event


# -- requests and their answers

_last = [None, "a connection", 0, 0, 0, None]  # what was answered last


def _dispatch(app, conn, r, route, entry):
    if app not in _apps:
        return _before[_OF_DISPATCH](app, conn, r, route, entry)
    name = getattr(entry[0], "__name__", "") if entry else ""
    name = r.method + " " + web.console.escaped(r.path) + (" (" + name + ")" if name else "")
    answer = _answers[id(conn)] = [r, name, ticks_ms(), 0, 0, None]
    _last[:] = answer
    _last[_AT_REQUEST] = None  # which lasts no longer
    return _answer(app, conn, r, route, entry, answer)


async def _answer(app, conn, r, route, entry, answer):
    rest = None
    try:
        try:
            result = _before[_OF_DISPATCH](app, conn, r, route, entry)
            result = await web.hooks.response(conn, r, entry, (), result)
            rest = _respond(conn, r, entry, result)
        except BaseException as e:
            result = web.faults.recover(conn, r, entry, e)
            while type(result) is CoroutineType:
                result = await result
            rest = _respond(conn, r, False, result)
        if rest:
            await rest
        conn.sent = False
    finally:
        if not conn.upgraded:
            _tell(app, conn, answer)
    if conn.upgraded and _apps[app]:
        ms = ticks_diff(ticks_ms(), answer[_AT_BEGAN])
        print(_line(answer, "is open after {} ms".format(ms)))
    return SENT


def _respond(conn, r, entry, result):
    if result is SENT:
        return None
    if r._left <= conn.end - conn.pos:
        conn.pos += r._left  # what nobody has read of a body that is there
        r._left = 0
    body = getattr(result, "body", None)
    if isinstance(body, (dict, list)):
        web.values.check_value(body)
    elif hasattr(body, "readinto") and len(_before) == _OF_TRANSFER:
        _before.append(web.transfer.send)
        web.transfer.send = _transfer
    return web.response.respond(conn, r, entry, result)


def _line(answer, rest):
    return "web: {} {} {}".format(answer[_AT_NAME], answer[_AT_STATUS] or "-", rest)


def _tell(app, conn, answer):
    """An answer has ended, or its client is gone."""
    if _answers.get(id(conn)) is answer:
        del _answers[id(conn)]
    ms = ticks_diff(ticks_ms(), answer[_AT_BEGAN])
    log = app.log
    if answer[_AT_ASKED]:
        print(_line(answer, "await is missing before r.{}()".format(answer[_AT_ASKED])))
    if log:
        try:
            log(answer[_AT_REQUEST], answer[_AT_STATUS], answer[_AT_SIZE], ms)
        except Exception as e:
            print("web: app.log: {}: {}".format(type(e).__name__, web.console.escaped(e)))
    elif _apps[app] and answer[_AT_REQUEST]:
        gone = "" if answer[_AT_STATUS] else ", the client is gone"
        print(_line(answer, "{} B {} ms{}".format(answer[_AT_SIZE], ms, gone)))
    if _apps[app] and ticks_diff(ticks_ms(), _looked[0]) >= _MEMORY_MS:
        _memory(ticks_ms())


def _forget(app, conn):
    answer = _answers.get(id(conn))
    websocket = conn.websocket
    type(app).forget(app, conn)
    if answer:
        if websocket and websocket.close_code:
            text = "{} closed with {}"
            answer[_AT_STATUS] = text.format(answer[_AT_STATUS], websocket.close_code)
        _tell(app, conn, answer)


def _send_now(conn, data, n):
    sent = _before[_OF_SEND_NOW](conn, data, n)
    if conn.server in _apps:
        answer = _answers.get(id(conn))
        if not answer:  # a client for whom there is no place
            answer = _answers[id(conn)] = [None, "", ticks_ms(), 0, 0, None]
            if _apps[conn.server]:
                text = "web: refused with 503: there are {} connections, max_connections"
                print(text.format(conn.server.most_connections))
        if answer[_AT_STATUS] in (0, 100):
            line = bytes(memoryview(data)[:12])
            if line[:7] == b"HTTP/1.":
                answer[_AT_STATUS] = int(line[9:])
        answer[_AT_SIZE] += sent
    return sent


def _put(conn, head, body):
    # so that it is counted
    return web.stream.send_each(conn, (head, body))


class _File:
    # A file of which is known how much was taken. What sends its response closes it.
    def __init__(self, file):
        self._file = file
        self.size = 0

    def readinto(self, buf):
        n = self._file.readinto(buf)
        self.size += n or 0
        return n


async def _transfer(conn, head, file, left):
    # its blocks leave without send_now()
    answer = _answers.get(id(conn))
    if not (answer and left):
        return await _before[_OF_TRANSFER](conn, head, file, left)
    size = answer[_AT_SIZE] + len(head)
    file = _File(file)
    try:
        return await _before[_OF_TRANSFER](conn, head, file, left)
    finally:
        if file.size:
            answer[_AT_STATUS] = int(head[9:12])
            answer[_AT_SIZE] = size + file.size


def _attribute(r, name):
    value = _before[_OF_ATTRIBUTE](r, name)
    answer = _answers.get(id(r._conn))
    if not answer or " " + name + " " not in _WAITS:
        return value

    def call(*args, **kwargs):
        answer[_AT_ASKED] = name
        return _awaited(answer, value(*args, **kwargs))

    return call


async def _awaited(answer, coroutine):
    answer[_AT_ASKED] = None
    return await coroutine


# -- what goes wrong


def _report(r, e):
    import io
    import sys

    _before[_OF_REPORT](r, e)
    answer = _answers.get(id(r._conn))
    if not answer:
        return
    trace = io.StringIO()
    sys.print_exception(e, trace)
    print("web: {}, last call at the end:".format(answer[_AT_NAME]))
    for line in trace.getvalue().split("\n"):
        if line.startswith("  File "):
            print("web: " + line)


def _broken(conn, e):
    if conn.raw and conn.server in _apps and id(conn) not in _answers:
        print("web: TLS failed: {}".format(web.console.escaped(repr(e))))
    _before[_OF_BROKEN](conn, e)


def _refuse(conn, status):
    server = conn.server
    if server in _apps:
        _answers[id(conn)] = [None, "no request", ticks_ms(), 0, 0, None]
        data = bytes(memoryview(conn.buf)[conn.pos : conn.end])
        if _apps[server]:
            line = repr(data.split(b"\n")[0].rstrip(b"\r")[:80])[2:-1]
            print("web: refused with {}: {}: {}".format(status, _why(server, status, data), line))
    return _before[_OF_REFUSE](conn, status)


def _why(app, status, data):
    """Return why data (bytes) are no request (str)."""
    if status == 408:
        return "the head did not come whole in time, head_timeout"
    if status == 414:
        return "the target has more than {} bytes, max_target".format(app.most_target)
    if status == 431:
        if len(data) >= app.most_head:
            return "the head has more than {} bytes, max_head".format(app.most_head)
        return "there are more than {} field lines, max_fields".format(app.most_fields)
    if status == 505:
        return "it is not HTTP/1.x"
    if status == 501:
        return "Transfer-Encoding is not chunked"
    if status == 417:
        return "Expect is not 100-continue"
    if data[:2] == b"\x16\x03":
        return "that is TLS, for an https URL"
    lines = data.lstrip(b"\r\n").split(b"\r\n\r\n")[0].split(b"\n")
    if utf8(data, 0, len(lines[0]), 0) < 0:
        return "the target is not UTF-8"
    for c in lines[0].rstrip(b"\r"):
        if c < 32 or c == 127:
            return "there is a control character"
    if lines[0].count(b" ") != 2:
        return "the request line is not METHOD TARGET HTTP/1.1"
    return _why_fields(lines)


def _why_fields(lines):
    seen = []
    for line in lines:
        if line[-1:] != b"\r" and line is not lines[-1]:
            return "a line ends without CR"
        if line is lines[0]:
            continue
        name = line.split(b":")[0]
        if b":" not in line or not name or b" " in name or b"\t" in name:
            return "a line is no Name: value"
        name = name.lower()
        if name in (b"host", b"content-length") and name in seen:
            return name.decode() + " is there twice"
        seen.append(name)
    if b"host" not in seen:
        return "host is missing"
    if b"content-length" in seen and b"transfer-encoding" in seen:
        return "content-length and transfer-encoding are both there"
    return "something in it is malformed"
