# The application that the tests of TLS talk to:
#
#   micropython tls.py PORT CERTIFICATE KEY, both files in DER
import asyncio
import gc
import sys

try:
    import ssl
except ImportError:
    import tls as ssl  # what ssl is made of; this is all that some firmware has

import web

app = web.App("127.0.0.1", int(sys.argv[1]), head_timeout=1, body_timeout=2, max_body=300000)
LARGE = bytes(i % 251 for i in range(300000))


@app.get("/")
async def index(r):
    return "hello"


@app.get("/large")
async def large(r):
    return LARGE


@app.get("/huge")
async def huge(r):
    return LARGE * 20  # more than the kernel's buffers take


@app.post("/echo")
async def echo(r):
    return await r.body()


@app.get("/memory")
async def memory(r):
    gc.collect()
    return str(gc.mem_alloc())


def load(path):
    with open(path, "rb") as f:
        return f.read()


ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(load(sys.argv[2]), load(sys.argv[3]))
asyncio.run(app.serve(ssl=ctx))
