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

session = web.Session(app, key, max_age=8 * 3600, login='/login')
users = {'ada': web.hash_password('secret')}  # rather have hashes in a file

PAGE = '''<form method=post>
<input name=user placeholder=Name> <input name=password type=password>
<button>Sign in</button></form>'''

@app.get('/login')
def page(r):
    return PAGE

@app.post('/login', before=web.paced)
async def login(r):
    form = await r.form()
    user = form.get('user', '')
    if not web.check_password(form.get('password', ''), users.get(user)):
        await web.failed(r)
        return PAGE, 403
    r.session = {'user': user}
    return web.redirect('/', 303)

@app.post('/logout')
def logout(r):
    r.session.clear()
    return web.redirect('/login', 303)

@app.get('/', before=session.required)
def index(r):
    return 'Hello {}! <form method=post action=/logout><button>Sign out</button></form>'.format(r.user)

@app.get('/link', before=session.required)
def link(r):
    return '/report?token=' + session.sign('report', 60)  # good for a minute, for anybody

@app.get('/report')
def report(r):
    if session.verify(r.args.get('token')) != 'report':
        web.abort(403)
    return 'a report'

web.protect(app, hosts=['board.local'])

app.run()
