# Signing in by one password, the owner's.
import os

import web
from panel import files

_LEAST = 8  # characters of a password
_DAYS = 30  # that a session lasts
_REPEAT = (
    '<label>Once more <input type="password" name="repeat" required minlength="8"'
    ' autocomplete="new-password"></label>'
)


class Owner:
    """Who knows the password. Its hash is in a file; what else that file has, written by hand
    before the first start, is the password itself."""

    def __init__(self, path):
        self.path = path
        self.hashed = ''
        try:
            with open(path) as file:
                self.hashed = file.read().strip()
        except OSError:
            pass
        if self.hashed and not self.hashed.startswith('pbkdf2_sha256$'):
            self.change(self.hashed)

    def change(self, password):
        self.hashed = web.hash_password(password)
        # a power failure leaves the old one or the new one
        with open(self.path + '.new', 'w') as file:
            file.write(self.hashed)
        files.replace(self.path + '.new', self.path)

    def sign_in(self, r):
        # the salt tells of which password the session is: a new one ends the others
        r.session = {'user': self.hashed.split('$')[2]}

    def known(self, r):
        return self.hashed and r.session.get('user') == self.hashed.split('$')[2]

    def required(self, r):
        """A guard, see App.get()."""
        if not self.known(r):
            web.abort(403, {'error': 'sign in'})


def _key(path):
    # made at the first start: with another one at each, sessions would end then
    try:
        with open(path, 'rb') as file:
            key = file.read()
        if len(key) == 32:
            return key
    except OSError:
        pass
    key = os.urandom(32)
    with open(path, 'wb') as file:
        file.write(key)
    return key


def add(page, folder, www):
    """Add the sign-in to an App, and return the Owner, of whom `known` and `required` can be
    asked."""
    web.Session(page, _key(folder + '/.session.key'), max_age=_DAYS * 86400)
    owner = Owner(folder + '/.password')

    def form(status=200, message=''):
        first = not owner.hashed
        values = {
            'title': 'Choose a password' if first else 'Sign in',
            'hint': 'It is asked for from now on, here and on every device.' if first else '',
            'message': message,
            'autocomplete': 'new-password' if first else 'current-password',
            'repeat': _REPEAT if first else '',
            'button': 'Save and go on' if first else 'Sign in',
        }
        page = web.render(www + '/login.html', values)
        return page, status, {'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store'}

    @page.get('/login')
    def show(r):
        return web.redirect('/', 303) if owner.known(r) else form()

    @page.post('/login', before=web.paced, max_body=1024)
    async def sign_in(r):
        given = await r.form()
        password = given.get('password', '')
        if owner.hashed:
            if not web.check_password(password, owner.hashed):
                await web.failed(r)
                return form(403, 'That is not the password.')
        elif len(password) < _LEAST:
            return form(422, 'Take {} characters at least.'.format(_LEAST))
        elif password != given.get('repeat'):
            return form(422, 'The two are not the same.')
        else:
            owner.change(password)
        owner.sign_in(r)
        return web.redirect('/', 303)

    @page.post('/logout')
    def sign_out(r):
        r.session.clear()
        return web.redirect('/login', 303)

    @page.errorhandler(429)
    def too_soon(r):
        if r.path == '/login':
            return form(429, 'One try a second: wait a moment.')
        return {'error': 'one try a second: wait a moment'}, 429

    return owner


def add_private(private, owner, changed):
    """Add what is for who is signed in. changed() is called when the password is another."""

    @private.post('/password', before=web.paced, max_body=1024)
    async def change(r):
        given = await r.json({'old': str, 'new': str})
        if not web.check_password(given['old'], owner.hashed):
            await web.failed(r)
            web.abort(422, {'error': 'that is not the password'})
        if len(given['new']) < _LEAST:
            web.abort(422, {'error': 'take {} characters at least'.format(_LEAST)})
        owner.change(given['new'])
        changed()
        owner.sign_in(r)
        return {'ok': True}
