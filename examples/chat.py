# A chat: what one browser sends, all of them get.
import json
import web

app = web.App(port=80)
web.protect(app, hosts=['board.local'])  # WebSockets of other sites' pages are refused
room = web.Broadcast()
SHAPE = {'name': (str, 1, 20), 'text': (str, 1, 200)}

@app.get('/')
def index(r):
    return PAGE

@app.websocket('/chat', ping_interval=20, max_message=1024)
async def chat(r, ws):
    room.join(ws)
    async for message in ws:
        try:
            room.send(web.check(json.loads(message), SHAPE))
        except web.HTTPException as e:
            await ws.send(e.body)  # {"error": ...}, to this one alone
        except ValueError:
            await ws.send({'error': 'send JSON'})

# textContent shows text as text, whatever is in it
PAGE = '''<!doctype html><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>Chat</title>
<div id=log></div>
<form id=form><input id=name placeholder=Name maxlength=20 required>
<input id=text placeholder=Message maxlength=200 required><button>Send</button></form>
<script>
const id = x => document.getElementById(x);
const ws = new WebSocket(location.origin.replace('http', 'ws') + '/chat');
ws.onmessage = e => {
  const {name, text, error} = JSON.parse(e.data);
  const line = document.createElement('p');
  line.textContent = error || name + ': ' + text;
  id('log').append(line);
};
id('form').onsubmit = e => {
  e.preventDefault();
  ws.send(JSON.stringify({name: id('name').value, text: id('text').value}));
  id('text').value = '';
};
</script>'''

app.run()
