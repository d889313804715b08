# Who has logged in may talk to all others.
import binascii
import os
import sys

from microdot import Microdot, abort, redirect
from microdot.websocket import websocket_upgrade

app = Microdot()
clients = set()
sessions = {}
LOGIN = (
    '<form method="post"><input name="name"><input name="password"><button>Log in</button></form>'
)
PAGE = '<div id="log"></div><input id="message"><script src="/chat.js"></script>'
HTML = {"Content-Type": "text/html"}


def user(request):
    return sessions.get(request.cookies.get("session"))


@app.get("/login")
async def login_page(request):
    return LOGIN, HTML


@app.post("/login")
async def login(request):
    if request.form["password"] != "secret":
        return LOGIN, 401, HTML
    session = binascii.hexlify(os.urandom(8)).decode()
    sessions[session] = request.form["name"]
    response = redirect("/", 303)
    response.set_cookie("session", session, http_only=True)
    return response


@app.post("/logout")
async def logout(request):
    sessions.pop(request.cookies.get("session"), None)
    response = redirect("/login", 303)
    response.delete_cookie("session")
    return response


@app.get("/")
async def index(request):
    if not user(request):
        return redirect("/login", 303)
    return PAGE, HTML


@app.get("/chat")
async def chat(request):
    name = user(request)
    if not name:
        abort(401)
    ws = await websocket_upgrade(request)
    clients.add(ws)
    try:
        while True:
            message = await ws.receive()
            for client in list(clients):
                try:
                    await client.send(name + ": " + message)
                except OSError:
                    clients.discard(client)
    except Exception:
        pass  # the client is gone
    finally:
        clients.discard(ws)
    return ""


app.run("127.0.0.1", int(sys.argv[1]))
