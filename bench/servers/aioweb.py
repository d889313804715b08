# ROUTES literal routes, of which "/" is one: aioweb.py PORT [ROUTES]
import asyncio
import sys

import web

# more than the most that the measures hold open
app = web.App("127.0.0.1", int(sys.argv[1]), max_connections=80)


@app.get("/")
async def index(r):
    return "Hello"


for i in range(int(sys.argv[2]) - 1 if len(sys.argv) > 2 else 0):
    app.get("/page/{}".format(i))(index)


@app.post("/")
async def post(r):
    await r.read()
    return "Hello"


asyncio.run(app.serve())
