# A counter for each visitor: the session is in a cookie that only this board can sign.
import os
import web

app = web.App(port=80)

# made at the first start: without it sessions would end at each
try:
    with open('session.key', 'rb') as file:
        key = file.read()
except OSError:
    key = os.urandom(32)
    with open('session.key', 'wb') as file:
        file.write(key)

session = web.Session(app, key, max_age=30 * 86400)
web.protect(app, hosts=['board.local'])

@app.get('/')
def index(r):
    return '''<p>You have clicked {} times.</p>
<form method=post action=/count><button>Once more</button></form>'''.format(
        r.session.get('count', 0))

@app.post('/count')
def count(r):
    r.session['count'] = r.session.get('count', 0) + 1
    return web.redirect('/', 303)

app.run()
