# Updates of the page's own files, and of the firmware where that takes them.
import asyncio
import os
from hashlib import sha256

import web
from panel import facts, files

_MOST = 128 << 10  # bytes of a file of the page
_NEW = '.new'  # what a file's name ends with until all have come
_LEAVING_MS = 1000  # for the answer to leave before the restart


def _partition():
    # of the firmware to come; None where there is none
    try:
        from esp32 import Partition

        return Partition(Partition.RUNNING).get_next_update()
    except (ImportError, OSError):
        return None


def confirm():
    """The board serves: the next reset need not go back to the firmware before."""
    if _partition():
        from esp32 import Partition

        Partition.mark_app_valid_cancel_rollback()


def _machine():
    try:
        import machine

        return machine if hasattr(machine, 'reset') else None
    except ImportError:
        return None


async def _restart(machine):
    await asyncio.sleep_ms(_LEAVING_MS)
    machine.reset()


def add(private, own):
    """Add the routes to an App of what is for the owner; own is the page's folder."""
    # PUT /firmware takes an image; the guard before has seen to who sends it
    firmware = _partition() is not None
    if firmware:
        web.ota(private, path='/firmware', before=lambda r: None)

    @private.get('/board')
    def board(r):
        return {
            'facts': facts.facts(),
            'uptime': facts.uptime(),
            'firmware': firmware,
            'restart': _machine() is not None,
            'files': list(_names(own, '')),
        }

    def path_of(name):
        if name not in _names(own, ''):
            web.abort(404, {'error': 'the page has no file of that name'})
        return own + '/' + name

    # Each file lies beside the one that it replaces until all have come whole; then all of
    # them get their names.
    @private.put('/program/<path:name>', max_body=_MOST)
    async def put(r, name):
        path = path_of(name)
        digest = sha256()
        wanted = r.args.get('sha256', '').lower()

        def check():
            if digest.digest().hex() != wanted:
                web.abort(422, {'error': 'it has another SHA-256'})
            return True

        return {'size': await r.save(path + _NEW, hash=digest, check=check)}

    @private.post('/program', max_body=4096)
    async def replace(r):
        names = (await r.json({'files': [str]}))['files']
        paths = [path_of(name) for name in names]
        for path in paths:
            os.stat(path + _NEW)  # OSError: it has not come
        for path in paths:
            files.replace(path + _NEW, path)
        return {'files': len(paths)}

    @private.post('/restart')
    async def restart(r):
        machine = _machine()
        if not machine:
            web.abort(501, {'error': 'there is no board to restart'})
        asyncio.create_task(_restart(machine))
        return {'ok': True}


def _names(folder, prefix):
    """Yield the paths of the files in a folder."""
    for entry in os.ilistdir(folder):
        name = entry[0]
        if entry[1] & 0x4000:
            if not name.startswith(('.', '_')):
                yield from _names(folder + '/' + name, prefix + name + '/')
        elif not name.startswith('.') and not name.endswith((_NEW, '.part')):
            yield prefix + name
