# Takes a new firmware from whoever has the password, and tells what it got.
import sys

from microdot import Microdot, Request
from microdot.auth import BasicAuth

Request.max_content_length = 2 << 20

app = Microdot()
auth = BasicAuth()
PAGE = """<!doctype html>
<title>Update</title>
<input type="file" id="file"><button id="send">Send</button><p id="state"></p>
<script>
const $ = id => document.getElementById(id);
$('send').onclick = async () => {
  const answer = await fetch('/update', {method: 'PUT', body: $('file').files[0]});
  $('state').textContent = JSON.stringify(await answer.json());
};
</script>
"""
received = {"size": 0}


@auth.authenticate
async def check(request, user, password):
    return user if user == "admin" and password == "secret" else None


@app.get("/")
@auth
async def index(request):
    return PAGE, {"Content-Type": "text/html"}


@app.put("/update")
@auth
async def update(request):
    left = request.content_length
    with open("firmware.bin", "wb") as file:
        while left > 0:
            piece = await request.stream.read(min(left, 1024))
            file.write(piece)
            left -= len(piece)
    received["size"] = request.content_length
    return received


@app.get("/state")
@auth
async def state(request):
    return received


app.run("127.0.0.1", int(sys.argv[1]))
