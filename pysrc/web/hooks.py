# What fewer applications have: routes of other methods, hooks, error handlers, other
# apps. App.__getattr__ finds the functions in METHODS.
import web


class Hooks:
    """The hooks of an app."""

    def __init__(self):
        self.before = []
        self.after = []
        self.errors = {}

    def error_handler(self, key):
        """Return the handler for a status or a class of exceptions, or None."""
        if isinstance(key, int):
            return self.errors.get(key)
        found = None
        for known in self.errors:
            if not isinstance(known, int) and issubclass(key, known):
                if found is None or issubclass(known, found):
                    found = known  # the most specific one
        return found and self.errors[found]


def of(apps):
    """Return the hooks of those of some apps that have any."""
    return [app.hooks for app in apps if app.hooks]


def _hooks(app):
    if app.hooks is None:
        app.hooks = Hooks()
    return app.hooks


def _set_hooked(app):
    app.hooked = True
    for parent, _ in app._mounts:
        _set_hooked(parent)


def put(app, path, max_body=None):
    """Decorate a handler of PUT, see App.get()."""
    return app._on("PUT", path, max_body)


def patch(app, path, max_body=None):
    """Decorate a handler of PATCH, see App.get()."""
    return app._on("PATCH", path, max_body)


def delete(app, path, max_body=None):
    """Decorate a handler of DELETE, see App.get()."""
    return app._on("DELETE", path, max_body)


def before_request(app, hook):
    """Decorate a function of r that is called before the handler, which it may
    replace by returning a response."""
    _hooks(app).before.append(hook)
    _set_hooked(app)
    return hook


def after_request(app, hook):
    """Decorate a function of r and the Response, which it may change, or replace by
    returning another. Raw handlers' responses don't pass it."""
    _hooks(app).after.append(hook)
    _set_hooked(app)
    return hook


def errorhandler(app, key):
    """Decorate a function that returns the response for a status (int), called with
    r, or for a class of exceptions, called with r and the exception."""

    def decorate(handler):
        _hooks(app).errors[key] = handler
        return handler

    return decorate


def mount(app, other, prefix=""):
    """Have the routes of another App, those it has and those it gets, answer under
    prefix, with its hooks inside of this one's."""
    other._mounts += ((app, prefix),)
    if other.hooked:
        _set_hooked(app)
    routes = list(other._routes.items())
    if other._router:
        routes += other._router.items()
    for path, route in routes:
        for method in route:
            handler, raw, limit, apps = route[method]
            app._add(prefix + path, method, (handler, raw, limit, (app,) + apps))


def websocket(app, path, **options):
    """Decorate `async def handler(r, ws, **params)`, which gets a WebSocket at path. The
    options are those of WebSocket.upgrade()."""
    return _upgrading(app, path, web.WebSocket, options)


def sse(app, path, **options):
    """Decorate `async def handler(r, events, **params)`, which gets an EventSource at
    path. The options are those of EventSource.upgrade()."""
    return _upgrading(app, path, web.EventSource, options)


def _upgrading(app, path, kind, options):
    def decorate(handler):
        async def upgrade(r, w):
            # every stream begins here, and its handler before the client is answered
            if r.method == "HEAD":
                await kind.upgrade(r, w, **options)  # which sends the head alone
            w.conn.upgraded = handler, kind.begin(r, w, **options)

        app.add_handler(path, upgrade)
        return handler

    return decorate


METHODS = {
    "after_request": after_request,
    "before_request": before_request,
    "delete": delete,
    "errorhandler": errorhandler,
    "mount": mount,
    "patch": patch,
    "put": put,
    "sse": sse,
    "websocket": websocket,
}
