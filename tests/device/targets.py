# Tries both parsers on heads with random bytes in their targets:
#
#   micropython targets.py SEED COUNT
#
# Bytes beyond ASCII must change nothing but the target that they are in: how a head is
# framed is as with an ASCII letter in place of each.
import random
import sys

import web._native as native
import web._portable as portable

LIMITS = (64, 6)
METHODS = (b"GET",) * 6 + (b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"X")
STARTS = (b"/",) * 8 + (b"*", b"http://b", b"HTTPS://[::1]:8/", b"http://b?", b"", b"b:80")
PARTS = (b"a", b"/", b"?", b"%41", b"%C3%A9", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80")
ODD = (b"\xff", b"\xc3", b"\xa9", b"\xe2\x82", b"\xc0\xaf", b"\xed\xa0\x80", b"%C3", b"%A9")
ODD += (b"%", b"%00", b"#", b" ", b"\x7f", b"\r", b"\n")
VERSIONS = (b" HTTP/1.1\r\n",) * 9 + (b" HTTP/1.0\r\n", b" HTTP/2.0\r\n", b" HTTP/1.1\n", b"\r\n")
HOSTS = (b"Host: a\r\n",) * 8 + (b"Host: [::1]:80\r\n", b"Host: :80\r\n", b"")
FIELDS = (
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive, upgrade\r\n",
    b"X: \xc3\xff\r\n",
    b"Y: z\r\n",
    b"Y : z\r\n",
)


def choose(options):
    return options[random.getrandbits(16) % len(options)]


def make_head():
    """Return a head's part before the target, the target, and what follows it."""
    parts = PARTS + (ODD if choose((0, 0, 0, 1)) else ())
    target = choose(STARTS) + b"".join([choose(parts) for _ in range(choose(range(12)))])
    rest = choose(VERSIONS) + choose(HOSTS)
    rest += b"".join([choose(FIELDS) for _ in range(choose(range(4)))])
    return choose(METHODS) + b" ", target, rest + choose((b"\r\n", b"\r\n", b"\r\n", b""))


def parse(parser, head, end=None):
    out = [None] * 10
    used = parser.parse_head(head, 0, len(head) if end is None else end, LIMITS[0], LIMITS[1], out)
    return used, out if used > 0 else None


def check(what, head, got, want):
    if got != want:
        print("FAIL", what, head, got, want)
        sys.exit(1)


def letters(target):
    return bytes([120 if c > 127 else c for c in target])


def encoded(target):
    return b"".join([b"%%%02X" % c if c > 127 else bytes((c,)) for c in target])


def try_one(before, target, rest):
    head = before + target + rest + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
    used, out = parse(native, head)
    check("twins", head, parse(portable, head), (used, out))
    end = len(before) + choose(range(len(target) + len(rest)))
    part = parse(native, head, end)
    check("twins at the start", head[:end], parse(portable, head, end), part)
    if part[0] != used:
        check("start", head[:end], part[0], 0)
    plain, plain_out = parse(native, before + letters(target) + head[len(before) + len(target) :])
    if used <= 0:
        # a head that fits when they are letters is refused for them alone
        if used != plain:
            check("refusal", head, used, -400)
        return used
    check("length", head, plain, used)
    check("framing", head, plain_out[3:], out[3:])
    more = len(encoded(target)) - len(target)
    if len(target) + more <= LIMITS[0]:
        head = before + encoded(target) + head[len(before) + len(target) :]
        again, encoded_out = parse(native, head)
        check("length, encoded", head, again, used + more)
        check("path, encoded", head, encoded_out[:2], out[:2])
        check("framing, encoded", head, encoded_out[3:5], out[3:5])
        if out[2] is not None:
            query = [native.unquote(q, False) for q in (out[2], encoded_out[2])]
            check("query, encoded", head, query[0], query[1])
    return used


random.seed(int(sys.argv[1]))
accepted = refused = beyond = 0
for _ in range(int(sys.argv[2])):
    before, target, rest = make_head()
    if try_one(before, target, rest) > 0:
        accepted += 1
        beyond += max(target) > 127
    else:
        refused += 1
print("accepted", accepted, "refused", refused, "beyond ASCII", beyond)
