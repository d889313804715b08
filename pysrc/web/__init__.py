"""micropython-aioweb: an asyncio web framework for MicroPython.

    import web

    app = web.App(port=80)

    @app.get("/")
    async def index(r):
        return "Hello world!"

    app.run()

Every name below is loaded when it is first used, so that a program pays RAM only
for what it needs.
"""

__version__ = "0.1.0"

_LAZY = {
    "App": "app",
    "Broadcast": "broadcast",
    "EventSource": "sse",
    "HTTPException": "errors",
    "Response": "response",
    "WebSocket": "websocket",
    "abort": "errors",
    "implementation": "_codec",
    "parse_qs": "query",
    "redirect": "response",
}


def __getattr__(name):
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(name)
    value = getattr(__import__("web." + module, None, None, (name,)), name)
    globals()[name] = value
    return value
