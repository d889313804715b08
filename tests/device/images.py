# A page of images, for little memory:
#
#   micropython images.py PORT FILE
import gc
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.get("/")
def index(r):
    return "index"


@app.get("/memory")
def memory(r):
    gc.collect()
    return str(gc.mem_alloc())


@app.get("/images/<int:n>")
def image(r, n):
    with open(sys.argv[2], "rb") as file:
        file.seek(n)
        left = 6000 + 100 * n
        while left:
            piece = file.read(min(1024, left))
            left -= len(piece)
            yield piece


@app.get("/endless")
def endless(r):
    while True:
        yield bytes(1024)


app.run()
