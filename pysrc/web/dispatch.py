# What happens to a request where it takes more than to call a handler and to send
# the str or bytes it returns: hooks, raw handlers, HEAD, OPTIONS, refusals, faults.
# A raw handler, such as a WebSocket's, does without the modules that make responses.
import asyncio
import gc
import sys
from asyncio import core

import web
from web.errors import HTTPException, reason
from web.hooks import of
from web.stream import Writer

_RETRY = "Retry-After: 5\r\n"
_SENT = object()  # instead of a result: the response has left already


def _response(*args):
    return web.response.Response(*args)


def _response_of(*args):
    return web.response.response_of(*args)


def _call(*args):
    return web.response.call(*args)


async def dispatch(app, conn, r, route):
    """Answer r, whose path has that route (a dict by method), or None."""
    entry = route and (route.get(r.method) or r.method == "HEAD" and route.get("GET"))
    apps = entry[3] if entry else (app,)
    await _answer(apps, conn, r, _handle(app, apps, conn, r, route, entry))


async def resumed(entry, conn, r, coroutine, item):
    """Answer r with what its handler's coroutine, which gave item, returns yet."""
    await _answer(entry[3], conn, r, web.response.resume(coroutine, item, conn))


async def returned(entry, conn, r, result):
    """Answer r with its handler's result."""
    await _answer(entry[3], conn, r, _pass(result))


async def raised(entry, conn, r, e):
    """Answer r, whose handler raised e (BaseException)."""
    await _answer(entry[3], conn, r, _pass(e))


async def _pass(result):
    if isinstance(result, BaseException):
        raise result
    return result


async def _answer(apps, conn, r, coroutine):
    """Send the response that the coroutine's result stands for, as the hooks of
    apps have it."""
    try:
        result = await coroutine
        if result is _SENT:
            return
        response = _response_of(result)
    except BaseException as e:
        response = await _recover(apps, conn, r, fault_of(conn, e))
        if response is None:
            return
    try:
        for hooks in reversed(of(apps)):
            for hook in hooks.after:
                result = await _call(hook, r, response)
                if result is not None:
                    response = _response_of(result, response.status)
        await web.sending.send_response(conn, r, response)
    except BaseException as e:
        # a hook's fault, or what was returned can't be sent, or there is no memory for it
        if hasattr(response.body, "close"):
            response.body.close()  # a generator that has begun must come to its end
        e = fault_of(conn, e)
        if not _answerable(conn, r, e):
            return
        await web.sending.send_response(conn, r, await _fault(apps, conn, r, e))


async def _handle(app, apps, conn, r, route, entry):
    """Return the handler's result, or _SENT from a raw handler. Raises what it
    raises, and HTTPException where no handler may answer."""
    handler, raw, limit, _ = entry or (None,) * 4
    # hooks may read the body as well
    if r.over(app.max_body if limit is None else limit):
        if handler is None:
            return _unhandled(app, r, route)
        raise HTTPException(413)
    for hooks in of(apps):
        for hook in hooks.before:
            result = await _call(hook, r)
            if result is not None:
                return result
    if handler is None:
        return _unhandled(app, r, route)
    if raw:
        await _run_raw(handler, conn, r)
        if conn.upgraded:
            conn.upgraded += (entry,)
        return _SENT
    return await _call(lambda: handler(r, **r.params) if r.params else handler(r))


def _unhandled(app, r, route):
    """Return the response to OPTIONS, else raise HTTPException."""
    if r.method == "OPTIONS" and r.path == "*":
        # RFC 9110 9.3.7: what there is at any path
        routes = list(app._routes.items())
        if app._router:
            routes += app._router.items()
        route = [method for _, methods in routes for method in methods]
    if r.method == "OPTIONS" and route is not None:
        return _response(None, 204, {"Allow": _allow(route)})
    if r.method not in app.methods:
        raise HTTPException(501)
    if route is None:
        raise HTTPException(404)
    raise HTTPException(405, "Allow: " + _allow(route) + "\r\n")


def _allow(route):
    methods = set(route)
    methods.add("OPTIONS")
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


# -- raw handlers


class _HeadWriter(Writer):
    """The writer of a raw GET handler that answers HEAD: passes on the head alone."""

    def __init__(self, conn):
        super().__init__(conn)
        self._head = b""

    def write(self, data):
        if self._head is not None:
            self._head += data.encode() if isinstance(data, str) else bytes(data)
            end = self._head.find(b"\r\n\r\n")
            if end >= 0:
                super().write(self._head[: end + 4])
                self._head = None

    async def drain(self):
        await super().drain()
        if self._head is None:
            raise _HeadSent  # there is no need to run the handler on

    async def send(self, *parts):
        for part in parts:
            self.write(part)
        await self.drain()


class _HeadSent(Exception):
    pass


async def _run(coroutine):
    """Run a handler's coroutine to its end. Raises TypeError when it is none, or gives
    something to the event loop by itself, as a generator does."""
    if not hasattr(coroutine, "throw"):
        raise TypeError("the handler is no async def")
    task = core.cur_task
    thrown = None
    while True:
        task.data = coroutine  # whatever a task waits for sets it, see web.response
        try:
            given = coroutine.throw(thrown) if thrown else coroutine.send(None)
            waits = given is None and task.data is not coroutine
        except StopIteration:
            return
        finally:
            if task.data is coroutine:
                task.data = None
        if not waits:
            coroutine.close()
            raise TypeError("the handler is a generator")
        try:
            yield
            thrown = None
        except BaseException as e:
            thrown = e


async def _run_raw(handler, conn, r):
    conn.closing = True  # nobody knows where its response ends
    w = (_HeadWriter if r.method == "HEAD" else Writer)(conn)
    try:
        await _run(handler(r, w))
        await w.drain()
        if conn.websocket and not conn.upgraded:
            await conn.websocket.finish()
    except _HeadSent:
        pass
    except BaseException as e:
        if conn.websocket and not conn.lost:
            fault_of(conn, e)
            await conn.websocket.finish(1011)
        raise
    if not conn.sent and conn.sock and not conn.upgraded:
        print("web: {} {}: the handler sent no response".format(r.method, _escaped(r.path)))
        raise HTTPException(500)


# -- faults


def fault_of(conn, e):
    """Return the fault that e, which a handler raised, stands for. Raises e when it is
    none, but the end of the connection or of the program."""
    if isinstance(e, Exception):
        return e
    if not isinstance(e, asyncio.CancelledError) or conn.evicted or not conn.sock:
        raise e
    if is_gone(conn, e):
        raise e
    if conn.expired:  # while another task, which the handler waits for, reads the body
        conn.expired = False
        conn.timed_out = True
        return OSError(110)  # ETIMEDOUT
    return e  # of a task that the handler waits for, and that was cancelled


def is_gone(conn, e):
    """Whether e, which a handler raised, is no fault of it, but tells that the client is
    gone."""
    if conn.lost:
        return True
    if not conn.websocket or not conn.websocket.closed:
        return False
    if isinstance(e, asyncio.CancelledError):
        return conn.expired  # it was cancelled for that
    return isinstance(e, OSError) and e.errno == 32  # EPIPE: it was sending


def _answerable(conn, r, e):
    """Whether a response can still be sent. Raises e when it says that the client is
    gone."""
    gone = is_gone(conn, e)
    if gone and (not isinstance(e, Exception) or isinstance(e, (OSError, EOFError))):
        raise e
    if gone or conn.sent or conn.sock is None:
        conn.closing = True
        if not isinstance(e, HTTPException):
            report(r, e)
        return False
    return True


async def _recover(apps, conn, r, e):
    """Return the response to r, whose handler raised e, or None when it is too
    late for one."""
    if not _answerable(conn, r, e):
        return None
    if conn.timed_out and not isinstance(e, HTTPException):
        e = HTTPException(408)
        conn.closing = True
    try:
        if isinstance(e, HTTPException):
            for hooks in reversed(of(apps)):
                handler = hooks.error_handler(e.status)
                if handler:
                    return _with_fields(
                        _response_of(
                            await _call(handler, r),
                            e.status,
                        ),
                        e,
                    )
        for hooks in reversed(of(apps)):
            handler = hooks.error_handler(type(e))
            if handler:
                status = e.status if isinstance(e, HTTPException) else 500
                return _response_of(
                    await _call(handler, r, e),
                    status,
                )
        if isinstance(e, HTTPException):
            return _response_to(e)
    except BaseException as fault:
        e = fault_of(conn, fault)
        if not _answerable(conn, r, e):
            return None
    return await _fault(apps, conn, r, e)


async def _fault(apps, conn, r, e):
    """Report e, and return the response with status 500, or 503 without memory."""
    if isinstance(e, HTTPException):
        return _response_to(e)
    if isinstance(e, MemoryError):
        gc.collect()
    report(r, e)
    status = 503 if isinstance(e, MemoryError) else 500
    for hooks in reversed(of(apps)):
        handler = hooks.error_handler(status)
        if handler:
            try:
                return _response_of(await _call(handler, r), status)
            except BaseException as fault:
                report(r, fault_of(conn, fault))
    return _response_to(HTTPException(status, _RETRY if status == 503 else ""))


def _response_to(e):
    body = reason(e.status) if e.body is None else e.body
    response = _with_fields(_response(body, e.status), e)
    if isinstance(body, (str, bytes)) and not _has_field(response, "content-type"):
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


def _with_fields(response, e):
    # such as the Allow of 405; a handler may return one Response again and again
    more = {}
    for line in e.headers.split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        if not _has_field(response, name):
            more.setdefault(name, []).append(value.strip())
    if more:
        more.update(response.headers)
        response = _response(response.body, response.status, more)
    return response


def _has_field(response, name):
    return any(known.lower() == name.lower() for known in response.headers)


def report(r, e):
    """One line on the console for a handler's fault, and where it was raised."""
    import io

    trace = io.StringIO()
    sys.print_exception(e, trace)
    lines = [line for line in trace.getvalue().split("\n") if line.startswith("  File ")]
    # the last line that is the program's own
    where = [line for line in lines if '"web/' not in line] or lines
    print(
        "web: {} {}: {}: {} ({})".format(
            r.method, _escaped(r.path), type(e).__name__, _escaped(e), "".join(where[-1:]).strip()
        )
    )


def _escaped(value):
    # what a client sent must not look like other lines
    return repr(str(value))[1:-1]
