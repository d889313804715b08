# Takes firmware images: `updates.py PORT`.
import asyncio
import gc
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_body=1024)


async def admitted(r):
    await asyncio.sleep_ms(0)
    if r.headers.get("authorization") != "Bearer secret":
        return {"error": "who?"}, 403


def applied():
    print("applied")


web.ota(app, "geheimnis: ü")
web.ota(app, allow=admitted, path="/file", file="image.bin", max_body=100000, done=applied)
web.ota(app, allow=lambda r: None, path="/open", done=applied)
try:
    web.ota(app, "")
except ValueError:
    print("refused to be open to all")


@app.get("/memory")
def memory(r):
    gc.collect()
    return {"used": gc.mem_alloc(), "loaded": [n for n in sys.modules if n[:4] == "web."]}


app.run()
