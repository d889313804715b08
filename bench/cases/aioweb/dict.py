import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.get("/")
async def index(r):
    return {"temp": 21, "ok": True}


app.run()
