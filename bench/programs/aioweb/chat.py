# Who has logged in may talk to all others.
import binascii
import os
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
room = web.Broadcast()
sessions = {}
LOGIN = (
    '<form method="post"><input name="name"><input name="password"><button>Log in</button></form>'
)
PAGE = '<div id="log"></div><input id="message"><script src="/chat.js"></script>'


def user(r):
    return sessions.get(r.cookies.get("session"))


@app.get("/login")
def login_page(r):
    return LOGIN


@app.post("/login")
async def login(r):
    form = await r.form()
    if form["password"] != "secret":
        return LOGIN, 401
    session = binascii.hexlify(os.urandom(8)).decode()
    sessions[session] = form["name"]
    response = web.redirect("/", 303)
    response.set_cookie("session", session, http_only=True)
    return response


@app.post("/logout")
def logout(r):
    sessions.pop(r.cookies.get("session"), None)
    response = web.redirect("/login", 303)
    response.delete_cookie("session")
    return response


@app.get("/")
def index(r):
    if not user(r):
        return web.redirect("/login", 303)
    return PAGE


@app.websocket("/chat")
async def chat(r, ws):
    name = user(r)
    room.join(ws)
    async for message in ws:
        room.send(name + ": " + message)


@app.before_request
def check(r):
    if r.path == "/chat" and not user(r):
        web.abort(401)


app.run()
