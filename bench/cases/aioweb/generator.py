import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.get("/")
def index(r):
    for _ in range(3):
        yield "piece"


app.run()
