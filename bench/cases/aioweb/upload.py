import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))


@app.put("/raw", max_body=2 << 20)
async def raw(r):
    return {"size": await r.save("upload.bin")}


@app.post("/form", max_body=2 << 20)
async def form(r):
    async for part in r.parts():
        size = await part.save("upload.bin")
    return {"size": size}


app.run()
