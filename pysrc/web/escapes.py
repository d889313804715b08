# What little JSON has: escaped characters beyond the first 65,536, as what sends ASCII only has
# them; a byte order mark; numbers that are none.
from binascii import unhexlify


def join(text):
    """Return a JSON text (bytes) with characters in place of escaped pairs of surrogates:
    json.loads() makes two of a pair, which are none (RFC 8259 7). Raises ValueError for half
    a pair."""
    out = bytearray()
    taken = 0
    i = text.find(b"\\")
    while i >= 0:
        high = _escaped(text, i)
        if high & 0xF800 == 0xD800:
            low = _escaped(text, i + 6)
            if high >= 0xDC00 or low & 0xFC00 != 0xDC00:
                raise ValueError("lone surrogate")
            out.extend(text[taken:i])
            c = 0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF)
            # not chr(), which makes it a name that stays in memory
            out.append(0xF0 | c >> 18)
            for shift in (12, 6, 0):
                out.append(0x80 | c >> shift & 0x3F)
            i += 10
            taken = i + 2
        i = text.find(b"\\", i + 2)
    if not taken:
        return text
    out.extend(text[taken:])
    return out


def _escaped(text, i):
    # the number in the \uXXXX there
    if text[i : i + 2] != b"\\u":
        return 0
    high, low = unhexlify(text[i + 2 : i + 6])
    return high << 8 | low


def skip_mark(text):
    """Have spaces in place of a byte order mark behind the first byte of text (bytearray)."""
    if text[1:4] == b"\xef\xbb\xbf":
        text[1:4] = b"   "
