# A page with its files, a device's values as JSON and as they change, and its settings.
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
settings = {"name": "attic", "interval": 100}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
count = 0


def values():
    global count
    count += 1
    return {"name": settings["name"], "temperature": 20 + count % 5, "count": count}


def send_file(name):
    kind = TYPES.get(name.split(".")[-1])
    if "/" in name or not kind:
        web.abort(404)  # what a client asks for is none of the page's files
    try:
        return web.Response(open(name, "rb"), type=kind)
    except OSError:
        web.abort(404)


@app.get("/")
def index(r):
    return send_file("index.html")


@app.get("/static/<name>")
def static(r, name):
    return send_file(name)


@app.get("/api/values")
def get_values(r):
    return values()


@app.sse("/events")
async def events(r, sse):
    while True:
        await sse.send(values())
        await asyncio.sleep_ms(settings["interval"])


@app.post("/settings")
async def change(r):
    form = await r.form()
    try:
        interval = int(form["interval"])
    except ValueError:
        web.abort(400)
    settings["name"] = form["name"]
    settings["interval"] = interval
    return web.redirect("/", 303)


app.run()
