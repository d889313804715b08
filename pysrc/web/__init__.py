"""micropython-aioweb: an asyncio web framework for MicroPython.

    import web

    app = web.App(port=80)

    @app.route("/")
    async def index(r, w):
        w.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nHello world!")
        await w.drain()

Every name below is loaded when it is first used, so that a program pays RAM only
for what it needs.
"""

__version__ = "0.1.0"

_LAZY = {
    "App": "app",
    "EventSource": "sse",
    "HTTPException": "errors",
    "WebSocket": "websocket",
    "implementation": "_codec",
    "parse_qs": "_codec",
}


def __getattr__(name):
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(name)
    value = getattr(__import__("web." + module, None, None, (name,)), name)
    globals()[name] = value
    return value
