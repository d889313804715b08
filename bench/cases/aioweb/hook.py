import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.before_request
def hook(r):
    pass


@app.get("/")
async def index(r):
    return "Hello"


app.run()
