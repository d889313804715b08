"""The cases of Autobahn|Testsuite's chapters 1 to 7, 9 and 10, by their numbers."""

from typing import NamedTuple

from autobahn import utf8
from autobahn.client import (
    BYTES,
    CLOSE,
    CONTINUATION,
    FRAMEWISE,
    PING,
    PONG,
    TEXT,
    Frame,
    fragments,
    gets,
    quiet,
)

HELLO = b"Hello, here I am."
KB = 1024
MB = 1024 * KB


class Case(NamedTuple):
    steps: list  # see Client.run()
    events: list  # what comes before the server's close frame
    close: bytes  # the close frame's payload
    failed: bool = False  # whether the server closes for what is wrong
    offer: str | None = None  # of extensions


def payload_of(code):
    return code.to_bytes(2, "big")


def answered(frames, *events, times=1):
    """What is sound is answered, some times over; then the client closes."""
    steps = [*frames, gets(len(events))] * times
    close = payload_of(1000)
    return Case([*steps, Frame(CLOSE, close)], [*events] * times, close)


def echoed(opcode, payload, chop=0, times=1):
    return answered([Frame(opcode, payload, chop=chop)], (opcode, payload), times=times)


def closed(frames, payload, *events):
    """The client's close frame, one of these, is answered with one that says this."""
    return Case(frames, [*events], payload)


def failed(code, frames, *events):
    """The server closes for what is wrong with the frames. What is sound before is
    answered."""
    return Case(frames, [*events], payload_of(code), failed=True)


def framing():
    """Messages of the lengths at which a frame's header changes."""
    for i, (opcode, fill) in enumerate([(TEXT, b"*"), (BYTES, b"\xfe")], 1):
        for j, size in enumerate([0, 125, 126, 127, 128, 65535, 65536], 1):
            yield f"1.{i}.{j}", echoed(opcode, fill * size)
        yield f"1.{i}.8", echoed(opcode, fill * 65536, chop=997)


def pings():
    binary = b"\x00\xff\xfe\xfd\x00\xff\x80"
    yield "2.1", answered([Frame(PING)], (PONG, b""))
    yield "2.2", answered([Frame(PING, HELLO)], (PONG, HELLO))
    yield "2.3", answered([Frame(PING, binary)], (PONG, binary))
    yield "2.4", answered([Frame(PING, b"\xfe" * 125)], (PONG, b"\xfe" * 125))
    yield "2.5", failed(1002, [Frame(PING, b"\xfe" * 126)])
    yield "2.6", answered([Frame(PING, b"\xfe" * 125, chop=1)], (PONG, b"\xfe" * 125))
    yield "2.7", answered([Frame(PONG)])
    yield "2.8", answered([Frame(PONG, b"not asked for")])
    yield "2.9", answered([Frame(PONG, b"not asked for"), Frame(PING, HELLO)], (PONG, HELLO))
    for number, chop in (("2.10", 0), ("2.11", 1)):
        payloads = [b"%d of ten" % i for i in range(10)]
        yield (
            number,
            answered([Frame(PING, p, chop=chop) for p in payloads], *((PONG, p) for p in payloads)),
        )


def reserved_bits():
    binary = b"\x00\xff\xfe\xfd\x00\xff\x80"
    yield "3.1", failed(1002, [Frame(TEXT, HELLO, rsv=1)])
    for rsv, chop in ((2, 0), (3, FRAMEWISE), (4, 1)):
        frames = [
            Frame(TEXT, HELLO, chop=chop),
            Frame(TEXT, HELLO, rsv=rsv, chop=chop),
            Frame(PING, chop=chop),
        ]
        yield f"3.{rsv}", failed(1002, frames, (TEXT, HELLO))
    yield "3.5", failed(1002, [Frame(BYTES, binary, rsv=5)])
    yield "3.6", failed(1002, [Frame(PING, HELLO, rsv=6)])
    yield "3.7", failed(1002, [Frame(CLOSE, rsv=7)])


def reserved_opcodes():
    for i, first in enumerate([3, 11], 1):
        yield f"4.{i}.1", failed(1002, [Frame(first)])
        yield f"4.{i}.2", failed(1002, [Frame(first + 1, HELLO)])
        for j, payload, chop in ((3, b"", 0), (4, HELLO, 0), (5, HELLO, 1)):
            frames = [
                Frame(TEXT, HELLO, chop=chop),
                Frame(first + j - 1, payload, chop=chop),
                Frame(PING, chop=chop),
            ]
            yield f"4.{i}.{j}", failed(1002, frames, (TEXT, HELLO))


CHOPS = (0, FRAMEWISE, 1)


def begin(payload, opcode=TEXT, **options):
    return Frame(opcode, payload, fin=False, **options)


def more(payload, **options):
    return Frame(CONTINUATION, payload, fin=False, **options)


def last(payload, **options):
    return Frame(CONTINUATION, payload, **options)


def fragmentation():
    yield "5.1", failed(1002, [begin(b"one", PING), last(b"two")])
    yield "5.2", failed(1002, [begin(b"one", PONG), last(b"two")])
    for i, chop in enumerate(CHOPS):
        one, two = begin(b"one", chop=chop), last(b"two", chop=chop)
        ping, text = Frame(PING, b"between", chop=chop), Frame(TEXT, HELLO, chop=chop)
        yield f"5.{3 + i}", answered([one, two], (TEXT, b"onetwo"))
        yield f"5.{6 + i}", answered([one, ping, two], (PONG, b"between"), (TEXT, b"onetwo"))
        yield f"5.{9 + i}", failed(1002, [two, text])
        yield f"5.{12 + i}", failed(1002, [more(b"one", chop=chop), text])
    one, two = begin(b"one"), last(b"two")
    yield "5.15", failed(1002, [one, two, more(b"three"), Frame(TEXT, HELLO)], (TEXT, b"onetwo"))
    yield "5.16", failed(1002, [more(b"zero"), one, two] * 2)
    yield "5.17", failed(1002, [last(b"zero"), one, two] * 2)
    yield "5.18", failed(1002, [one, Frame(TEXT, b"two")])
    for number, chop in (("5.19", 0), ("5.20", FRAMEWISE)):
        frames = [
            begin(b"one", chop=chop),
            more(b"two", chop=chop),
            Frame(PING, b"first", chop=chop),
            gets(1),
            more(b"three", chop=chop),
            more(b"four", chop=chop),
            Frame(PING, b"second", chop=chop),
            last(b"five", chop=chop),
            gets(2),
        ]
        events = [(PONG, b"first"), (PONG, b"second"), (TEXT, b"onetwothreefourfive")]
        close = payload_of(1000)
        yield number, Case([*frames, Frame(CLOSE, close)], events, close)


def text():
    yield "6.1.1", echoed(TEXT, b"")
    yield "6.1.2", answered([begin(b""), more(b""), last(b"")], (TEXT, b""))
    yield "6.1.3", answered([begin(b""), more(HELLO), last(b"")], (TEXT, HELLO))
    valid, half = "Grüße aus ß@Zürich: äöü!".encode(), "Grüße aus ß".encode()
    yield "6.2.1", echoed(TEXT, valid)
    yield "6.2.2", answered([begin(half), last(valid[len(half) :])], (TEXT, valid))
    for i, payload in ((3, valid), (4, utf8.KOSME)):
        yield f"6.2.{i}", answered(fragments(TEXT, payload, 1), (TEXT, payload))
    surrogate = utf8.KOSME + b"\xed\xa0\x80" + b"edited"
    yield "6.3.1", failed(1007, [Frame(TEXT, surrogate)])
    yield "6.3.2", failed(1007, fragments(TEXT, surrogate, 1))
    # What makes it wrong is noticed before the rest is sent, so the rest is not sent.
    wrong = utf8.KOSME + b"\xf4\x90\x80\x80" + b"edited"
    whole = Frame(TEXT, wrong).encoded()
    header = len(whole) - len(wrong)
    for i, (a, b) in enumerate([(11, 15), (12, 13)]):
        frames = [begin(wrong[:a]), quiet, more(wrong[a:b])]
        chops = [whole[: header + a], quiet, whole[header + a : header + b]]
        yield f"6.4.{1 + i}", failed(1007, frames)
        yield f"6.4.{3 + i}", failed(1007, chops)
    for number, payload in utf8.sequences():
        if utf8.valid(payload):
            yield number, echoed(TEXT, payload)
        else:
            yield number, failed(1007, [Frame(TEXT, payload)])


def closing():
    normal = payload_of(1000)
    close = Frame(CLOSE, normal)
    yield "7.1.1", echoed(TEXT, HELLO)
    yield "7.1.2", closed([close, Frame(CLOSE)], normal)
    yield "7.1.3", closed([close, Frame(PING)], normal)
    yield "7.1.4", closed([close, Frame(TEXT, HELLO)], normal)
    yield "7.1.5", closed([begin(b"one"), close, last(b"two")], normal)
    long = b"0123456789abcdef" * (16 * KB)
    frames = [Frame(TEXT, long), Frame(TEXT, HELLO), close, Frame(PING)]
    yield "7.1.6", closed(frames, normal, (TEXT, long), (TEXT, HELLO))
    wrong, not_utf8 = payload_of(1002), payload_of(1007)
    yield "7.3.1", closed([Frame(CLOSE)], b"")
    yield "7.3.2", closed([Frame(CLOSE, b"\x03")], wrong)
    yield "7.3.3", closed([close], normal)
    yield "7.3.4", closed([Frame(CLOSE, normal + HELLO)], normal)
    yield "7.3.5", closed([Frame(CLOSE, normal + b"*" * 123)], normal)
    yield "7.3.6", closed([Frame(CLOSE, normal + b"*" * 124)], wrong)
    yield "7.5.1", closed([Frame(CLOSE, normal + utf8.KOSME + b"\xed\xa0\x80edited")], not_utf8)
    codes = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for i, code in enumerate(codes, 1):
        yield f"7.7.{i}", closed([Frame(CLOSE, payload_of(code))], payload_of(code))
    for i, code in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999], 1):
        yield f"7.9.{i}", closed([Frame(CLOSE, payload_of(code))], wrong)
    for i, code in enumerate([5000, 65535], 1):
        yield f"7.13.{i}", closed([Frame(CLOSE, payload_of(code))], wrong)


def content(opcode, size):
    """A payload whose periods are no multiples of the mask's; text has characters of
    every length."""
    pattern = "aß€😀5".encode() if opcode == TEXT else bytes(range(256)) + b"\xfe\x00\xff"
    return pattern * (size // len(pattern)) + b"x" * (size % len(pattern))


def limits(divisor):
    """Long messages, and many, by a divisor shorter and fewer than the suite has them."""

    def fragmented(opcode, size):
        payload = content(opcode, 4 * MB // divisor)
        return lambda: answered(fragments(opcode, payload, size), (opcode, payload))

    def single(opcode, size, **options):
        return lambda: echoed(opcode, content(opcode, size), **options)

    for i, opcode in enumerate([TEXT, BYTES]):
        for j, size in enumerate([64 * KB, 256 * KB, MB, 4 * MB, 8 * MB, 16 * MB], 1):
            yield f"9.{1 + i}.{j}", single(opcode, size // divisor)
        for j in range(9):
            yield f"9.{3 + i}.{j + 1}", fragmented(opcode, 64 << 2 * j)
        for j in range(6):
            yield f"9.{5 + i}.{j + 1}", single(opcode, MB // divisor, chop=64 << j)
        for j, size in enumerate([0, 16, 64, 256, 1024, 4096], 1):
            yield f"9.{7 + i}.{j}", single(opcode, size, times=1000 // divisor)


def fragmenting():
    payload = b"*" * 65536
    yield "10.1.1", answered(fragments(TEXT, payload, 1300), (TEXT, payload))


CASES = {
    number: case
    for chapter in (
        framing,
        pings,
        reserved_bits,
        reserved_opcodes,
        fragmentation,
        text,
        closing,
        fragmenting,
    )
    for number, case in chapter()
}
