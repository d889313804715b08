# Files for browsers: what is there, whether they have it already, and which field lines go
# with it (RFC 9110 8, 13.1.2). Paths are bytes: a new str is looked for among all names.
from os import stat

from micropython import const

import web
from web._codec import find_field
from web.conn import end_of_head

_FOLDER = const(0x4000)  # a bit of what os.stat() tells of a folder
_EXTENSION = const(12)  # most bytes of one that is looked for
_FIELDS = b"accept-encoding if-match if-none-match range"

types = {}  # Content-Types (bytes) by extension: those that were sent, and the program's


def _info(path):
    """Return what os.stat() does, None where nothing is."""
    try:
        return stat(path)
    except OSError:
        pass


def collect(r, path, fields):
    """Return what answers r with the file at path (bytes), or with the .gz beside it or
    instead of it: that, open, how many of its bytes from where it is, the status and, from
    the second on, the field lines (list of bytes); None where there is no file. From 300 on
    the file is None. fields (bytes) are further field lines. Raises OSError, and
    HTTPException(406).
    """
    found = []
    for name in _FIELDS.split():
        found.append(find_field(r._buf or r._conn.buf, r._head[5], r._end, name))
    codings, match, other, wanted = found
    if r._head[0] not in ("GET", "HEAD"):
        match = other = wanted = None
    if codings and (";" in codings or "gzip" not in codings):
        codings = web.conditions.accept(codings)
    beside = path + b".gz"
    packed = coded = codings and _info(beside)
    info = packed or _info(path)
    if not (info or codings):
        info = packed = _info(beside)
    if not info or info[0] & _FOLDER:
        return None
    size = info[6]
    stamp = info[8]
    status = 200
    start = 0
    file = None
    tag = part = kind = coding = b""
    if packed or not stamp:
        file, size, stamp = web.packed.unpack(beside if packed else path, size, packed, coded)
    end = size
    if stamp:
        tag = (b'ETag: "z%x-%x"\r\n' if coded else b'ETag: "%x-%x"\r\n') % (stamp, size)
    # RFC 9110 13.2.2
    if packed and not coded:
        wanted = None  # it is inflated
    if match or wanted:
        status, part, start, end = web.conditions.update(r, match, wanted, tag, size)
    if other and tag and status != 412 and (other == "*" or tag[6:-2].decode() in other):
        status = 304
        part = b""
    if status < 300:
        extension = path[path.rfind(b".") + 1 :].lower()
        if b"/" in extension or len(extension) > _EXTENSION:
            extension = b""  # it has none
        if extension not in types:
            types[extension] = web.mime.match(extension)
        kind = b"Content-Type: %s\r\nContent-Length: %d\r\n" % (types[extension], end - start)
        if coded:
            coding = b"Content-Encoding: gzip\r\n"
        if file is None:
            file = open(path, "rb")
        if start:
            file.seek(start)
    elif file:
        file.close()
        file = None
    lines = [b"", b"Vary: Accept-Encoding\r\n", fields, tag, part, kind, coding]
    return file, end - start, status, lines


def folder(root, index, fallback, fields):
    """Return the handler of what is under a prefix, for app.static(). All is bytes, but index
    and fallback None where there is none; root ends with a slash."""

    def static(r, name=None):  # as the console calls it
        path = root + name.encode() if name else root
        # names that begin with a dot lead elsewhere or are hidden, empty ones to the root
        for bad in (b"/.", b"//", b"\\", b"\0"):
            if path.find(bad, len(root) - 1) >= 0:
                web.abort(404)
        found = None
        if name is not None:
            if path[-1:] != b"/":
                found = collect(r, path, fields)
            elif index:
                found = collect(r, path + index, fields)
        if not found:
            if name and not fallback and not _info(path):
                web.abort(404)
            path = web.elsewhere.map(r, name, path, fallback)
            found = collect(r, path, fields) or web.abort(404)
        file, n, status, lines = found
        conn = r._conn
        if conn.server.hooked or status != 200 and status != 304:
            return web.elsewhere.response(found)
        # what most files need no other room for
        lines[0] = b"HTTP/1.1 200 OK\r\n" if file else b"HTTP/1.1 304 Not Modified\r\n"
        lines.append(end_of_head(conn, r))
        if file and r._head[0] == "HEAD":
            file.close()
            file = None
        return web.transfer.send(conn, b"".join(lines), file, file and n)

    return static
