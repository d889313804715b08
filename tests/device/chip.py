# The application that the tests of the emulated chip talk to, over its lwIP.
import asyncio
import gc

import web

app = web.App()


@app.get("/")
def index(r):
    return "index"


@app.get("/pins/<int:pin>/<name>")
def pin(r, pin, name):
    return {"pin": pin, "name": name, "cookie": r.cookies.get("id")}


@app.get("/text/<int:n>")
def text(r, n):
    return str(n)


@app.get("/json/<int:n>")
def number(r, n):
    return {"n": n}


@app.post("/echo")
async def echo(r):
    return await r.body()


@app.put("/files/<name>")
async def upload(r, name):
    return {"size": await r.save("/" + name)}, 201


@app.post("/upload")
async def count(r):
    size = 0
    async for piece in r:
        size += len(piece)
    return str(size)


@app.get("/pieces/<int:n>")
async def pieces(r, n):
    for i in range(n):
        yield "piece {}\n".format(i)


@app.get("/slow/<int:ms>")
async def slow(r, ms):
    await asyncio.sleep_ms(ms)
    return "slow"


@app.get("/memory")
def memory(r):
    gc.collect()
    return str(gc.mem_alloc())


@app.websocket("/ws")
async def ws(r, ws):
    async for message in ws:
        await ws.send(message)


@app.sse("/events")
async def events(r, events):
    for i in range(4):
        await events.send("event", id=i)
        await asyncio.sleep_ms(20)


def context():
    import tls

    with open("/cert.der", "rb") as certificate, open("/key.der", "rb") as key:
        made = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(certificate.read(), key.read())
    return made


async def main(ssl):
    await app.start(port=443 if ssl else 80, ssl=ssl)
    print(web.implementation, "serving")
    await asyncio.Event().wait()


asyncio.run(main(context() if SECURE else None))  # noqa: F821, which the test puts before
