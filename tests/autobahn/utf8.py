"""Byte sequences that are text or not, after Markus Kuhn's UTF-8 decoder test."""

KOSME = "κ\u1f79σμε".encode()  # with an accented letter of three bytes

# Characters of which the last byte is missing: the first of each length, and the last
CUT = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"


def valid(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def split(text):
    return [bytes.fromhex(word) for word in text.split()]


def each_with_space(first, last):
    return b"".join(bytes([b, 0x20]) for b in range(first, last + 1))


GROUPS = [  # the chapters 6.5, 6.6 and so on
    # some text
    [f"hello{c}world".encode() for c in "$¢€𤭢"] + [KOSME],
    # all its beginnings
    [KOSME[:i] for i in range(1, len(KOSME) + 1)],
    # the first character of each length
    split("00 c280 e0a080 f0908080"),
    split("f888808080 fc8480808080"),
    # the last one
    split("7f dfbf efbfbf f48fbfbf"),
    split("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
    # other boundaries
    split("ed9fbf ee8080 efbfbd f48fbfbf f4908080"),
    # continuation bytes that continue nothing
    split("80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf") + [bytes(range(0x80, 0xC0))],
    # first bytes that nothing continues
    [
        each_with_space(*bounds)
        for bounds in [(0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD)]
    ],
    # the last byte is missing
    split(CUT),
    [b"".join(split(CUT))],
    # bytes that are never part of a character
    split("fe ff fefeffff"),
    # longer than needed: a slash, the longest such, and NUL
    split("c0af e080af f08080af f8808080af fc80808080af"),
    split("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
    split("c080 e08080 f0808080 f880808080 fc8080808080"),
    # UTF-16 surrogates
    split("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
    [high + low for high in split("eda080 edadbf edae80 edafbf") for low in split("edb080 edbfbf")],
    # code points that are no characters and yet may be sent: the last two of each plane
    [chr(plane << 16 | low).encode() for plane in range(17) for low in (0xFFFE, 0xFFFF)],
    # the last ones before U+10000
    [chr(code).encode() for code in range(0xFFF9, 0x10000)],
]


def sequences():
    for i, group in enumerate(GROUPS, 5):
        for j, data in enumerate(group, 1):
            yield f"6.{i}.{j}", data
