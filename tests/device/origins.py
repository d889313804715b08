# Pages of other origins:
#
#   micropython origins.py PORT cors|every|cookies|protect
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]), max_body=1000)
PAGE = "https://page.example"


@app.before_request
def count(r):
    print("hook", r.method, r.path)


@app.get("/")
@app.on("/", ("POST", "PUT", "DELETE", "PATCH"))
async def index(r):
    return r.method


@app.get("/vary")
def vary(r):
    return "vary", 200, {"vary": ["Accept", "Cookie"]}


SHARED = web.Response("shared", 200, {"Vary": "Accept"})


@app.get("/shared")
def shared(r):
    return SHARED


@app.get("/star")
def star(r):
    return "star", {"Vary": "*"}


@app.get("/fault")
def fault(r):
    return 1 / 0


@app.get("/refused", before=web.basic(lambda name, password: False))
def refused(r):
    return "not reached"


@app.get("/pieces")
def pieces(r):
    yield "a"


@app.get("/cookie")
def cookie(r):
    response = web.Response(r.cookies.get("a", "none"))
    response.set_cookie("a", "1")
    return response


@app.sse("/events")
async def events(r, stream):
    await stream.send("event")


@app.route("/raw")
async def raw(r, w):
    w.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + r.cors + "\r\nok")


@app.websocket("/ws")
async def talk(r, ws):
    await ws.send("hello")


inner = web.App()


@inner.put("/x")
def inside(r):
    return "inside"


app.mount(inner, "/inner")
kind = sys.argv[2]
if kind == "cors":
    web.cors(app, [PAGE, "http://127.0.0.1:1"], ["Content-Type", "X-Token"], max_age=600)
elif kind == "every":
    web.cors(app, "*", headers=())
elif kind == "cookies":
    web.cors(app, sys.argv[3:], credentials=True)
else:
    web.protect(app, ("Board.local", "board"), [PAGE])


@app.get("/wrong")
def wrong(r):
    tries = {
        "str": lambda: web.cors(app, PAGE),
        "headers": lambda: web.cors(app, "*", "X-Token"),
        "credentials": lambda: web.cors(app, "*", credentials=True),
        "name": lambda: web.cors(app, "*", ["a\r\nb"]),
        "hosts": lambda: web.protect(app, "board.local"),
        "origins": lambda: web.protect(app, (), PAGE),
    }
    try:
        tries[r.args["what"]]()
    except (TypeError, ValueError) as e:
        return type(e).__name__


app.run()
