"""Request heads made at random, most of them nearly right."""

METHODS = [b"GET"] * 8 + [b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH"]
TARGETS = [b"/"] * 4 + [b"/a?b=c", b"/a%20b", b"*", b"http://a/", b"http://a:80/x?y", b"a:80", b""]
VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1"]
FIELDS = [
    b"Host: a",
    b"Host: a:80",
    b"Host:",
    b"Host: a b",
    b"Host: a@b",
    b"Host: [::1]:80",
    b"Content-Length: 5",
    b"Content-Length: 05",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length: 5,6",
    b"Content-Length: 0x5",
    b"Content-Length: 5 5",
    b"Content-Length:",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 7",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding:\tchunked ",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked;q=1",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding:",
    b"Transfer-Encoding : chunked",
    b"Transfer Encoding: chunked",
    b"Transfer_Encoding: chunked",
    b" Transfer-Encoding: chunked",
    b"X: y",
    b"X:",
    b"X: a\tb",
    b"X: \xe4\xff",
    b"X: a\x00b",
    b"X: a\x7fb",
    b"X: a\rb",
    b"X",
    b": y",
    b"X\x80: y",
    b"X[]: y",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: keep-alive, close",
    b"Connection: Upgrade",
    b"Connection: close, upgrade",
    b"Connection: ,",
    b"Connection: a b",
    b"Upgrade: websocket",
    b"Expect: 100-continue",
    b"Expect: 200-ok",
    b"\tfolded",
]
ENDS = [b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n", b" \r\n"]
BYTES = [bytes([i]) for i in range(256)]


def make(random):
    """One head and the 8 bytes behind it (bytes)."""
    line = random.choice(METHODS) + b" " + random.choice(TARGETS) + b" " + random.choice(VERSIONS)
    lines = [line]
    if random.random() < 0.9:
        lines.append(b"Host: a")
    lines += random.choices(FIELDS, k=random.randrange(4))
    out = b"".join(line + random.choice(ENDS) for line in lines) + random.choice(ENDS)
    if random.random() < 0.3:
        i = random.randrange(len(out))
        out = out[:i] + random.choice(BYTES) + out[i + random.randrange(2) :]
    if random.random() < 0.05:
        out = b"\r\n" + out
    return out + b"12345678"
