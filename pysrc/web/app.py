# The application: routes, and the answer to a request that one of them matches.
# A name that a module lacks is searched in builtins from end to end, every time.
from asyncio import core
from builtins import StopIteration, bytes, len, next, str, type
from json import dumps

from micropython import const

import web
from web._codec import utf8
from web.server import Server

_HTTP11 = const(1)
_LARGE = const(1024)  # bytes of a body that does not leave in one write with its head
_END = b"\r\n"
_CLOSE = b"Connection: close\r\n\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n\r\n"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
_BYTES = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: "
_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
_HEAD = const(73)  # the length of the first two, and of the last
_JSON_HEAD = const(65)


async def _nothing():
    pass


_Coroutine = type(_nothing())  # MicroPython has one type for generators and these


class App(Server):
    """An application: routes, and the server that serves them. Its arguments are
    Server's."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._routes = {}  # path: route, a dict by method of what _add() is given
        self._router = None  # for the paths with parameters
        self._mounts = ()  # (app, prefix) of the apps that this one is mounted in
        self.hooks = None  # this app's own, see web.hooks
        self.hooked = False  # whether this app or a mounted one has any
        self.methods = set(_METHODS)
        self._text = bytearray(_TEXT)  # the responses of most requests, one by one
        self._bytes = bytearray(_BYTES)
        self._json = bytearray(_JSON)

    # -- routes

    def _add(self, path, method, entry):
        if path[:1] != "/":
            raise ValueError("path must begin with a slash: " + repr(path))
        if "<" in path or ">" in path:
            if self._router is None:
                from web.router import Router

                self._router = Router()
            route = self._router.add(path, {})
        else:
            route = self._routes.setdefault(path, {})
        route[method] = entry
        self.methods.add(method)
        for app, prefix in self._mounts:
            handler, raw, limit, apps = entry
            app._add(prefix + path, method, (handler, raw, limit, (app,) + apps))

    def add_handler(self, path, handler, methods=("GET",), max_body=None):
        """Have the raw `async def handler(r, w)` answer requests for path: it writes
        the whole response to w, a Writer, and the connection ends after it."""
        for method in methods:
            self._add(path, method, (handler, True, max_body, (self,)))

    def route(self, path, methods=("GET",), max_body=None):
        """Decorate a raw handler, see add_handler()."""

        def decorate(handler):
            self.add_handler(path, handler, methods, max_body)
            return handler

        return decorate

    def _on(self, method, path, max_body):
        def decorate(handler):
            self._add(path, method, (handler, False, max_body, (self,)))
            return handler

        return decorate

    def get(self, path, max_body=None):
        """Decorate a handler of GET, and of HEAD, for a path.

        It is `async def handler(r, **params)` or a plain function, with the
        parameters of a path like `/pins/<int:pin>` or `/files/<path:name>`, and
        returns str (HTML), bytes, a dict or list (JSON), None (204), (body, status),
        (body, headers), (body, status, headers), a Response, or gives pieces of str
        and bytes as a generator. max_body is the most bytes of a request's body, if
        not the app's. Raises ValueError for a malformed path.
        """
        return self._on("GET", path, max_body)

    def post(self, path, max_body=None):
        """Decorate a handler of POST, see get()."""
        return self._on("POST", path, max_body)

    def __getattr__(self, name):
        # put(), mount(), before_request() and what else few applications call
        from web.hooks import METHODS

        method = METHODS.get(name)
        if method is None:
            raise AttributeError(name)
        return lambda *args, **kwargs: method(self, *args, **kwargs)

    # -- answering

    def answer(self, conn, r):
        """Begin to answer r. Returns what is to be awaited for the rest, or None."""
        head = r._head
        dirty = r._dirty
        route = self._routes.get(head[1])
        if route is None and self._router is not None:
            found = self._router.match(r)
            if found:
                route, r.params = found
                r._dirty = dirty = True
        entry = route.get(head[0]) if route else None
        if entry is None or entry[1] or self.hooked:
            return web.dispatch.dispatch(self, conn, r, route)
        try:
            if dirty:
                limit = entry[2]
                if r.over(self.max_body if limit is None else limit):
                    return web.dispatch.dispatch(self, conn, r, route)
                body = entry[0](r, **r.params) if r.params else entry[0](r)
            else:
                body = entry[0](r)
            kind = type(body)
            if kind is _Coroutine:
                core.cur_task.data = conn  # until it waits, see response.given()
                try:
                    item = next(body)
                except StopIteration as e:
                    body = e.value
                    kind = type(body)
                else:
                    return web.dispatch.resumed(entry, conn, r, body, item)
        except BaseException as e:  # CancelledError too, of a task that was waited for
            return web.dispatch.raised(entry, conn, r, e)
        n = len(body) if kind is str or kind is bytes else _LARGE
        if n < _LARGE:
            # most responses: one buffer serves them all, and leaves in one write
            out = self._text if kind is str else self._bytes
            out[_HEAD:] = b"%d\r\n" % n
            if conn.closing or dirty and not r.drainable():
                conn.closing = True
                out.extend(_CLOSE)
            elif head[3] & _HTTP11:
                out.extend(_END)
            else:
                out.extend(_KEEP_ALIVE)
            n += len(out)
            out.extend(body)
            if len(out) == n:
                n = conn.sock.write(out) or 0
                return web.stream.send(conn, bytes(out[n:])) if n < len(out) else None
        return self._respond(conn, r, entry, body)

    def _respond(self, conn, r, entry, body):
        """Send what a handler returned, where that is long, has characters beyond ASCII, or
        is to be JSON. Returns as answer() does."""
        text = body
        out = self._bytes
        start = _HEAD
        kind = type(body)
        if kind is str:
            out = self._text
        elif kind is dict or kind is list:
            out = self._json
            start = _JSON_HEAD
            try:
                text = dumps(body)
            except Exception as e:
                return web.dispatch.raised(entry, conn, r, e)
            if "nan" in text or "inf" in text:
                kind = None  # which JSON has not, if it is a number's
        elif kind is not bytes:
            kind = None
        if kind:
            text = memoryview(text)  # whose length is in bytes
            n = len(text)
        if not kind or kind is not bytes and utf8(text, 0, n, 0):
            return web.dispatch.returned(entry, conn, r, body)
        out[start:] = b"%d\r\n" % n
        if conn.closing or not r.drainable():
            conn.closing = True
            out.extend(_CLOSE)
        else:
            out.extend(_END if r._head[3] & _HTTP11 else _KEEP_ALIVE)
        if n >= _LARGE:
            return web.stream.send(conn, bytes(out), text)
        out.extend(text)
        n = conn.sock.write(out) or 0
        return web.stream.send(conn, bytes(out[n:])) if n < len(out) else None
