# An App's routes under a prefix of another's.
from micropython import const

import web

_PATTERNS = const(4)  # see setup.py


def mount(app, other, prefix="", before=None):
    """Have the routes of another App, those it has and those it gets, answer under
    prefix, with its hooks inside of this one's, and before, see get(), between them."""
    right = isinstance(prefix, str) and isinstance(other, type(app)) and other is not app
    if not right or prefix and (prefix[:1] != "/" or prefix[-1:] == "/"):
        web.help.mount(app, other, prefix)
    apps = (app,) if before is None else (app, web.guards.Guards(before))
    other.mounts += ((apps, prefix),)
    if other.hooked:
        web.setup.hooks(app, 0)
    routes = list(other.routes.items())
    if other.router:
        routes += list(other.router[_PATTERNS].items())
    for path, route in routes:
        for method, entry in route.items():
            web.setup.add(apps, prefix + path, method, entry)
