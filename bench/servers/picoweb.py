import sys

import picoweb

app = picoweb.WebApp(None, serve_static=False)


@app.route("/")
def index(request, writer):
    yield from picoweb.start_response(writer)
    yield from writer.awrite("Hello")


# debug=-1: without the log, for which it needs a package that is not MicroPython's
app.run("127.0.0.1", int(sys.argv[1]), debug=-1)
