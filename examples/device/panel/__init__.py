# A page that shows and manages a board. A program that has it:
#
#   panel.add(app, folder)   adds the page to an App
#   panel.plot(...)          has it plot something more
#   await panel.run()        measures, once a second, as long as the program runs
import os

import web
from panel import files, live, signin, updates
from panel.facts import hosts, on_board
from panel.live import plot, run

# What the page may load and do: nothing of elsewhere, and no script that is not a file.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add(app, folder='/'):
    """Have app serve the page at /, to who knows the password, which is chosen when the page
    is opened for the first time.

    folder  str, what the page's files are: it is made if there is none. The hash of the
            password and the key of the sessions are in it as well, as hidden files.
    """
    folder = _absolute(folder)
    if folder and not files.kind(folder):
        os.mkdir(folder)
    own = _absolute(__file__.rsplit('/', 1)[0])
    www = own + '/www'

    page = web.App()
    page.after_request(_fields)
    owner = signin.add(page, folder, www)
    page.static('/static', www)

    @page.get('/')
    def index(r):
        if not owner.known(r):
            return web.redirect('/login', 303)
        return web.send_file(r, www + '/index.html', max_age=0)

    # what is added to this App is behind its guard, whatever it is
    private = web.App()
    signin.add_private(private, owner, live.disconnect)
    live.add(private, app)
    files.add(private, folder, (own, _absolute(web.__file__.rsplit('/', 1)[0])))
    updates.add(private, own)
    page.mount(private, before=owner.required)
    app.mount(page)
    app.before_request(live.count)


def _absolute(path):
    # which a program that changes its folder finds as well; '' is all of a board
    if not path.startswith('/'):
        path = os.getcwd() + '/' + path
    return ''.join(['/' + name for name in path.split('/') if name not in ('', '.')])


def _fields(r, response):
    response.headers['Content-Security-Policy'] = _POLICY
    response.headers['X-Content-Type-Options'] = 'nosniff'
    response.headers['Referrer-Policy'] = 'same-origin'
