# What app.run(debug=True) tells, for tests/test_debug.py: micropython debugged.py PORT [WHAT]
# With `wlan` the board has an address, with `log` an access log of its own, with `logged`
# that alone, with `local` a host of its own.
import asyncio
import sys
import time

import web

PORT = int(sys.argv[1])
WHAT = sys.argv[2] if len(sys.argv) > 2 else ""
app = web.App(port=PORT, max_head=512, max_target=100, max_fields=8, head_timeout=0.5)
if WHAT == "local":
    app = web.App("127.0.0.1", PORT, max_connections=1)


class WLAN:
    def __init__(self, interface):
        self.interface = interface

    def active(self):
        return True

    def ifconfig(self):
        return "192.168.4.1" if self.interface else "0.0.0.0", "", "", ""


class Network:
    STA_IF = 0
    AP_IF = 1
    WLAN = WLAN


if WHAT == "wlan":
    sys.modules["network"] = Network


@app.get("/plain/<name>")
def plain(r, name):
    return "Hello"


@app.get("/waits")
async def waits(r):
    await asyncio.sleep_ms(1)
    return {"a": True}, 201


@app.get("/stream")
def stream(r):
    yield "one"
    yield "two"


@app.route("/raw")
async def raw(r, w):
    await w.send("HTTP/1.0 203 OK\r\n\r\nraw")


@app.websocket("/ws")
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)


@app.sse("/events")
async def events(r, events):
    await asyncio.sleep_ms(10)
    await events.send("x")


@app.post("/save")
async def save(r):
    r.save("nowhere.bin")
    return "saved"


@app.post("/body")
async def body(r):
    return await r.read(3)


@app.get("/set")
def a_set(r):
    return {"a": {1}}


def work():
    return 1 / 0


@app.get("/fault")
async def fault(r):
    await asyncio.sleep_ms(1)
    return work()


@app.get("/slow")
def slow(r):
    time.sleep_ms(120)
    return "slow"


async def blink():
    time.sleep_ms(120)


@app.get("/blink")
async def start_blinking(r):
    await asyncio.create_task(blink())


app.static("/static", sys.argv[0].rsplit("/", 1)[0])


def log(r, status, size, ms):
    print("log:", r and r.method, r and web.quote(r.path), status, size, ms >= 0)
    if status == 203:
        raise ValueError("in log")


if WHAT in ("log", "logged"):
    app.log = log
app.run(debug=WHAT != "logged")
