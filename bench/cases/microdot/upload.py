import os
import sys

from microdot import Microdot, Request
from microdot.multipart import FormDataIter

Request.max_content_length = 2 << 20

app = Microdot()


@app.put("/raw")
async def raw(request):
    left = request.content_length
    with open("upload.bin", "wb") as file:
        while left > 0:
            piece = await request.stream.read(min(left, 1024))
            file.write(piece)
            left -= len(piece)
    return {"size": request.content_length}


@app.post("/form")
async def form(request):
    async for _, value in FormDataIter(request):
        await value.save("upload.bin")
    return {"size": os.stat("upload.bin")[6]}


app.run("127.0.0.1", int(sys.argv[1]))
