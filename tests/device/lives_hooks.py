# Hooks and error handlers, for lives.py to import: with them every request goes their way.
import asyncio

import web

from __main__ import Inside, app, await_cancelled

hooked = web.App()
app.mount(hooked, "/hooked")


@hooked.before_request
async def before(r):
    with Inside(r):
        await asyncio.sleep_ms(5)
    if "/before" in r.path:
        return "before"
    if "/raise-before" in r.path:
        raise ValueError("as said")
    if "/cancelled" in r.path:
        await await_cancelled(r)


@hooked.after_request
async def after(r, response):
    with Inside(r):
        await asyncio.sleep_ms(5)
    if "/raise-after" in r.path:
        raise ValueError("as said")


@hooked.errorhandler(418)
async def teapot(r):
    await asyncio.sleep_ms(5)
    if "/raise-handler" in r.path:
        raise ValueError("as said")
    return "teapot", 418


@hooked.get("/<path:name>")
async def page(r, name):
    if "handler" in name:
        web.abort(418)
    return "page"


@hooked.get("/pieces/<path:name>")
def hooked_pieces(r, name):
    with Inside(r):
        yield "a piece"
        yield "a piece"
