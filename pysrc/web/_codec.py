# Chooses the parsers once: the native module where the firmware loads it, else
# the portable twin. Every other file imports them from here.
def _check():
    # A truncated .mpy hangs the firmware's loader, and one with a wrong byte runs
    # it. The build ends the file with its CRC-32, so a sound one has this sum.
    import web

    try:
        from binascii import crc32
    except ImportError:
        return

    try:
        file = open(web.__path__ + "/_native.mpy", "rb")
    except OSError:
        return  # none, or none that open() reaches: importing it tells
    buf = bytearray(256)
    view = memoryview(buf)
    crc = 0
    with file:
        while True:
            n = file.readinto(buf)
            if not n:
                break
            crc = crc32(view[:n], crc)
    if crc != 0x2144DF1C:
        raise ValueError("damaged file")


try:
    _check()
    import web._native as parsers

    implementation = "native"
except (ImportError, ValueError) as e:
    # ImportError: no native file here. ValueError: one that this firmware refuses.
    if isinstance(e, ValueError):
        print("web: _native.mpy can't be used ({}); using the portable parser".format(e))
    import web._portable as parsers

    implementation = "portable"

find_field = parsers.find_field
mask = parsers.mask
next_field = parsers.next_field
parse_head = parsers.parse_head
unquote = parsers.unquote
utf8 = parsers.utf8
ws_build = parsers.ws_build
ws_parse = parsers.ws_parse
del _check, parsers
