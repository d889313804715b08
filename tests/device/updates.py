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
web.ota(app, before=admitted, path="/file", file="image.bin", max_body=100000, done=applied)
web.ota(app, before=[lambda r: None], path="/open", done=applied)
guards = [web.basic(lambda name, password: web.same(password, "x")), lambda r: None]
web.ota(app, before=guards, path="/guarded", file="guarded.bin", done=applied)
for password, guard in (("", None), (None, []), ("secret", admitted)):
    try:
        web.ota(app, password, before=guard)
    except ValueError:
        print("refused: either a password or a guard")


@app.get("/memory")
def memory(r):
    gc.collect()
    return {"used": gc.mem_alloc(), "loaded": [n for n in sys.modules if n[:4] == "web."]}


app.run()
