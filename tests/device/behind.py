# The application behind a proxy to which ambiguous requests are sent:
#
#   micropython behind.py PORT
#
# It answers each request with its target and keeps the method, the target, whether the
# proxy has marked it as one that it sent, and the connection, of each.
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=100)
seen = []


async def answer(r, rest=None):
    host = r.headers.get("host")
    seen.append([r.method, r.path, "x-forwarded-for" in r.headers, str(r.addr), host])
    await r.body()
    return r.path


@app.get("/seen")
def tell(r):
    told = {"seen": list(seen)}
    seen.clear()
    return told


@app.websocket("/ws/<path:rest>")
async def ws(r, ws, rest):
    async for message in ws:
        await ws.send(message)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
app.on("/", METHODS)(answer)
app.on("/<path:rest>", METHODS)(answer)
app.run()
