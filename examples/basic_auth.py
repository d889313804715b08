# A part of the site behind a password: the browser asks for it.
import web

# to make another one: print(web.hash_password('secret'))
USERS = {
    'ada': 'pbkdf2_sha256$1000$aWhhdmVub3NhbHQ$jrQyHVFfy5jKATvWmv29zSjfAomyQ39poIa56WFRw+Q='
}

def check(name, password):
    return web.check_password(password, USERS.get(name))

app = web.App(port=80)
admin = web.App()
restarts = []

@app.get('/')
def index(r):
    return '<a href=/admin/>For Ada</a>'

@admin.get('/')
def start(r):
    return 'Hello {}! <form method=post action=/admin/restart><button>Restart</button></form>'.format(
        web.escape(r.user))

@admin.post('/restart')
def restart(r):
    restarts.append(r.user)
    return 'restarted {} times'.format(len(restarts))

web.protect(app, hosts=['board.local'])  # the browser would send the password for any page
app.mount(admin, '/admin', before=web.basic(check))

app.run()
