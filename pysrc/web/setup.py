# What an application needs until it serves: options, routes, hooks, listening. This room
# is dropped when it does, so nothing that stays may be a function or class of it, and what a
# program may keep, a decorator, finds the others in this room as it is then.
import gc
import sys
from asyncio import core

from micropython import const

import web
from web.conn import Queue, register, reserve

_AT_ONCE = const(1024)  # bytes that are read; a longer head has a buffer of its own
_RATE = const(4)  # ticks of the server's clock in a second
_WORDS = const(24)  # see conn.py
# What App() takes beside host and port, see there: in strings, for a board keeps each short
# name that is a constant of its own.
_LIMITS = (
    "max_head:4096 max_target:1024 max_fields:48 max_body:65536 max_drain:65536"
    " max_requests:1000 max_connections:0 max_streams:-1 backlog:0"
)
# Methods of App in other rooms: what few programs call is no name that all keep.
_ELSEWHERE = " mount:mounting static:folders task:background threadsafe:outside "
_ROUTE = const(0)  # what is in a node beside segments, see web.router
_INT = const(1)
_SEGMENT = const(2)
_PATH = const(3)
_PATTERNS = const(4)  # and in the root alone: methods by pattern
_KINDS = {"int": _INT, "": _SEGMENT, "path": _PATH}
_METHODS = "GET POST PUT PATCH DELETE".split()
# An option of routes. Its name is no constant of its own either, which would stay in the
# memory of programs that have no use for it.
_OPTION = "before:None"
_GUARDED = const(2)  # the kind of a plain handler's entry that is dispatched, for its guards
# What start() takes beside host, port and ssl, which is the name of a room as well.
_STARTING = "debug:False"
_TIMES = "head_timeout:10 body_timeout:10 idle_timeout:15 write_timeout:10"


def _take(options, table):
    values = []
    for option in table.split():
        name, default = option.split(":")
        values.append(options.pop(name, int(default)))
    return values


def begin(app, host, port, options):
    """See App."""
    app.host = host
    app.port = port
    limits = _take(options, _LIMITS)
    app.most_head, app.most_target, app.most_fields, app.most_body, *limits = limits
    app.most_drain, app.most_requests, most, streams, backlog = limits
    times = [int(seconds * _RATE) + 1 for seconds in _take(options, _TIMES)]
    app.head_ticks, app.body_ticks, app.idle_ticks, app.write_ticks = times
    wrong = options or not isinstance(port, int) or not isinstance(host, str)
    if wrong or host.encode()[:2] == b"__":  # of __name__
        web.help.host(host, port, options)
    # lwIP as rp2, stm32 and mimxrt have it opens 5 connections, ESP32 has 10 sockets
    # for all uses. One more than are served must fit: a client that waits is seen
    # then, and the place of an idle one is given to it.
    computer = sys.platform in "linux darwin win32"
    most = most or (16 if computer else 8 if sys.platform == "esp32" else 4)
    app.most_connections = most
    app.most_streams = max(1, most - 1) if streams is None or streams < 0 else streams
    app.backlog = backlog or (128 if computer else 16)
    app.routes = {}  # path: route, a dict by method of what add() is given
    app.streams = []  # responses of pieces under way, see web.streaming
    app.connections = []  # in the order of their acceptance
    app.stopped = core.TaskQueue()  # serve() waits there
    app.idle = core.TaskQueue()  # where what watches over deadlines waits if there are none
    app.listener = None
    app.queue = None  # the event loop's queue of tasks that wait for sockets
    app.ssl = None
    app.full = None  # since when a client waits for a place, by the clock
    app.stopping = False
    app.last = False  # whether responses are their connections' last: clients wait


def _examine(queue):
    # what is taken of asyncio's inside
    for owner, names in (
        (core, ("cur_task", "_task_queue")),
        (queue, ("map", "poller", "_dequeue", "wait_io_event")),
        (core._task_queue, ("push", "pop", "peek", "remove")),
        (core.Task(None), ("data", "ph_key", "state")),
    ):
        for name in names:
            if not hasattr(owner, name):
                raise RuntimeError("this firmware's asyncio has no " + name)


def listen(app, host, port, ssl, options):
    """See App.start()."""
    import socket

    told = (options or app.log) and getattr(web, _STARTING[:5])
    queue = core._io_queue
    _examine(queue)
    reserve.extend([None] * (app.most_connections + _WORDS - len(reserve)))
    gc.collect()
    host = host or app.host
    port = port or app.port
    if app.listener and app.queue is core._io_queue:
        web.help.port(OSError(114), host, port)  # EALREADY
    if app.listener:
        web.control.abandon(app)
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        if port:
            listener.bind(socket.getaddrinfo(host, port)[0][-1])
        else:
            app.port = web.ports.bind(listener, host)
        listener.listen(app.backlog)
    except BaseException as e:
        listener.close()
        web.help.port(e, host, port)
    app.ssl = ssl
    app.stopping = app.last = False
    app.listener = listener
    if type(queue) is not Queue:
        # the tasks that wait for sockets already go on to do so
        old = queue
        queue = core._io_queue = Queue()
        queue.map = old.map
        queue.poller = old.poller
    if app.queue is not queue:  # what there is is an earlier event loop's
        if app.watch:
            web.control.unwatch(app)
        app.queue = queue
        app.connections.clear()
    app.buf = bytearray(min(_AT_ONCE, app.most_head))
    app.full = None
    app.idle_until = app.clock + app.idle_ticks
    app.begin()
    register(app, listener, app)
    _begin_beside(app, port or app.port)
    if told:
        told.begin(app, options, host, port)
    web.forget("setup")  # it is needed once
    # the collector may take a stale word for a pointer to this room, and would keep it all
    names = globals()
    kept = web
    names.clear()
    names["web"] = kept


def _begin_beside(app, port):
    beside = sys.modules.get("web.background")  # the room's name would stay in memory
    if beside:
        try:
            beside.begin(app, port)
        except BaseException:
            web.control.end_all(app)
            raise


# -- routes


_alone = [()]  # the app of the last route without guards, whose entries have this one tuple


def _apps(app, options):
    # the app and the guards of a route with those options, for its entry
    before = options.pop(_OPTION[:6], None)
    if before is not None:
        return app, web.guards.Guards(before)
    if app not in _alone[0]:
        _alone[0] = (app,)
    return _alone[0]


def add(apps, path, method, entry):
    app = apps[0]
    before = 0
    marked = False
    for c in path.encode():  # a str would be a name
        if c in b"{?#" or before == 47 and c in b":*":  # 47 is a slash
            web.help.path(path)
        marked = marked or c in b"<>"
        before = c
    if path[:1] != "/":
        web.help.path(path)
    if marked:
        if app.router is None:
            app.router = {_PATTERNS: {}}
        route = _add_pattern(app.router, path)
    else:
        route = app.routes.setdefault(path, {})
    handler, kind, max_body, inner = entry
    if len(apps) > 1 and kind is None:
        kind = _GUARDED
    if method in route:
        web.help.add(path, method, route[method][0], handler)
    entry = route[method] = handler, kind, max_body, apps + inner if inner else apps
    for parents, prefix in app.mounts:
        add(parents, prefix + path, method, entry)


def _add_pattern(root, pattern):
    """Add a pattern (str), if there is none like it, and return its methods. Raises
    ValueError for a malformed one, or one that differs from another in its names only."""
    node = root
    names = []
    key = None
    for segment in pattern.split("/")[1:]:
        if key == _PATH:  # which takes all the rest
            web.help.path(pattern)
        key = segment
        whole = segment.encode()  # a str of one character would be a name for good
        if b"<" in whole or b">" in whole:
            kind, colon, name = segment[1:-1].rpartition(":")
            framed = whole[:1] == b"<" and whole[-1:] == b">"
            if not framed or not name or kind not in _KINDS or name in names:
                web.help.path(pattern)
            whole = name.encode()
            bad = b"<" in whole or b">" in whole or b"-" in whole
            if bad or whole == b"r" or not kind and colon:
                web.help.path(pattern)
            names.append(name)
            key = _KINDS[kind]
        node = node.setdefault(key, {})
    methods, known = node.setdefault(_ROUTE, ({}, names))
    if known != names:
        web.help.path(pattern, known)
    root[_PATTERNS][pattern] = methods
    return methods


def _on(app, path, methods, kind, options, max_body=None):
    right = isinstance(path, str) and methods and not isinstance(methods, str)
    if not right or not (max_body is None or isinstance(max_body, int)):
        web.help.route(path, methods, max_body)
    methods = [method.upper() for method in methods]
    apps = _apps(app, options)
    if options and type(kind) is not tuple:
        raise TypeError("a route has no option " + ", ".join(options))

    def decorate(handler):
        if not callable(handler):
            web.help.handler(handler, path)
        for method in methods:
            web.setup.add(apps, path, method, (handler, kind, max_body, ()))
        return handler

    return decorate


def add_handler(app, path, handler, methods=("GET",), max_body=None, **options):
    """Have the raw `async def handler(r, w)` answer requests for path: it writes
    the whole response to w, a Writer, and the connection ends after it. See on()."""
    _on(app, path, methods, True, options, max_body)(handler)


def route(app, path, methods=("GET",), max_body=None, **options):
    """Decorate a raw handler, see add_handler()."""
    return _on(app, path, methods, True, options, max_body)


def on(app, path, methods=("GET",), max_body=None, **options):
    """Decorate a handler, see get(), of methods (iterable of str, in any case; HEAD comes
    with GET). Raises TypeError when that is a str."""
    return _on(app, path, methods, None, options, max_body)


def get(app, path, max_body=None, **options):
    """Decorate a handler of GET, and of HEAD, for a path.

    It is `async def handler(r, **params)` or a plain function, with the
    parameters of a path like `/pins/<int:pin>` or `/files/<path:name>`, and
    returns str (HTML), bytes, a dict or list (JSON), None (204), (body, status),
    (body, headers), (body, status, headers), a Response, or gives pieces of str
    and bytes as a generator. max_body is the most bytes of a request's body, if
    not the app's. before is a guard, or a list or tuple of them: a function of r,
    which may be async, called before the body is read and the handler called, in
    whose place it answers if it returns something or raises. Raises ValueError for a
    malformed path, TypeError for a guard that can't be called.
    """
    return _on(app, path, _METHODS[:1], None, options, max_body)


def post(app, path, max_body=None, **options):
    """Decorate a handler of POST, see get()."""
    return _on(app, path, _METHODS[1:2], None, options, max_body)


def put(app, path, max_body=None, **options):
    """Decorate a handler of PUT, see get()."""
    return _on(app, path, _METHODS[2:3], None, options, max_body)


def patch(app, path, max_body=None, **options):
    """Decorate a handler of PATCH, see get()."""
    return _on(app, path, _METHODS[3:4], None, options, max_body)


def delete(app, path, max_body=None, **options):
    """Decorate a handler of DELETE, see get()."""
    return _on(app, path, _METHODS[4:], None, options, max_body)


def websocket(app, path, **options):
    """Decorate `async def handler(r, ws, **params)`, which gets a WebSocket at path. The
    options are those of WebSocket.upgrade(), and before, see get(): what a guard answers
    goes out instead of the handshake."""
    return _on(app, path, _METHODS[:1], (web.WebSocket, options), options)


def sse(app, path, **options):
    """Decorate `async def handler(r, events, **params)`, which gets an EventSource at
    path. The options are those of EventSource.upgrade(), and before, see get()."""
    return _on(app, path, _METHODS[:1], (web.EventSource, options), options)


# -- hooks


def hooks(app, i):
    # what is called before handlers, after them, and for what they raise
    if app.hooks is None:
        app.hooks = [], [], {}
    if i < 2:
        _set_hooked(app)
    return app.hooks[i]


def _set_hooked(app):
    app.hooked = True
    for parents, _ in app.mounts:
        _set_hooked(parents[0])


def before_request(app, hook):
    """Decorate a function of r that is called before the handler, which it may
    replace by returning a response."""
    hooks(app, 0).append(hook)
    return hook


def after_request(app, hook):
    """Decorate a function of r and the Response, which it may change, or replace by
    returning another. Raw handlers' responses don't pass it."""
    hooks(app, 1).append(hook)
    return hook


def errorhandler(app, key):
    """Decorate a function that returns the response for a status (int), or for a class of
    exceptions, called with r and the exception: for a status it may take r alone. That is
    the HTTPException, with what abort() was given; for 500 also what a handler raised."""
    if not (isinstance(key, int) or isinstance(key, type) and issubclass(key, Exception)):
        web.help.errorhandler(key)

    def decorate(handler):
        told = handler
        if isinstance(key, int):
            # may it take the exception? Nothing takes the third one, so that it is not called
            try:
                handler(None, None, **{"": None})
            except Exception as e:
                if b"unexpected" not in str(e).encode():  # a str would be a name
                    told = (handler,)
        web.setup.hooks(app, 2)[key] = told
        return handler

    return decorate


METHODS = {
    "add_handler": add_handler,
    "after_request": after_request,
    "before_request": before_request,
    "delete": delete,
    "errorhandler": errorhandler,
    "get": get,
    "on": on,
    "patch": patch,
    "post": post,
    "put": put,
    "route": route,
    "sse": sse,
    "websocket": websocket,
}


def method_of(name):
    """Return the function that App has as a method of that name. Raises AttributeError."""
    method = METHODS.get(name)
    if method is None:
        start = _ELSEWHERE.find(" " + name + ":")
        if start < 0:
            raise web.help.method(name)
        start += len(name) + 2
        method = getattr(getattr(web, _ELSEWHERE[start : _ELSEWHERE.find(" ", start)]), name)
    return method
