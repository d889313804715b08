# A page with a form, a WebSocket chat, and an event stream with a clock and the
# server's free memory:
#
#   micropython demo.py [PORT]
import asyncio
import gc
import sys
import time

import web

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>micropython-aioweb</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }
section { border: 1px solid #ccc; border-radius: 8px; padding: 0 1rem 1rem; margin: 1rem 0 }
#log { height: 8rem; overflow-y: auto; background: #f4f4f4; padding: .5rem; margin: .5rem 0 }
canvas { width: 100%; height: 6rem; background: #f4f4f4 }
input, button { font: inherit }
</style>
<h1>micropython-aioweb</h1>
<p>Served by MicroPython with the <b id="parser">@PARSER@</b> parser.</p>
<section><h2>Form</h2>
<form id="form"><label>Name <input name="name" id="name" required></label> <button>Greet</button></form>
<p id="greeting"></p></section>
<section><h2>Chat</h2>
<p>WebSocket: <span id="state">connecting</span></p><div id="log"></div>
<form id="chat"><input id="message" aria-label="Message" required> <button>Send</button></form></section>
<section><h2>Server</h2>
<p>Up <span id="uptime">-</span> s, <span id="free">-</span> bytes free</p>
<canvas id="plot" width="640" height="120"></canvas></section>
<script>
const $ = id => document.getElementById(id);
$('form').onsubmit = async e => {
  e.preventDefault();
  const body = new URLSearchParams(new FormData(e.target));
  const answer = await fetch('/greet', {method: 'POST', body});
  $('greeting').textContent = await answer.text();
};
const ws = new WebSocket('ws://' + location.host + '/chat');
ws.onopen = () => $('state').textContent = 'open';
ws.onclose = () => $('state').textContent = 'closed';
ws.onmessage = e => {
  const line = document.createElement('div');
  line.textContent = e.data;
  $('log').append(line);
  $('log').scrollTop = 1e9;
};
$('chat').onsubmit = e => {
  e.preventDefault();
  ws.send($('message').value);
  $('message').value = '';
};
const points = [];
new EventSource('/clock').onmessage = e => {
  const {uptime, free} = JSON.parse(e.data);
  $('uptime').textContent = uptime;
  $('free').textContent = free;
  points.push(free);
  if (points.length > 120) points.shift();
  const c = $('plot').getContext('2d'), least = Math.min(...points), most = Math.max(...points);
  c.clearRect(0, 0, 640, 120);
  c.beginPath();
  points.forEach((p, i) => c.lineTo(i * 640 / 119, 110 - 100 * (p - least) / (most - least || 1)));
  c.strokeStyle = '#06c';
  c.lineWidth = 2;
  c.stroke();
  $('plot').dataset.points = points.length;
};
</script>
"""

app = web.App(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
chatters = []


@app.get("/")
async def index(r):
    return PAGE.replace("@PARSER@", web.implementation)


@app.post("/greet")
async def greet(r):
    form = await r.form()
    text = "Hello {}!".format(form.get("name", "world"))
    return text, 200, {"Content-Type": "text/plain; charset=utf-8"}


@app.route("/chat")
async def chat(r, w):
    ws = await web.WebSocket.upgrade(r, w)
    chatters.append(ws)
    try:
        while True:
            event = await ws.recv()
            if event is None or event["type"] == "close":
                break
            if event["type"] == "text":
                await tell(event["data"])
    finally:
        chatters.remove(ws)


async def tell(text):
    for ws in list(chatters):
        try:
            await ws.send(text)
        except OSError:
            pass  # gone; its own handler takes it off the list


@app.route("/clock")
async def clock(r, w):
    events = await web.EventSource.upgrade(r, w)
    start = time.ticks_ms()
    while True:
        uptime = time.ticks_diff(time.ticks_ms(), start) // 1000
        await events.send('{{"uptime": {}, "free": {}}}'.format(uptime, gc.mem_free()))
        await asyncio.sleep(1)


print(
    "micropython-aioweb {}, {} parser: http://localhost:{}/ (Ctrl-C ends it)".format(
        web.__version__, web.implementation, app.port
    )
)
try:
    asyncio.run(app.serve())
except OSError as e:
    print("Can't listen on port {}: {}".format(app.port, e))
    sys.exit(1)
except KeyboardInterrupt:
    pass
