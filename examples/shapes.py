# An API that takes nothing but what it expects: anything else is 422, and says why.
import web

app = web.App(port=80, max_body=1024)
settings = {'target': 20.0, 'mode': 'heat', 'days': [0, 1, 2, 3, 4]}

SETTINGS = {
    'target?': (float, 5, 30),
    'mode?': ('heat', 'cool', 'off'),
    'days?': ([(int, 0, 6)], 0, 7),
    'name?': (str, 1, 20),
}

@app.get('/settings')
def get_settings(r):
    return settings

@app.patch('/settings')
async def change(r):
    settings.update(await r.json(SETTINGS))
    return settings

# numbers in the query: /history?hours=12
@app.get('/history')
def history(r):
    wanted = web.check(r.args, {'hours?': (int, 1, 48)})
    return {'hours': wanted.get('hours', 24), 'values': []}

app.run()
