# Parts of multipart bodies, for tests/test_multipart.py:
#
#   micropython multipart.py PORT
import gc
import hashlib
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_body=1 << 14)


async def told(part):
    return {
        "name": part.name,
        "filename": part.filename,
        "type": part.type,
        "text": await part.text(),
    }


@app.post("/parts")
async def parts(r):
    found = []
    async for part in r.parts():
        found.append(await told(part))
    return found


@app.post("/limited")
async def limited(r):
    found = []
    async for part in r.parts(max_part=20, max_parts=2):
        found.append(await told(part))
    return found


@app.post("/skipped")
async def skipped(r):
    """Of every other part some bytes, or none."""
    found = []
    async for part in r.parts():
        n = 0
        if len(found) % 2:
            n = await part.readinto(bytearray(int(r.args["n"])))
        found.append([part.name, n])
    return found


@app.post("/first")
async def first(r):
    async for part in r.parts():
        return part.name


@app.post("/pieces/<int:size>")
async def pieces(r, size):
    """By pieces of that size."""
    buf = bytearray(size)
    found = []
    async for part in r.parts():
        data = b""
        while True:
            n = await part.readinto(buf)
            if not n:
                break
            assert n <= size
            data += buf[:n]
        found.append([part.name, data.hex()])
    return found


@app.post("/form")
async def form(r):
    return [list(item) for item in (await r.form()).items()]


@app.post("/save", max_body=1 << 30)
async def save(r):
    sizes = {}
    async for part in r.parts():
        if part.filename:
            digest = hashlib.sha256()
            sizes[part.filename] = [await part.save(part.filename, hash=digest)]
            sizes[part.filename].append(digest.digest().hex())
    return sizes


@app.put("/checked/<name>", max_body=1 << 30)
async def checked(r, name):
    digest = hashlib.sha256()

    def check():
        with open(name + ".part", "rb") as file:
            assert file.seek(0, 2) == r.length
        if r.query == "raises":
            web.abort(403)
        return digest.digest().hex() == r.query

    return {"size": await r.save(name, hash=digest, check=check)}


@app.get("/memory")
def memory(r):
    gc.collect()
    return {"used": gc.mem_alloc()}


app.run()
