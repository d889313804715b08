# Error handlers and nothing else that stands around a handler: micropython refusals.py PORT
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.post("/short", max_body=4)
async def short(r):
    return await r.body()


@app.errorhandler(404)
def missing(r):
    return "no such path"


@app.errorhandler(405)
def not_allowed(r):
    return "not so"


@app.errorhandler(413)
def too_large(r):
    return "too much"


app.run()
