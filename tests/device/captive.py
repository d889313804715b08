# A board as an access point, whose portal and server are started and stopped by another App:
#
#   micropython captive.py PORT DNS-PORT PORT-OF-THE-SERVER [late]
import asyncio
import gc
import sys

import web

names, port = int(sys.argv[2]), int(sys.argv[3])
app = web.App("127.0.0.1", port, max_connections=4)
control = web.App("127.0.0.1", int(sys.argv[1]), max_connections=2)


@app.get("/setup")
def page(r):
    return "the page"


@app.post("/setup")
async def save(r):
    return await r.body()


@app.before_request
def count(r):
    if r.path == "/refused":
        return "refused", 403


def begin():
    return web.captive(app, "192.168.4.1", "/setup", ["Board.local"], names)


portals = []
if sys.argv[-1] != "late":
    portals.append(begin())


@control.get("/")
def index(r):
    gc.collect()
    return {"used": gc.mem_alloc(), "hooks": len(app.hooks[0]), "background": beside()}


def beside():
    """How many run beside the app: what is compiled has the list under another name."""
    if "web.background" not in sys.modules:
        return 0
    lists = [each for each in web.background.__dict__.values() if isinstance(each, list)]
    return sum([each.app is app for found in lists for each in found])


def tried(function):
    try:
        return function() or "done"
    except (OSError, ValueError, TypeError) as e:
        return type(e).__name__


@control.get("/begin")
def begin_portal(r):
    return tried(lambda: portals.append(begin()))


@control.get("/end")
async def end_portal(r):
    await portals.pop().stop()
    return "done"


@control.get("/online")
def online(r):
    portals[0].online = True
    return "done"


@control.get("/start")
async def start(r):
    try:
        await app.start()
    except OSError as e:
        return "OSError {}".format(e.errno)
    return "done"


@control.get("/stop")
async def stop(r):
    await app.stop()
    return "done"


@control.get("/break")
def break_socket(r):
    """What no firmware does: the portal's socket is closed by somebody else."""
    for entry in app.queue.map.values():
        if entry is portals[0]:
            entry.sock.close()
    return "done"


@control.get("/wrong")
def wrong(r):
    def other(ip="1.2.3.4", **options):
        web.captive(app, ip, **options)

    tries = [lambda ip=ip: other(ip) for ip in ("", "1.2.3", "1.2.3.4.5", "1.2.3.256", "a.b.c.d")]
    tries += [lambda: other(hosts="board.local"), lambda: other(port=names)]
    return " ".join([tried(each) for each in tries])


async def main():
    await app.start()
    await control.serve()


asyncio.run(main())
