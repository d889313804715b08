# What happens to a request where it takes more than to call a handler: hooks before it,
# raw handlers and streams, HEAD.
from micropython import const

import web

_BUSY = const(0)  # a state of a connection, see conn.py
_GUARDED = const(2)  # the kind of a plain handler's entry, see setup.py


def dispatch(app, conn, r, route, entry):
    """Return the coroutine of what answers r, whose path has that route (a dict by
    method), or None, and of that the entry for its method, or None. It returns a handler's
    result, or its coroutine, or SENT; it raises what hooks raise, and HTTPException where
    no handler may answer."""
    conn.state = _BUSY
    conn.began = app.clock
    conn.deadline = None  # what is called may set another
    hooks = [each.hooks for each in (entry[3] if entry else (app,)) if each.hooks]
    answering = _answer(app, conn, r, route, entry, hooks)
    for each in hooks:
        if each[1]:
            return web.hooks.response(conn, r, entry, hooks, answering)
    return answering


async def _answer(app, conn, r, route, entry, hooks):
    limit = app.most_body
    if entry and entry[2] is not None:
        limit = entry[2]
    r._limit = limit
    if r._left <= limit:  # hooks may read the body as well
        for before, _, _ in hooks:
            for hook in before:
                result = hook(r)
                if hasattr(result, "throw"):
                    result = await result
                if result is not None:
                    return result
    elif entry:
        web.abort(413)
    if entry is None:
        if route is None and r.method == "GET":
            web.abort(404)
        return web.allow.unhandled(app, r, route)
    if entry[1] in (None, _GUARDED):
        return entry[0](r, **r.params)
    conn.entry = [None, None, conn.sock]
    if entry[1] is True:
        return web.raw.run(entry[0], conn, r)
    return web.upgraded.begin(entry, conn, r)
