# What answers for app.static() where no file is, and where a program may change what does.
from os import stat

from micropython import const

import web

_FOLDER = const(0x4000)  # a bit of what os.stat() tells of a folder


def map(r, name, path, fallback):
    """Return the path of the file that is sent instead of the one at path (bytes). Raises
    HTTPException: with 301 for a folder, 404 where there is none."""
    last = path[path.rfind(b"/") + 1 :]
    try:
        found = last and stat(path)[0] & _FOLDER
    except OSError:
        found = False
    if name is None or found:
        location = r.target.split("?")[0].split("/")[-1]
        query = "?" + r.query if r.query else ""
        response = web.redirect("./" + location + "/" + query, 301)
        web.abort(301, response.body, response.headers)
    return web.abort(404) if b"." in last or not fallback else fallback


def response(found):
    """Return the Response of what web.files.collect() found."""
    file, _, status, lines = found
    fields = {}
    for line in b"".join(lines).decode().split("\r\n")[:-1]:
        name, _, value = line.partition(": ")
        fields[name] = value
    return web.Response(file, status, fields)
