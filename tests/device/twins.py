# Both parsers on the same bytes: an input a line, in hex, in a file.
#
#   micropython twins.py FILE
#
# Prints each input that they read differently, and how many there were.
import binascii
import gc
import sys

import web._frames as frames
import web._native as native
import web._portable as portable
import web._portable_frames as portable_frames

_HEADS = ((1024, 48), (12, 2))


def outcome(function, *args):
    # also an exception is one
    try:
        return function(*args)
    except (TypeError, ValueError, IndexError) as e:
        return type(e)


def head(codec, data, end, limits):
    out = [None] * 10
    used = outcome(codec.parse_head, data, 0, end, limits[0], limits[1], out)
    if type(used) is not int or used <= 0:
        return used
    fields = []
    field = [None, None]
    pos = out[5]
    while True:
        pos = codec.next_field(data, pos, used, field)
        if not pos:
            return used, out, fields
        fields.append((tuple(field), pos, codec.find_field(data, out[5], used, field[0])))


def text(codec, data, end, plus):
    # what a state is, but for its sign, is a parser's own affair
    state = codec.utf8(data, 0, end, 0)
    again = codec.utf8(data, end // 2, end, codec.utf8(data, 0, end // 2, 0))
    return codec.unquote(data[:end], plus), (state > 0) - (state < 0), state == again


def frame(codec, data, end, expect):
    buf = bytearray(data)
    out = [None, None]
    used = outcome(codec.ws_parse, buf, 0, end, expect, out)
    if type(used) is not int or used <= 0:
        return used
    built = bytearray(30)
    n = codec.ws_build(built, out[0], data[:end], data[:4] if expect & 128 else b"")
    return used, out, buf, n, built


def differ(data):
    n = len(data)
    for end in {n, n // 2, n - 1 if n else 0}:
        for limits in _HEADS:
            if head(native, data, end, limits) != head(portable, data, end, limits):
                return "head"
        for plus in (False, True):
            if text(native, data, end, plus) != text(portable, data, end, plus):
                return "text"
        for expect in (0, 128, 0x40, 0xC0):
            if frame(frames, data, end, expect) != frame(portable_frames, data, end, expect):
                return "frame"
    return None


tried = 0
with open(sys.argv[1]) as lines:
    for line in lines:
        tried += 1
        found = differ(binascii.unhexlify(line.strip()))
        if found:
            print(found, line.strip())
        if not tried % 100:
            gc.collect()
print("tried", tried)
