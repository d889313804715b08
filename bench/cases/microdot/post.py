import sys

from microdot import Microdot

app = Microdot()


@app.post("/")
async def index(request):
    return str(len(request.body))


app.run("127.0.0.1", int(sys.argv[1]))
