# The portable twin of the native module: the same functions with the same
# results, in bytecode. natmod/*.h state the contracts; tests/vectors hold both to
# them. The RFC sections stand beside the rules in natmod/*.c.
from micropython import const

_LENGTH_MAX = const(0x3FFFFFFF)
_METHOD_MAX = const(32)
_VERSION_11 = const(1)
_KEEP_ALIVE = const(2)
_UPGRADE = const(4)
_CHUNKED = const(8)
_EXPECT = const(16)

_CR = const(13)
_LF = const(10)
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HOST = b"!$%&'*+-._~(),;=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX = b"0123456789abcdefABCDEF"
_DIGITS = b"0123456789"


def _only(s, allowed):
    # Whether every byte of s is one of allowed.
    for c in s:
        if c not in allowed:
            return False
    return True


def _line_end(buf, pos, end):
    # The offset of the next LF, or -1; a bytearray of old firmware has no find().
    while pos < end:
        if buf[pos] == _LF:
            return pos
        pos += 1
    return -1


def _text(b):
    # utf8() and not str(): MicroPython's own check lets overlong forms pass
    if utf8(b, 0, len(b), 0):
        return "".join([chr(c) for c in b])
    return str(b, "utf-8")


def _tokens(value):
    # The elements of a comma-separated list, or None if one is not a token.
    out = []
    for e in value.split(b","):
        e = e.strip(b" \t")
        if e:
            if not _only(e, _TOKEN):
                return None
            out.append(e.lower())
    return out


def _is_host(s, need_port):
    if s[:1] == b"[":
        i = s.find(b"]")
        if i < 2 or not _only(s[1:i], b"0123456789abcdefABCDEF:.vV"):
            return False
        rest = s[i + 1 :]
    else:
        i = s.find(b":")
        name = s if i < 0 else s[:i]
        rest = b"" if i < 0 else s[i:]
        if not _only(name, _HOST):
            return False
        for part in name.split(b"%")[1:]:
            if len(part) < 2 or not _only(part[:2], _HEX):
                return False
    if not rest:
        return not need_port
    if rest[:1] != b":" or not _only(rest[1:], _DIGITS):
        return False
    return len(rest) > 1 or not need_port


def _content_length(value, before):
    if not value or not _only(value, _DIGITS):
        return -400
    value = value.lstrip(b"0") or b"0"
    n = int(value) if len(value) <= 10 else _LENGTH_MAX + 1
    if n > _LENGTH_MAX:
        return -413
    return n if before < 0 or before == n else -400


def _transfer_encoding(value, chunked):
    # 0 when the body is chunked, else minus the status.
    any_coding = False
    for e in value.split(b","):
        e = e.strip(b" \t")
        if not e:
            continue
        name = e.split(b";", 1)[0].rstrip(b" \t")
        if not name or not _only(name, _TOKEN):
            return -400
        if len(name) == len(e) and chunked:
            return -400
        if e.lower() != b"chunked":
            return -501
        chunked = any_coding = True
    return 0 if any_coding else -400


def _partial_line(buf, pos, end, max_target):
    # Judge a request line of which the end is still to come.
    if pos < end and buf[pos] == _CR:
        return 0 if end - pos == 1 else -400
    i = pos
    while i < end and buf[i] in _TOKEN:
        i += 1
    if i - pos > _METHOD_MAX:
        return -501
    if i == end:
        return 0
    if buf[i] != 32 or i == pos:
        return -400
    pos = i = i + 1
    while i < end and 0x21 <= buf[i] <= 0x7E and buf[i] != 35:
        i += 1
    if i - pos > max_target:
        return -414
    return 0 if i == end or (buf[i] == 32 and i > pos) else -400


def _path(raw):
    # The path decoded, or None.
    if b"%" not in raw:
        return str(raw, "utf-8") or "/"
    out = bytearray()
    i = 0
    n = len(raw)
    while i < n:
        c = raw[i]
        if c == 37:
            if n - i < 3 or not _only(raw[i + 1 : i + 3], _HEX):
                return None
            c = int(raw[i + 1 : i + 3], 16)
            if not c:
                return None
            i += 2
        out.append(c)
        i += 1
    return None if utf8(out, 0, len(out), 0) else str(out, "utf-8")


def _request_line(line, max_target, out, pos):
    # line is without its CRLF and starts at pos. 0, or minus the status.
    i = 0
    n = len(line)
    while i < n and line[i] in _TOKEN:
        i += 1
    if i > _METHOD_MAX:
        return -501
    if not i or line[i : i + 1] != b" ":
        return -400
    j = i + 1
    while j < n and 0x21 <= line[j] <= 0x7E and line[j] != 35:
        j += 1
    if j - i - 1 > max_target:
        return -414
    target = line[i + 1 : j]
    version = line[j:]
    if (
        not target
        or len(version) != 9
        or version[:6] != b" HTTP/"
        or version[7] != 46
        or not _only(version[6:7] + version[8:9], _DIGITS)
    ):
        return -400
    if version[6] != 49:
        return -505
    method = line[:i]
    out[0] = str(method, "utf-8")
    out[2] = None
    out[3] = _VERSION_11 if version[8] != 48 else 0
    out[6] = pos + i + 1
    out[7] = pos + j
    out[8] = out[9] = 0
    return _target(method, target, out)


def _target(method, target, out):
    if method == b"CONNECT":
        out[1] = target
        return 0 if target[:1] != b":" and _is_host(target, True) else -400
    if target[:1] == b"*":
        out[1] = "*"
        return 0 if target == b"*" and method == b"OPTIONS" else -400
    path = target
    if target[:1] != b"/":
        i = target.find(b"://")
        if i < 0 or target[:i].lower() not in (b"http", b"https"):
            return -400
        i += 3
        end = i
        while end < len(target) and target[end] not in b"/?":
            end += 1
        host = target[i:end]
        if not host or host[:1] == b":" or not _is_host(host, False):
            return -400
        out[8] = out[6] + i
        out[9] = out[6] + end
        path = target[end:]
    i = path.find(b"?")
    if i >= 0:
        out[2] = str(path[i + 1 :], "utf-8")
        path = path[:i]
    # decoded last: a field's fault comes before one in the path's encoding
    out[1] = path
    return 0


def _field(name, value, out, at, end, state):
    # Note what the field says of framing; state: saw Host, close, keep-alive, upgrade.
    if name == b"host":
        if state[0] or not _is_host(value, False):
            return -400
        state[0] = 1
        if not out[8]:
            out[8] = at
            out[9] = end
    elif name == b"connection":
        tokens = _tokens(value)
        if tokens is None:
            return -400
        state[1] |= b"close" in tokens
        state[2] |= b"keep-alive" in tokens
        state[3] |= b"upgrade" in tokens
    elif name == b"content-length":
        n = _content_length(value, out[4])
        if n < 0:
            return n
        out[4] = n
    elif name == b"transfer-encoding":
        out[3] |= _CHUNKED
        status = _transfer_encoding(value, state[4])
        state[4] = 1
        return status
    elif name == b"expect" and out[3] & _VERSION_11:
        if value.lower() != b"100-continue":
            return -417
        out[3] |= _EXPECT
    return 0


def _finish(out, state):
    flags = out[3]
    if flags & _CHUNKED and (out[4] >= 0 or not flags & _VERSION_11):
        return -400
    if flags & _VERSION_11:
        if not state[0]:
            return -400
        if not state[1]:
            flags |= _KEEP_ALIVE
        if state[3]:
            flags |= _UPGRADE
    elif state[2] and not state[1]:
        flags |= _KEEP_ALIVE
    out[3] = flags
    if isinstance(out[1], bytes):
        out[1] = _path(out[1])
        if out[1] is None:
            return -400
    return 0


def _check(buf, start, end):
    if not 0 <= start <= end <= len(buf):
        raise IndexError("bytearray index out of range")


def parse_head(buf, start, end, max_target, max_fields, out):
    _check(buf, start, end)
    pos = start
    while pos < end and buf[pos] == _CR:
        if pos + 1 == end:
            return 0
        if buf[pos + 1] != _LF:
            return -400
        pos += 2
    eol = _line_end(buf, pos, end)
    if eol < 0:
        return _partial_line(buf, pos, end, max_target)
    line = bytes(buf[pos:eol])
    if line[-1:] != b"\r":
        # a bare LF; a fault before it decides
        return _partial_line(buf, pos, eol + 1, max_target) or -400
    out[4] = -1
    status = _request_line(line[:-1], max_target, out, pos)
    if status:
        return status
    out[5] = pos = eol + 1
    state = [0, 0, 0, 0, 0]
    while True:
        eol = _line_end(buf, pos, end)
        if eol < 0:
            return 0
        line = bytes(buf[pos:eol])
        if line == b"\r":
            status = _finish(out, state)
            return status if status else eol + 1 - start
        i = line.find(b":")
        if i < 1 or not _only(line[:i], _TOKEN) or line[-1:] != b"\r":
            return -400
        for c in line[i:-1]:
            if (c < 32 and c != 9) or c == 127:
                return -400
        if not max_fields:
            return -431
        max_fields -= 1
        value = line[i + 1 : -1].lstrip(b" \t")
        at = eol - 1 - len(value)
        value = value.rstrip(b" \t")
        status = _field(line[:i].lower(), value, out, at, at + len(value), state)
        if status:
            return status
        pos = eol + 1


def next_field(buf, pos, end, out):
    _check(buf, pos, end)
    eol = _line_end(buf, pos, end)
    if eol < 0 or buf[pos] == _CR:
        return 0
    name, value = bytes(buf[pos:eol]).split(b":", 1)
    out[0] = str(name, "utf-8")
    out[1] = _text(value.strip(b" \t\r"))
    return eol + 1


def find_field(buf, pos, end, name):
    if not isinstance(name, str):
        name = str(name, "utf-8")
    name = name.lower()
    out = [None, None]
    found = None
    while True:
        pos = next_field(buf, pos, end, out)
        if not pos:
            return found
        if out[0].lower() == name:
            found = out[1] if found is None else found + ", " + out[1]


def _unquote(b, plus):
    if plus:
        b = b.replace(b"+", b" ")
    parts = b.split(b"%")
    if len(parts) == 1:
        return _text(b)
    out = bytearray(parts[0])
    for part in parts[1:]:
        if len(part) >= 2 and _only(part[:2], _HEX):
            out.append(int(part[:2], 16))
            out.extend(part[2:])
        else:
            out.extend(b"%")
            out.extend(part)
    return _text(out)


def unquote(s, plus):
    return _unquote(s.encode() if isinstance(s, str) else bytes(s), plus)


def utf8(buf, start, end, state):
    # state: bytes due | least next byte << 8 | greatest next byte << 16
    _check(buf, start, end)
    if state < 0:
        return -1
    for i in range(start, end):
        c = buf[i]
        if state:
            if c < (state >> 8) & 0xFF or c > state >> 16:
                return -1
            state = 0 if state & 3 == 1 else (state & 3) - 1 | 0xBF8000
        elif c >= 0x80:
            if not 0xC2 <= c <= 0xF4:
                return -1
            state = 0xBF8001 if c < 0xE0 else 0xBF8002 if c < 0xF0 else 0xBF8003
            if c == 0xE0:
                state += 0x2000
            elif c == 0xED:
                state -= 0x200000
            elif c == 0xF0:
                state += 0x1000
            elif c == 0xF4:
                state -= 0x300000
    return state


def ws_parse(buf, start, end, masked, rsv, out):
    _check(buf, start, end)
    if start == end:
        return 0
    first = buf[start]
    control = first & 8
    if first & 7 > 2 or first & 0x70 & ~rsv or (control and first & 0xF0 != 0x80):
        return -1002
    if end - start == 1:
        return 0
    second = buf[start + 1]
    length = second & 0x7F
    if bool(second & 0x80) != bool(masked) or (control and length > 125):
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
    key = 0
    if masked:
        key = at
        at += 4
        if at > end:
            return 0
    out[0] = first
    out[1] = length
    out[2] = key
    return at - start


def ws_build(buf, first, length, key):
    _check(buf, 0, 14)
    buf[0] = first
    bit = 0 if key is None else 0x80
    if length < 126:
        buf[1] = bit | length
        n = 2
    else:
        n = 4 if length < 0x10000 else 10
        buf[1] = bit | (126 if n == 4 else 127)
        for i in range(2, n):
            shift = (n - 1 - i) * 8
            buf[i] = length >> shift & 0xFF if shift < 32 else 0
    if key is not None:
        for i in range(4):
            buf[n + i] = key[i]
        n += 4
    return n


def mask(buf, start, end, key, offset):
    _check(buf, start, end)
    for i in range(start, end):
        buf[i] ^= key[(i - start + offset) & 3]
