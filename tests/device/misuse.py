# What the native functions raise when they are called wrongly: by MicroPython's
# own hand, through C frames, with collections between.
import gc
import sys


class Liar(bytearray):
    def __getitem__(self, i):
        return 0


def run(codec, frames):
    buf = bytearray(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    out = [None] * 10
    small = [None]
    calls = (
        ("parse_head", (buf, 0, 28, 100, 9, out)),
        ("parse_head", (buf, 5, 4, 100, 9, out)),
        ("parse_head", (buf, -1, 4, 100, 9, out)),
        ("parse_head", (buf, 0, 0x7FFFFFFF, 100, 9, out)),
        ("parse_head", (buf, 0, 27, 100, 9, small)),
        ("parse_head", (buf, 0, 27, 100, 9, None)),
        ("parse_head", (None, 0, 27, 100, 9, out)),
        ("parse_head", (buf, "0", 27, 100, 9, out)),
        ("parse_head", (buf,)),
        ("next_field", (buf, 16, 99, out)),
        ("next_field", (buf, 16, 27, small)),
        ("find_field", (buf, 16, 27, 5)),
        ("find_field", (buf, 28, 27, "host")),
        ("unquote", (5, True)),
        ("utf8", (b"abc", 0, 4, 0)),
        ("ws_parse", (b"\x81\x05", 3, 2, True, 0, out)),
        ("ws_build", (bytearray(13), 0x81, 5, None)),
        ("ws_build", (b"0123456789abcd", 0x81, 5, None)),
        ("ws_build", (bytearray(14), 0x81, 5, b"abc")),
        ("mask", (bytearray(5), 0, 6, b"abcd", 0)),
        ("mask", (b"bytes", 0, 5, b"abcd", 0)),
        ("mask", (bytearray(5), 0, 5, b"abc", 0)),
        ("mask", (Liar(b"abc"), 0, 1 << 24, b"abcd", 0)),
        ("utf8", (b"\xff\x80", 0, 2, -1)),
    )
    for i, (name, args) in enumerate(calls):
        gc.collect()
        try:
            module = codec if hasattr(codec, name) else frames
            print(i, name, getattr(module, name)(*args))
        except (TypeError, IndexError, OverflowError) as e:
            print(i, name, type(e).__name__)
    gc.collect()
    print(codec.parse_head(buf, 0, 27, 100, 9, out), out)


def main():
    import web._frames as frames
    import web._native as codec

    run(codec, frames)
    print("{} left".format(sys.implementation.name))


if __name__ == "__main__":
    main()
