import sys

from microdot import Microdot

app = Microdot()


@app.get("/pins/<int:pin>")
async def index(request, pin):
    return {"pin": pin, "who": request.cookies.get("session")}


app.run("127.0.0.1", int(sys.argv[1]))
