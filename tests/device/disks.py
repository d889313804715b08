# Saves to a file system that is full or read-only, in an image; see disk.py:
#
#   micropython disks.py PORT KIND IMAGE BLOCKS [readonly]
import os
import sys

import disk
import web

log = []


class Logged(disk.Blocks):
    """A board's flash, of which each write is told: where it begins, and what it is."""

    def writeblocks(self, block, buf, offset=0):
        super().writeblocks(block, buf, offset)
        log.append((block * 512 + offset, bytes(buf)))


port, kind, image, count, *readonly = sys.argv[1:]
disk.Blocks = Logged
disk.mount(kind, image, int(count), bool(readonly))
log.clear()
app = web.App("127.0.0.1", int(port), max_body=1 << 20)


@app.put("/save")
async def save(r):
    return "{} bytes".format(await r.save("/disk/file"))


@app.get("/file")
def file(r):
    return web.send_file(r, "/disk/file")


@app.get("/writes")
async def writes(r):
    from binascii import hexlify

    while log:
        start, data = log.pop(0)
        yield "{} {}\n".format(start, hexlify(data).decode())


@app.get("/names")
def names(r):
    return os.listdir("/disk")


app.run()
