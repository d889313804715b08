"""Conversations made at random: requests of every kind that the package reads, most of them
sound, with bodies, WebSocket messages and whatever follows them, in parts."""

import json
import zlib

from fuzz import frames

PATHS = [b"/echo", b"/echo?a=b", b"/ask/x", b"/ask/%C3%A9?a=1&b=%20c+d&a", b"/raw", b"/none"]
FILES = [b"/files/", b"/files/a.txt", b"/files/b.txt", b"/files/%2e%2e/x", b"/files/none"]
RANGES = [b"bytes=0-4", b"bytes=5-", b"bytes=-3", b"bytes=9999-", b"bytes=4-1", b"bytes=0-1,3-4"]
COOKIES = [b"a=1", b"a=1; b=2", b'a="q"', b"=; ;a", b"a", b"a=\xff", b"a=1;b=2;a=3"]
TEXTS = ["x", "ä€😀", "", "a" * 700, "\r\n", "--b", "%41+&="]
QUOTES = [b'"a"', b"a", b'"a\\"b"', b'"\xc3\xa9"', b'"', b""]


def chunked(random, body):
    out = b""
    while body:
        n = random.randrange(1, len(body) + 1)
        size = b"%x" % n
        out += random.choice((size, size.upper(), b"0" * random.randrange(3) + size))
        out += random.choice((b"", b"", b"", b";a=b", b' ; a="b\\"c"')) + b"\r\n"
        out += body[:n] + b"\r\n"
        body = body[n:]
    return out + b"0\r\n" + random.choice((b"", b"", b"X: y\r\n")) + b"\r\n"


def multipart(random):
    out = b""
    for _ in range(random.randrange(4)):
        disposition = b"form-data; name=" + random.choice(QUOTES)
        if random.random() < 0.4:
            disposition += random.choice((b"; filename=", b"; filename*=UTF-8''"))
            disposition += random.choice(QUOTES + [b"s.bin", b"..%2fa"])
        out += b"--b\r\nContent-Disposition: " + disposition
        out += random.choice((b"", b"\r\nContent-Type: text/plain", b"\r\nX: y")) + b"\r\n\r\n"
        out += random.choice(TEXTS).encode() + b"\r\n"
    return out + b"--b--\r\n" + random.choice((b"", b"end"))


def request(random):
    """A request, most often a sound one (bytes)."""
    kind = random.randrange(7)
    fields = [b"Host: a"]
    body = b""
    method = b"POST"
    path = random.choice(PATHS)
    if kind == 0:
        method = random.choice((b"GET", b"HEAD", b"DELETE", b"OPTIONS"))
    elif kind == 1:
        method, path = random.choice((b"GET", b"HEAD")), random.choice(FILES)
        if random.random() < 0.5:
            fields.append(b"Range: " + random.choice(RANGES))
        if random.random() < 0.3:
            fields.append(random.choice((b"If-None-Match: *", b'If-Range: "x"')))
        if random.random() < 0.3:
            fields.append(b"Accept-Encoding: " + random.choice((b"gzip", b"gzip;q=0", b"*;q=0.1")))
    elif kind == 2:
        path, body = b"/form", b"a=1&b=%C3%A4&c=+%zz&" + random.choice(TEXTS).encode()
        fields.append(b"Content-Type: application/x-www-form-urlencoded")
    elif kind == 3:
        path, body = b"/json", json.dumps({"a": [1, 2.5, None], "b": random.choice(TEXTS)}).encode()
        fields.append(b"Content-Type: application/json")
    elif kind == 4:
        path, body = random.choice((b"/parts", b"/form")), multipart(random)
        boundary = random.choice((b"b", b'"b"', b"b; c=d"))
        fields.append(b"Content-Type: multipart/form-data; boundary=" + boundary)
    else:
        body = random.randbytes(random.choice((0, 1, 50, 800, 3001)))
        path = random.choice((b"/echo", b"/pieces", b"/raw", b"/none"))
    if random.random() < 0.3:
        fields.append(b"Cookie: " + random.choice(COOKIES))
    if random.random() < 0.1:
        fields.append(random.choice((b"Connection: close", b"X-A: \xe9")))
    if body and random.random() < 0.5:
        fields.append(b"Transfer-Encoding: chunked")
        body = chunked(random, body)
    elif method == b"POST":
        fields.append(b"Content-Length: %d" % len(body))
    head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, path), *fields])
    return head + b"\r\n\r\n" + body


def websocket(random):
    """A handshake and what follows it."""
    out = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" % random.choice(
        (b"/ws", b"/packed")
    )
    out += b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    out += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    out += b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    for _ in range(random.randrange(6)):
        if random.random() < 0.4:
            text = random.choice(TEXTS).encode() * random.randrange(3)
            packed = zlib.compressobj(9, zlib.DEFLATED, -9)
            data = packed.compress(text) + packed.flush(zlib.Z_SYNC_FLUSH)
            out += client_frame(random, 0xC1, data[:-4])
        elif random.random() < 0.5:
            cut = random.randrange(3)
            text = random.choice(TEXTS).encode()
            out += client_frame(random, 0x01, text[:cut]) + client_frame(random, 0x89, b"p")
            out += client_frame(random, 0x80, text[cut:])
        else:
            out += frames.make(random)[:2000]
    return out + random.choice((b"", client_frame(random, 0x88, b"\x03\xe8")))


def client_frame(random, first, data):
    key = random.randbytes(4)
    length = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([first]) + length + key + bytes(c ^ key[i & 3] for i, c in enumerate(data))


def make(random):
    """What a client sends on a connection (bytes)."""
    out = b"".join(request(random) for _ in range(random.randrange(1, 4)))
    return out + websocket(random) if random.random() < 0.3 else out


def split(random, data):
    """data in the parts in which it comes (list of bytes)."""
    parts = []
    while data:
        n = random.choice((1, 2, 10, 100, 1000, len(data)))
        parts.append(data[:n])
        data = data[n:]
    return parts
