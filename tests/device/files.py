# Files and what else can be read as responses, for tests/test_files.py:
#
#   micropython files.py PORT FOLDER IMAGE [hooked]
import asyncio
import gc
import io
import sys

import vfs
import web

app = web.App("127.0.0.1", int(sys.argv[1]), write_timeout=2)
folder = sys.argv[2]
closed = []

with open(sys.argv[3], "rb") as image:
    vfs.mount(vfs.VfsRom(image.read()), "/rom")

app.static("/s", folder, max_age=60)
app.static("/no-index/", folder + "/", index=None, max_age=None)
app.static("/rom", "/rom")
app.static("/", folder, fallback="app.html", types={"glb": "model/gltf-binary"})


class Readable:
    """What can be read by one function alone, and fails where it is told to."""

    def __init__(self, data, fails=None):
        self.file = io.BytesIO(data)
        self.fails = fails

    def close(self):
        closed.append(self)

    def _take(self, n):
        data = self.file.read(n)
        if self.fails is not None and self.file.seek(0, 1) > self.fails:
            raise OSError(5)
        return data


class Read(Readable):
    def read(self, n):
        return self._take(n)


class ReadInto(Readable):
    def readinto(self, buf):
        data = self._take(len(buf))
        buf[: len(data)] = data
        return len(data)


DATA = bytes(range(256)) * 40
KINDS = {"read": Read, "readinto": ReadInto}


@app.get("/readable/<kind>/<int:fails>")
def readable(r, kind, fails):
    return KINDS[kind](DATA, fails or None)


@app.get("/known/<kind>/<int:fails>")
def known(r, kind, fails):
    fields = {"Content-Length": len(DATA), "Content-Type": "text/plain"}
    return KINDS[kind](DATA, fails or None), fields


@app.get("/short/<kind>")
def short(r, kind):
    return web.Response(KINDS[kind](DATA[:100]), headers={"Content-Length": 200})


@app.get("/bytesio")
async def bytesio(r):
    await asyncio.sleep_ms(0)
    file = io.BytesIO(DATA)
    file.seek(40)
    return file


@app.get("/open/<name>")
def opened(r, name):
    return web.Response(open(folder + "/" + name, "rb"), type="text/plain")


@app.get("/open/<name>/<int:status>")
def opened_with(r, name, status):
    return open(folder + "/" + name, "rb"), status


@app.get("/bad-field")
def bad_field(r):
    return open(folder + "/index.html", "rb"), {"X-A": "a\nb"}


@app.get("/long-head")
def long_head(r):
    return open(folder + "/index.html", "rb"), {"X-A": "a" * 5000}


@app.get("/download/<name>")
def download(r, name):
    return web.send_file(r, folder + "/a.txt", "text/x", 5, r.args["as"])


@app.get("/send/<name>")
@app.post("/send/<name>")
def send(r, name):
    response = web.send_file(r, folder + "/" + name)
    response.set_cookie("a", "b")
    return response


@app.get("/page/<name>")
async def page(r, name):
    def rows():
        for i in range(int(r.args.get("n", 3))):
            yield "<tr>{}</tr>".format(i)

    values = {"title": r.args.get("title"), "n": 1.5, "items": ["<", ">"], "rows": rows}
    return web.render(folder + "/" + name, values)


@app.get("/quoted")
def quoted(r):
    s = r.args["s"]
    pairs = web.urlencode([("a b", s), ("c", 1)])
    both = web.urlencode({"s": [s, "x"]})
    return [web.escape(s), web.quote(s), web.quote(s, ""), pairs, both]


@app.get("/redirect")
def redirect(r):
    return web.redirect(r.args["to"])


@app.get("/closed")
def get_closed(r):
    return {"closed": len(closed)}


@app.get("/allocated")
def allocated(r):
    gc.collect()
    gc.disable()
    return {"bytes": gc.mem_alloc()}


@app.get("/allocated-since")
def allocated_since(r):
    n = gc.mem_alloc()
    gc.enable()
    return {"bytes": n}


if sys.argv[4:] == ["hooked"]:

    @app.after_request
    def mark(r, response):
        response.headers["X-Hook"] = "hooked"
        if r.query == "replace":
            return "replaced"


app.run()
