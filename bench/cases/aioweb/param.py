import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.get("/pins/<int:pin>")
async def index(r, pin):
    return {"pin": pin, "who": r.cookies.get("session")}


app.run()
