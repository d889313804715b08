# The files of a folder, and what a page may do with them.
import os
import time

import web
from json import dumps
from panel import facts

_MOST = 64 << 20  # bytes of a file that is sent
_FOLDER = 0x4000  # a bit of what os.stat() tells
# what the errors of a file system are to a client: status, and why
_ERRORS = {
    2: (404, 'there is none'),
    13: (409, 'it is not empty, or in use'),
    17: (409, 'there is one of that name'),
    20: (404, 'a part of its path is a file'),
    21: (409, 'it is a folder'),
    22: (400, 'the file system takes no such name'),
    28: (507, 'there is no space left'),
    30: (403, 'the file system is read-only'),
    36: (400, 'the name is too long'),
    39: (409, 'the folder is not empty'),
}
# from the epoch of browsers to that of the board
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0


def kind(path):
    """Return 'folder', 'file', or None where there is nothing."""
    try:
        return 'folder' if os.stat(path or '/')[0] & _FOLDER else 'file'
    except OSError:
        return None


def replace(new, path):
    """Give a file the name of another one, whose place it takes."""
    try:
        os.rename(new, path)
    except OSError:  # FAT has no renaming over a file
        os.remove(path)
        os.rename(new, path)


class Folder:
    """Where files are of which clients send the paths."""

    def __init__(self, path, own):
        self.path = path  # str, without the slash at its end
        # paths that no client may change, as they are what serves it. FAT takes no notice of
        # capital letters.
        self._own = [each.lower() for each in own]

    def find(self, name):
        """Return the path of what a client names. No name leads out of the folder, nor to
        what is hidden: the password and the key."""
        full = '/' + name
        for bad in ('/.', '//', '\\', '\0'):
            if bad in full or full.endswith('/'):
                web.abort(404, {'error': 'there is none'})
        return self.path + full

    def is_own(self, path):
        # itself, what is in it, and what it is in
        path = path.lower() + '/'
        for own in self._own:
            if path.startswith(own + '/') or (own + '/').startswith(path):
                return True
        return False

    def change(self, name):
        """The same for what is to be changed."""
        path = self.find(name)
        if self.is_own(path):
            web.abort(403, {'error': 'it belongs to this page: see Board'})
        return path

    def make(self, name):
        """The same for a name that is new, perhaps."""
        path = self.change(name)
        data = name.encode()  # each character of a str would stay in memory
        if min(data) < 32 or 127 in data:
            web.abort(400, {'error': 'no control characters in names'})
        return path

    def listing(self, path):
        """Yield the pieces (bytes) of a JSON text: [free, total, [name, is folder, size,
        seconds since 1970, is own]...]. The list is never in memory."""
        entries = os.ilistdir(path or '/')
        yield b'[%d,%d' % facts.space(path)
        for entry in entries:
            name = entry[0]
            if name.startswith('.'):
                continue
            full = path + '/' + name
            try:
                info = os.stat(full)
            except OSError:
                continue  # a link to nowhere, or gone meanwhile
            folder = bool(info[0] & _FOLDER)
            shown = [name, folder, info[6], info[8] + _EPOCH, self.is_own(full)]
            yield b',' + dumps(shown).encode()
        yield b']'


def add(private, folder, own):
    """Add the routes to an App of what is for the owner. own has the folders (tuple of str)
    that stay as they are."""
    folder = Folder(folder, own)

    @private.errorhandler(OSError)
    def failed(r, e):
        status, why = _ERRORS.get(e.errno, (500, 'the file system says ' + str(e)))
        return {'error': why}, status

    @private.get('/list')
    def listing(r):
        name = r.args.get('path', '')
        path = folder.find(name) if name else folder.path
        if kind(path) != 'folder':
            web.abort(404, {'error': 'there is no such folder'})
        return web.Response(folder.listing(path), type='application/json')

    @private.get('/files/<path:name>')
    def get(r, name):
        path = folder.find(name)
        if kind(path) != 'file':
            web.abort(404, {'error': 'there is none'})
        # not web.send_file(), which would send a .gz that is beside it
        fields = {'Content-Disposition': 'attachment', 'Cache-Control': 'no-store'}
        return web.Response(open(path, 'rb'), headers=fields)

    @private.put('/files/<path:name>', max_body=_MOST)
    async def put(r, name):
        path = folder.make(name)
        if kind(path) == 'folder':
            web.abort(409, {'error': 'it is a folder'})
        if r.length and r.length > facts.space(folder.path)[0]:
            web.abort(507, {'error': 'there is no space left'})
        return {'size': await r.save(path)}, 201

    @private.delete('/files/<path:name>')
    def delete(r, name):
        path = folder.change(name)
        (os.rmdir if kind(path) == 'folder' else os.remove)(path)

    @private.post('/folders/<path:name>')
    def make_folder(r, name):
        os.mkdir(folder.make(name))
        return {'name': name}, 201

    @private.post('/move/<path:name>', max_body=2048)
    async def move(r, name):
        to = (await r.json({'to': str}))['to']
        path = folder.change(name)
        new = folder.make(to)
        if kind(new):
            web.abort(409, {'error': 'there is one of that name'})
        os.rename(path, new)
        return {'name': to}
