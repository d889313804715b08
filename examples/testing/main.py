# A program for a board, as it may be tested on a computer: see test_main.py.
import web

app = web.App(port=80, max_body=1000)
session = web.Session(app, 'better-kept-in-a-file', login='/login')
readings = [21, 22]
room = web.Broadcast()

@app.get('/')
def index(r):
    return '<h1>{} readings</h1>'.format(len(readings))

@app.get('/readings/<int:n>')
def reading(r, n):
    if n >= len(readings):
        web.abort(404, {'error': 'no such reading'})
    return {'value': readings[n]}

@app.post('/readings', before=session.required)
async def add(r):
    value = (await r.json({'value': (int, -40, 125)}))['value']
    readings.append(value)
    room.send({'value': value})
    return {'count': len(readings)}, 201

@app.get('/login')
def page(r):
    return '<form method=post><input name=user><input name=password type=password></form>'

@app.post('/login')
async def sign_in(r):
    form = await r.form()
    if not web.same(form.get('password', ''), 'secret'):
        await web.failed(r)
        web.abort(403)
    r.session['user'] = form.get('user', '')
    return web.redirect('/', 303)

@app.get('/readings.csv')
def export(r):
    for value in readings:
        yield '{}\n'.format(value)

@app.post('/notes')
async def note(r):
    names = []
    async for part in r.parts():
        names.append(part.filename)
    return names

@app.sse('/events')
async def events(r, sse):
    await room.join(sse)

@app.websocket('/echo')
async def echo(r, ws):
    async for message in ws:
        await ws.send(message)

@app.get('/average')
def average(r):
    return {'average': sum(readings) / len(readings)}

# not when a test imports this
if __name__ == '__main__':
    app.run()
