# Pages for errors: HTML for people, JSON under /api, and the console for you.
import web

app = web.App(port=80)

def page(title, text):
    return '<!doctype html><meta charset=utf-8><title>{0}</title><h1>{0}</h1><p>{1}</p>'.format(
        title, text)

@app.get('/')
def index(r):
    return '<a href=/lost>A page that is not there</a>'

@app.errorhandler(404)
def not_found(r):
    if r.path.startswith('/api/'):
        return {'error': 'not found'}, 404
    # what a client sent must be escaped
    return page('Not found', 'There is no ' + web.escape(r.path)), 404

@app.errorhandler(500)
def fault(r):
    return page('Sorry', 'Something went wrong. Try again later.'), 500

class Offline(Exception):
    pass

@app.errorhandler(Offline)
def offline(r, e):
    return {'error': 'the sensor is offline'}, 503, {'Retry-After': '30'}

@app.get('/api/sensor')
def sensor(r):
    raise Offline

@app.get('/fault')
def broken(r):
    raise RuntimeError('this is for the console')

app.run()
