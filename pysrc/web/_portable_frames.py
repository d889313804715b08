# The portable twin of _frames, as _portable is of _native.
from web._portable import _check


def ws_parse(buf, start, end, expect, out):
    _check(buf, start, end)
    if start == end:
        return 0
    first = buf[start]
    control = first & 8
    if first & 7 > 2 or first & 0x70 & ~expect or (control and first & 0xF0 != 0x80):
        return -1002
    if end - start == 1:
        return 0
    second = buf[start + 1]
    length = second & 0x7F
    if (second ^ expect) & 0x80 or (control and length > 125):
        return -1002
    at = start + 2
    if length >= 126:
        n = 2 if length == 126 else 8
        if end - at < n:
            return 0
        if n == 8:
            if buf[at] & 0x80:
                return -1002
            if buf[at] or buf[at + 1] or buf[at + 2] or buf[at + 3] or buf[at + 4] & 0xC0:
                return -1009
            at += 4
            n = 4
        length = 0
        for i in range(at, at + n):
            length = length << 8 | buf[i]
        at += n
        if length < (126 if n == 2 else 0x10000):
            return -1002
    if expect & 0x80:
        at += 4
    if at > end:
        return 0
    if expect & 0x80:
        mask(buf, at, min(end, at + length), buf[at - 4 : at], 0)
    out[0] = first
    out[1] = length
    return at - start


def ws_build(buf, first, data, key):
    _check(buf, 0, 14)
    length = len(data)
    buf[0] = first
    bit = 0x80 if key else 0
    if length < 126:
        buf[1] = bit | length
        n = 2
    else:
        n = 4 if length < 0x10000 else 10
        buf[1] = bit | (126 if n == 4 else 127)
        for i in range(2, n):
            shift = (n - 1 - i) * 8
            buf[i] = length >> shift & 0xFF if shift < 32 else 0
    if key:
        buf[n : n + 4] = key
        n += 4
    end = min(n + length, len(buf))
    buf[n:end] = memoryview(data)[: end - n]
    return end


def mask(buf, start, end, key, offset):
    _check(buf, start, end)
    for i in range(start, end):
        buf[i] ^= key[(i - start + offset) & 3]
