import sys

from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    def pieces():
        for _ in range(3):
            yield "piece"

    return pieces()


app.run("127.0.0.1", int(sys.argv[1]))
