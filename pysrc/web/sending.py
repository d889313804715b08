# What a client of web.testing sends: heads, forms, files.
import os
from asyncio import create_task

from micropython import const

import web
from web.conn import encoded as json_or_text
from web.conn import octets

_AT_ONCE = const(1024)  # bytes of a body that is sent with its head


def pairs(headers):
    """Return the field lines, pairs of str, of a dict, with a list for several of one name."""
    found = []
    for name, value in (headers or {}).items():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            found.append((name, str(each)))
    return found


def encoded(headers, body, json, form, files):
    """Return the field lines, pairs of str, and the body, bytes-like or an iterable, of what
    Client.request() is given. Raises ValueError for more than one kind of body."""
    fields = pairs(headers)
    if (body is not None) + (json is not None) + bool(form or files) > 1:
        raise ValueError("a request has one body: body, json, or form and files")
    kind = None
    if json is not None:
        kind, body = "application/json", _json(json)
    elif files:
        kind, body = _multipart(form, files)
    elif form is not None:
        kind, body = "application/x-www-form-urlencoded", web.urlencode(form).encode()
    elif isinstance(body, str):
        kind, body = "text/plain; charset=utf-8", body.encode()
    known = [name.lower() for name, _ in fields]
    if kind and "content-type" not in known:
        fields.append(("Content-Type", kind))
    if body is None:
        return fields, b""
    if "content-length" not in known and "transfer-encoding" not in known:
        if hasattr(body, "decode") or isinstance(body, memoryview):
            fields.append(("Content-Length", str(len(body))))
        else:
            fields.append(("Transfer-Encoding", "chunked"))
    return fields, body


def without_body(fields):
    """Return the field lines of a request that had a body and has none any more."""
    return [
        (n, v)
        for n, v in fields
        if n.lower() not in ("transfer-encoding", "expect") and not n.lower().startswith("content-")
    ]


def _json(value):
    if isinstance(value, (dict, list)):
        return json_or_text(value)[1]
    from json import dumps

    return octets(dumps(value))


def _multipart(form, files):
    """Return the type and the body (bytes) of a form with files (RFC 7578)."""
    parts = []
    for name, value in form.items() if hasattr(form, "items") else form or ():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            parts.append((_part(name), str(each).encode()))
    for name, value in files.items() if hasattr(files, "items") else files:
        filename, data, kind = name, value, "application/octet-stream"
        if isinstance(value, tuple):
            filename, data = value[:2]
            kind = value[2] if len(value) > 2 else kind
        if hasattr(data, "read"):
            data = data.read()
        data = data.encode() if isinstance(data, str) else bytes(data)
        head = '{}; filename="{}"\r\nContent-Type: {}'.format(_part(name), _quoted(filename), kind)
        parts.append((head, data))
    boundary = "web" + "".join(["%02x" % octet for octet in os.urandom(12)])
    out = bytearray()
    for head, data in parts:
        out.extend("--{}\r\n{}\r\n\r\n".format(boundary, head).encode())
        out.extend(data)
        out.extend(b"\r\n")
    out.extend("--{}--\r\n".format(boundary).encode())
    return "multipart/form-data; boundary=" + boundary, out


def _part(name):
    return 'Content-Disposition: form-data; name="{}"'.format(_quoted(name))


def _quoted(name):
    # as browsers do
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def head(method, path, fields):
    """Return the head of a request (bytes). Raises ValueError for a line break in it."""
    text = "{} {} HTTP/1.1\r\n".format(method, path)
    for field in fields:
        text += "{}: {}\r\n".format(*field)
    if text.count("\n") != len(fields) + 1 or text.count("\r") != len(fields) + 1:
        raise ValueError("line break")
    return (text + "\r\n").encode()


async def send(wire, head, body):
    """Send a request. A body that is long, or that comes in pieces, is sent beside what else
    happens: the server may answer sooner."""
    if not hasattr(body, "decode") and not isinstance(body, memoryview):
        create_task(_send_each(wire, _chunks(head, body)))
    elif len(body) > _AT_ONCE:
        create_task(_send_each(wire, (head, body)))
    else:
        await _send_each(wire, (head + bytes(body),))


def _chunks(head, pieces):
    yield head
    for piece in pieces:
        piece = octets(piece)
        if len(piece):
            yield b"%x\r\n" % len(piece)
            yield piece
            yield b"\r\n"
    yield b"0\r\n\r\n"


async def _send_each(wire, pieces):
    try:
        for piece in pieces:
            await wire.send(piece)
    except OSError:
        pass  # the server has closed the connection: its answer tells why
    except Exception as e:
        wire.fault = e  # of what gives the pieces
        wire.close()
