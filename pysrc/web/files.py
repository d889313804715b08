# Files for browsers: types, gzip, validators and ranges (RFC 9110 8, 12.5.3, 13, 14).
from os import stat

from micropython import const

import web
from web._codec import find_field
from web.conn import SENT, end_of_head

_FOLDER = const(0x4000)  # a bit of what os.stat() tells of a folder

# "ext=subtype ", after the type that they have in common; without one it is the extension.
_TYPES = (
    b"text/ html= css= csv= xml= js=javascript mjs=javascript txt=plain htm=html md=markdown"
    b" image/ png= gif= webp= avif= jpeg= jpg=jpeg ico=x-icon svg=svg+xml"
    b" font/ woff2= woff= ttf= application/ json= pdf= wasm= map=json gz=gzip"
    b" webmanifest=manifest+json audio/ wav= mp3=mpeg video/ mp4= webm= "
)


def _type_of(path):
    # of bytes, for a new str is looked for among all names
    name = b" " + path[path.rfind(".") + 1 :].lower().encode() + b"="
    i = _TYPES.find(name)
    if i < 0:
        return "application/octet-stream"
    slash = _TYPES.rfind(b"/", 0, i)
    kind = _TYPES[_TYPES.rfind(b" ", 0, slash) + 1 : slash + 1]
    i += len(name)
    kind += _TYPES[i : _TYPES.find(b" ", i)] or name[1:-1]
    if kind[0] == 116:  # text
        kind += b"; charset=utf-8"
    return kind.decode()


def _stat(path):
    # None where nothing is
    try:
        return stat(path)
    except OSError:
        return None


def _takes_gzip(accepted):
    # RFC 9110 12.5.3
    accepted = (accepted or "").lower()
    takes = "gzip" in accepted or "*" in accepted
    if ";" not in accepted:
        return takes
    takes = False
    for item in accepted.replace(" ", "").replace("\t", "").split(","):
        coding, _, weight = item.partition(";q=")
        if coding in ("gzip", "x-gzip", "*"):
            takes = not weight or weight.strip("0.") != ""
            if coding != "*":
                break
    return takes


def _range(wanted, size):
    """Return the start and the end of the bytes that a Range field wants (RFC 9110 14.2),
    None when it is to be ignored; the start is not below size when they are not there."""
    unit, _, wanted = (wanted or "").partition("=")
    first, dash, last = wanted.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not (first + last).isdigit():
        return None  # several ranges, too
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    end = size
    if last:
        end = min(size, int(last) + 1)
        if int(last) < start:
            return None
    return start, end


def _field(r, name):
    # without the rooms of r.headers
    return find_field(r._buf or r._conn.buf, r._head[5], r._end, name)


def _find(r, path, kind, max_age):
    """Return what answers r with a file, or the .gz beside it or instead of it: that, open,
    how many of its bytes from where it is, the status, and the header fields (dict); None
    where there is no file."""
    gzip = _takes_gzip(_field(r, "accept-encoding"))
    beside = path + ".gz"
    packed = coded = gzip and _stat(beside)
    info = coded or _stat(path)
    if not (info or gzip):
        info = packed = _stat(beside)
    if not info or info[0] & _FOLDER:
        return None
    fields = {"Vary": "Accept-Encoding"}
    if max_age is not None:
        fields["Cache-Control"] = "max-age={}".format(max_age)
    start = 0
    size = end = info[6]
    stamp = info[8]
    status = 200
    get = r.method == "GET"
    file = open(beside if packed else path, "rb")
    try:
        if packed or not stamp:
            stamp, length = _checksum(file, packed)
            if packed and not coded:
                size = end = length
        if stamp and (get or r.method == "HEAD"):
            # RFC 9110 13.2.2; a tag has both its quotes, so lists are searched as they are
            tag = fields["ETag"] = '"{}{:x}-{:x}"'.format("z" if coded else "", stamp, size)
            match = _field(r, "if-match") or "*"
            other = _field(r, "if-none-match")
            if match != "*" and (tag not in match or "W/" + tag in match):
                status = 412
            elif other and (other == "*" or tag in other):
                status = 304
        if status == 200 and packed and not coded:
            file = _inflating(file, size)
        elif status == 200 and get:
            found = _range(_field(r, "range"), size)
            if found and _field(r, "if-range") in (None, fields.get("ETag")):
                status = 206
                start, end = found
                fields["Content-Range"] = "bytes {}-{}/{}".format(start, end - 1, size)
                if start >= size:
                    status = 416
                    fields["Content-Range"] = "bytes */{}".format(size)
                file.seek(start)
        if status < 300:
            fields["Content-Type"] = kind
            fields["Content-Length"] = end - start
            if coded:
                fields["Content-Encoding"] = "gzip"
    except BaseException:
        file.close()
        raise
    return file, end - start, status, fields


def _checksum(file, packed):
    """Return a checksum of what is packed, which lasts without a clock, and its size (RFC 1952
    2.3.1); or that of a file of ROMFS, which has no times, but lends its bytes; else 0."""
    try:
        if packed:
            from struct import unpack

            file.seek(-8, 2)
            end = unpack("<II", file.read(8))
            file.seek(0)
            return end
        from binascii import crc32

        return crc32(memoryview(file)), 0
    except (ImportError, TypeError):
        return 0, 0


def _inflating(file, size):
    try:
        from deflate import GZIP, DeflateIO
    except ImportError:
        web.abort(406)
    # no window need be larger than what comes out of it
    bits = 8
    while bits < 15 and 1 << bits < size:
        bits += 1
    return DeflateIO(file, GZIP, bits, True)


def send_file(r, path, type=None, max_age=None, download=None):
    """Return the Response to r with a file's content. path must not come from the client
    unchecked: see App.static().

    type      str, its Content-Type, if not to follow from the name
    max_age   seconds for which it may be kept without asking; None says nothing of it
    download  str, the name to save it by, for a browser that is not to show it

    Where a client takes gzip the file of that name with .gz is sent; it is inflated where
    there is no other one. If-Match, If-None-Match, Range and If-Range are heard
    (RFC 9110 13, 14). Raises HTTPException(404) when there is no such file, OSError.
    """
    found = _find(r, path, type or _type_of(path), max_age)
    if not found:
        web.abort(404)
    response = _response(found)
    if download:
        plain = '"' not in download and "\\" not in download
        plain = plain and len(download.encode()) == len(download)
        response.headers["Content-Disposition"] = "attachment; filename" + (
            '="' + download + '"' if plain else "*=UTF-8''" + web.quoting.quote(download, "")
        )  # RFC 6266 4.1
    return response


def _response(found):
    file, _, status, fields = found
    if status >= 300:
        file.close()
        file = None
    return web.Response(file, status, fields)


async def _answer(r, file, n, status, fields):
    # what most responses are needs no other room
    conn = r._conn
    head = bytearray(b"HTTP/1.1 200 OK" if status == 200 else b"HTTP/1.1 304 Not Modified")
    for name, value in fields.items():
        for part in ("\r\n", name, ": ", str(value)):
            head.extend(part)
    head.extend("\r\n")
    head.extend(end_of_head(conn, r))
    if status == 304 or r.method == "HEAD":
        n = 0
    await web.transfer.send(conn, head, file, n)
    conn.sent = False
    return SENT


def static(
    app, prefix, folder, index="index.html", fallback=None, max_age=0, types=None, before=None
):
    """Have GET and HEAD of what is under prefix answered with the files of a folder, as
    web.send_file() does.

    index     the file that stands for a folder; None for none
    fallback  the file for paths of which there is none, if their last segment has no dot:
              those of a program in the browser
    max_age   seconds for which a browser may keep them without asking
    types     dict of Content-Types by extension, beside those that are known
    before    a guard, or several, see App.get()

    Paths with backslashes, and with names that are empty or begin with a dot, are 404.
    """
    root = (folder or ".").rstrip("/")

    def respond(r, name):
        kind = types and types.get(name[name.rfind(".") + 1 :])
        found = _find(r, root + name, kind or _type_of(name), max_age)
        if found and found[2] in (200, 304) and not r._conn.server.hooked:
            return _answer(r, *found)
        return found and _response(found)

    def serve(r, name=None):
        full = "/" + (name or "")
        # names that begin with a dot lead elsewhere or are hidden, empty ones to the root
        for bad in ("/.", "//", "\\", "\0"):
            if bad in full:
                web.abort(404)
        last = full[full.rfind("/") + 1 :]
        response = info = None
        if name is not None and (last or index):
            response = respond(r, full if last else full + index)
        if not response:
            info = last and _stat(root + full)
        if name is None or info and info[0] & _FOLDER:
            location = r.target.split("?")[0].split("/")[-1]
            query = "?" + r.query if r.query else ""
            return web.redirect("./" + location + "/" + query, 301)
        if not response and fallback and "." not in last:
            response = respond(r, "/" + fallback)
        return response or web.abort(404)

    apps = (app,) if before is None else (app, web.guards.Guards(before))
    entry = (serve, None, None, ())
    prefix = prefix.rstrip("/")
    web.setup.add(apps, prefix + "/<path:name>", "GET", entry)
    if prefix:
        web.setup.add(apps, prefix, "GET", entry)
