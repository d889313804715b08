# What text from outside stands for: query strings, the bodies of HTML forms, JSON, and
# the fields of a request whose target names the host.
from web._codec import next_field, unquote, utf8


def parse_qs(s):
    """Parse application/x-www-form-urlencoded data (str or bytes-like).

    Returns a dict of str: a list of them for a name that repeats, True for one
    without a value.
    """
    fields = {}
    for pair in (s.encode() if isinstance(s, str) else bytes(s)).split(b"&"):
        if not pair:
            continue
        pair = pair.split(b"=", 1)
        name = unquote(pair[0], True)
        value = True if len(pair) == 1 else unquote(pair[1], True)
        if name in fields:
            old = fields[name]
            if isinstance(old, list):
                old.append(value)
                continue
            value = [old, value]
        fields[name] = value
    return fields


def decode_json(data):
    """Return the value of a JSON text (str or bytes-like, UTF-8). Raises ValueError
    when it is none (RFC 8259); a byte order mark before it is skipped (8.1).

    json.loads() takes a text that ends early: it does without the last bracket. As
    the first of two items of a list, what is not a whole text shows: then there are
    not two. (To it a comma is as a space.)
    """
    import json

    data = memoryview(data)  # of a str, too, its length is in bytes
    n = len(data)
    text = bytearray(n + 4)
    text[0] = 91  # [
    text[1:-3] = data
    text[-3:] = b",0]"
    if text[1:4] == b"\xef\xbb\xbf":
        text[1:4] = b"   "
    while text[n] in b" \t\r\n":
        n -= 1
    if text[n] in b",:" or utf8(text, 0, len(text), 0):
        raise ValueError("no JSON text")
    if b"\\u" in text:
        text = _join_surrogates(bytes(text))
    value = json.loads(text)
    if len(value) != 2:
        raise ValueError("no JSON text")
    return value[0]


def _join_surrogates(text):
    # json.loads() makes two characters, which are none, of a pair (RFC 8259 7)
    out = bytearray()
    taken = 0
    i = text.find(b"\\u")
    while i >= 0:
        before = i
        while text[before - 1] == 92:
            before -= 1
        if (i - before) & 1 == 0:  # the backslash is not an escaped one
            high = _escaped(text, i)
            if high & 0xF800 == 0xD800:
                low = _escaped(text, i + 6)
                if high >= 0xDC00 or low & 0xFC00 != 0xDC00:
                    raise ValueError("lone surrogate")
                out.extend(text[taken:i])
                out.extend(chr(0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF)).encode())
                i += 6
                taken = i + 6
        i = text.find(b"\\u", i + 2)
    if not taken:
        return text
    out.extend(text[taken:])
    return out


def _escaped(text, i):
    # the number in the \uXXXX there
    from binascii import unhexlify

    if text[i : i + 2] != b"\\u":
        return 0
    high, low = unhexlify(text[i + 2 : i + 6])
    return high << 8 | low


def headers_of_absolute_form(buf, head, end):
    """Return the Headers of a request with that head: its target's authority stands for
    the Host field (RFC 9112 3.2.2)."""
    from web.headers import Headers

    lines = b"Host: " + buf[head[8] : head[9]] + b"\r\n"
    out = [None, None]
    pos = head[5]
    while True:
        start = pos
        pos = next_field(buf, pos, end, out)
        if not pos:
            break
        if out[0].lower() != "host":
            lines += buf[start:pos]
    lines += b"\r\n"
    return Headers(lines, 0, len(lines))
