# A page with its files, a device's values as JSON and as they change, and its settings.
import asyncio
import sys

from microdot import Microdot, abort, redirect, send_file
from microdot.sse import with_sse

app = Microdot()
settings = {"name": "attic", "interval": 100}
count = 0


def values():
    global count
    count += 1
    return {"name": settings["name"], "temperature": 20 + count % 5, "count": count}


@app.get("/")
async def index(request):
    return send_file("index.html")


@app.get("/static/<name>")
async def static(request, name):
    try:
        return send_file(name)
    except OSError:
        abort(404)


@app.get("/api/values")
async def get_values(request):
    return values()


@app.get("/events")
@with_sse
async def events(request, sse):
    while True:
        await sse.send(values())
        await asyncio.sleep_ms(settings["interval"])


@app.post("/settings")
async def change(request):
    try:
        interval = int(request.form["interval"])
    except ValueError:
        abort(400)
    settings["name"] = request.form["name"]
    settings["interval"] = interval
    return redirect("/", 303)


app.run("127.0.0.1", int(sys.argv[1]))
