# Takes a new firmware from whoever has the password, and tells what it got.
import binascii
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
PASSWORD = "Basic " + binascii.b2a_base64(b"admin:secret").decode().strip()
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


@app.before_request
def authenticate(r):
    if r.headers.get("authorization") != PASSWORD:
        return "", 401, {"WWW-Authenticate": 'Basic realm="Please login", charset="UTF-8"'}


@app.get("/")
def index(r):
    return PAGE


@app.put("/update", max_body=2 << 20)
async def update(r):
    received["size"] = await r.save("firmware.bin")
    return received


@app.get("/state")
def state(r):
    return received


app.run()
