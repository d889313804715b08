# Tasks that run beside a server which another App starts and stops:
#
#   micropython background.py PORT PORT-OF-THE-SERVER
import asyncio
import gc
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[2]))
control = web.App("127.0.0.1", int(sys.argv[1]))
inner = web.App()
app.mount(inner, "/inner")
gate = asyncio.Event()


def plain():
    pass


async def other():
    pass


# what is not a task is told before there is any
TRIES = {
    "plain": lambda: app.task(plain),
    "plain-restart": lambda: app.task(restart=5)(plain),
    "called": lambda: app.task(other()),
    "number": lambda: app.task(5),
    "text": lambda: app.task("other"),
    "zero": lambda: app.task(restart=0),
    "negative": lambda: app.task(restart=-1),
}


@app.task
async def blink():
    print("blink begins")
    try:
        while True:
            await asyncio.sleep(60)
    finally:
        print("blink ends")


@app.task()
async def once():
    print("once", app.listener is not None)


@app.task
async def faulty():
    await asyncio.sleep_ms(1)
    raise ValueError("no\nsensor")


@app.task(restart=0.2)
async def again():
    print("again begins")
    await gate.wait()
    gate.clear()
    raise OSError(5)


@inner.task
async def inside():
    print("inside begins")
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep_ms(50)
        print("inside ends")


@app.get("/")
async def index(r):
    return "app"


@app.get("/slow")
async def slow(r):
    print("slow begins")
    await asyncio.sleep_ms(300)
    print("slow ends")
    return "slow"


@control.get("/")
def memory(r):
    gc.collect()
    return str(gc.mem_alloc())


@control.get("/wrong")
def wrong(r):
    try:
        TRIES[r.args["what"]]()
    except (TypeError, ValueError) as e:
        return type(e).__name__ + ": " + str(e)
    return "nothing"


@control.get("/open")
def open_gate(r):
    gate.set()
    return "open"


@control.get("/late")
def late(r):
    @app.task
    async def came_late():
        print("came late")

    return "done"


@control.get("/closure")
def closure(r):
    """A plain def that can't be told from others before it is called."""
    name = r.path
    try:
        app.task(lambda: name)
    except TypeError as e:
        return str(e)


@control.get("/ends-all")
def ends_all(r):
    @app.task
    async def ends():
        await app.stop()
        print("ended all")

    return "done"


@control.get("/cancelled")
def cancelled(r):
    """A task that waits for one which somebody cancels."""

    @app.task
    async def waits():
        inner = asyncio.create_task(gate.wait())
        asyncio.create_task(cancel(inner))
        await inner

    return "done"


async def cancel(task):
    task.cancel()


@control.get("/start")
async def start(r):
    await app.start()
    return "started"


@control.get("/stop")
async def stop(r):
    await app.stop()
    print("stopped")
    return "stopped"


async def main():
    await app.start()
    await control.serve()


asyncio.run(main())
