import web

app = web.App(port=80)
leds = {}

@app.get('/')
async def index(r):
    return '<h1>{} LEDs</h1>'.format(len(leds))

@app.get('/leds')
def list_leds(r):
    return [{'led': led, 'on': on} for led, on in leds.items()]

@app.put('/leds/<int:led>')
async def set_led(r, led):
    created = led not in leds
    leds[led] = bool((await r.json())['on'])
    return {'led': led, 'on': leds[led]}, 201 if created else 200

@app.get('/leds/<int:led>')
def get_led(r, led):
    if led not in leds:
        web.abort(404, {'error': 'no such LED'})
    return {'led': led, 'on': leds[led]}

@app.delete('/leds/<int:led>')
def delete_led(r, led):
    leds.pop(led, None)

@app.before_request
def authorize(r):
    if r.method != 'GET' and not web.same(r.headers.get('authorization'), 'Bearer secret'):
        return {'error': 'not authorized'}, 401

@app.after_request
def keep_fresh(r, response):
    response.headers['Cache-Control'] = 'no-store'

@app.errorhandler(KeyError)
def missing_key(r, e):
    return {'error': 'missing ' + str(e)}, 400

# pages of other origins may use it as well: their preflights are answered before
web.cors(app, '*', headers=['Authorization', 'Content-Type'])

app.run()
