# JSON lines both ways: one value a line, however many there are.
import json
import web

app = web.App(port=80)
MOST = 100  # values that are kept
values = []

@app.post('/lines')
async def receive(r):
    count = 0
    while True:
        line = await r.readline()
        if not line:
            break
        try:
            value = json.loads(line)
        except ValueError:
            web.abort(400, {'error': 'line {} is no JSON'.format(count + 1)})
        count += 1
        values.append(web.check(value, {'name': (str, 1, 20), 'value': float}))
        del values[:-MOST]
    return {'received': count}

@app.get('/lines')
def send(r):
    def lines():
        for value in list(values):
            yield json.dumps(value) + '\n'
    return web.Response(lines(), type='application/jsonl')

app.run()
