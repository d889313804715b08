# What a path allows: the answers to OPTIONS, and to methods that it has no handler for.
from micropython import const

import web

_PATTERNS = const(4)  # see setup.py
_METHODS = " GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH "


def unhandled(app, r, route):
    """Return the response to OPTIONS, else raise HTTPException: 404, 405, 501."""
    method = r.method
    if r.path == "*" or " " + method + " " not in _METHODS:
        every = {}  # there is at any path
        for routes in (app.routes, app.router[_PATTERNS] if app.router else {}):
            for each in routes.values():
                every.update(each)
        if method == "OPTIONS":  # RFC 9110 9.3.7
            route = every
        elif method not in every:
            web.abort(501)
    if route is None:
        web.abort(404)
    methods = set(route)
    methods.add("OPTIONS")
    if "GET" in methods:
        methods.add("HEAD")
    headers = {"Allow": ", ".join(sorted(methods))}
    if method != "OPTIONS":
        web.abort(405, None, headers)
    return None, 204, headers
