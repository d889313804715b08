# Serves again and again in one process: run(), until /stop or Ctrl-C ends it, then
# with event loops of its own:
#
#   micropython again.py PORT
import asyncio
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
turn = 0


@app.get("/")
def index(r):
    return str(turn)


@app.get("/stop")
async def stop(r):
    await app.stop()
    return "stopped {}".format(turn)


async def main():
    task = asyncio.create_task(app.serve())
    await task


def run():
    app.run()


def run_task():
    asyncio.run(main())


while True:
    own_loop = turn % 2
    try:
        (run_task if own_loop else run)()
        print("ended", turn)
    except KeyboardInterrupt:
        print("interrupted", turn)
    if own_loop:
        asyncio.new_event_loop()
    turn += 1
