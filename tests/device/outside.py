# A room whose messages come from other threads, and from what interrupts schedule:
#
#   micropython outside.py PORT
import asyncio
import sys
import time

import micropython
import web

try:
    from _thread import start_new_thread
except ImportError:  # of the emulated targets; 16 calls may wait

    def start_new_thread(function, args):
        function(*args)


app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=8)
room = web.Broadcast(most=1000)
send = app.threadsafe(room.send)
# nobody can try again what is scheduled: there is a place for each of a test's calls
send_scheduled = app.threadsafe(room.send, most=1000)
seen = []
note = app.threadsafe(seen.append, most=4)
divide = app.threadsafe(lambda n: 1 // n)


async def nobody():
    pass


waits = app.threadsafe(nobody)


@app.websocket("/room")
async def enter(r, ws):
    await room.join(ws)


def patient(call, *args):
    """What a thread does whose message must not be lost."""
    while True:
        try:
            return call(*args)
        except RuntimeError:
            time.sleep_ms(1)


def from_thread(n):
    for i in range(n):
        patient(send, ["thread", i])


def interrupts(n):
    """As a pin's would: in a thread, for the unix port has no pins."""
    for i in range(n):
        patient(micropython.schedule, send_scheduled, ["schedule", i])


async def from_loop(n):
    for i in range(n):
        while True:
            try:
                send(["loop", i])
                break
            except RuntimeError:
                await asyncio.sleep_ms(1)


@app.get("/send")
async def begin(r):
    n = int(r.args["n"])
    if r.args["way"] == "loop":
        await from_loop(n)
    else:
        start_new_thread(from_thread if r.args["way"] == "thread" else interrupts, (n,))


@app.get("/full")
def full(r):
    seen.clear()
    accepted = 0
    try:
        while True:
            note(accepted)
            accepted += 1
    except RuntimeError as e:
        return {"accepted": accepted, "refused": type(e).__name__}


@app.get("/called")
def called(r):
    return seen


@app.get("/fault")
def fault(r):
    divide(0)
    waits()


@app.get("/wrong")
def wrong(r):
    try:
        app.threadsafe(5)
    except TypeError as e:
        return str(e)


app.run()
