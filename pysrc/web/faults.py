# Faults of handlers, and what they raise on purpose.
import gc
from asyncio import CancelledError

import web
from web.conn import SENT


class HTTPException(Exception):
    """Raised in a handler: answer with this status instead.

    status   int
    body     str, bytes, dict or list; the reason phrase if not given
    headers  dict of further fields, with a list for one of several lines; or str, the
             lines, each ended by CRLF

    Raises ValueError when a str of headers has no such lines, TypeError for a status that is
    no int.
    """

    def __init__(self, status, body=None, headers=""):
        super().__init__(status)
        if not isinstance(status, int):
            web.help.status(status)
        if headers and isinstance(headers, str):
            headers = web.lines.split(headers)
        self.status = status
        self.headers = headers or {}
        self.body = body


def abort(status, body=None, headers=""):
    """End the handler: answer with this status. Raises HTTPException."""
    raise HTTPException(status, body, headers)


def recover(conn, r, entry, e):
    """Return what answers r, whose handler raised e (BaseException), as
    web.dispatch.dispatch() does; SENT when it is too late for that. Raises e when it is no
    fault.

    entry is that of the route, None without one; False when error handlers, which have had
    their say, failed: each recover() by them could raise again."""
    e = fault_of(conn, e)
    if not answerable(conn, r, e):
        return SENT
    if conn.timed_out and not isinstance(e, HTTPException):
        e = HTTPException(408)
        conn.closing = True
    apps = entry[3] if entry else () if entry is False else (conn.server,)
    for app in apps:
        if app.hooks and app.hooks[2]:
            return web.hooks.handled(conn, r, apps, e)
    return plain(r, e)


def plain(r, e):
    """Return the response that e (Exception) stands for, and report it if it is none
    that was raised on purpose."""
    if not isinstance(e, HTTPException):
        lacking = isinstance(e, MemoryError)
        if lacking:
            gc.collect()
        web.console.report(r, e)
        e = HTTPException(503, None, {"Retry-After": "5"}) if lacking else HTTPException(500)
    body = web.response.reason(e.status) if e.body is None else e.body
    headers = e.headers
    if isinstance(body, (str, bytes)):
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        headers.update(e.headers)
    return body, e.status, headers


def fault_of(conn, e):
    """Return the fault that e, which a handler raised, stands for. Raises e when it is
    none, but the end of the connection or of the program."""
    if isinstance(e, Exception):
        return e
    if not isinstance(e, CancelledError) or conn.evicted or not conn.sock or is_gone(conn, e):
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
    if isinstance(e, CancelledError):
        return conn.expired  # it was cancelled for that
    return isinstance(e, OSError) and e.errno == 32  # EPIPE: it was sending


def answerable(conn, r, e):
    """Whether a response can still be sent. Raises e when it says that the client is
    gone."""
    gone = is_gone(conn, e)
    if gone and (not isinstance(e, Exception) or isinstance(e, (OSError, EOFError))):
        raise e
    if gone or conn.sent or conn.sock is None:
        conn.closing = True
        if not isinstance(e, HTTPException):
            web.console.report(r, e)
        return False
    return True
