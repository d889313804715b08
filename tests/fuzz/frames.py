"""What other people's libraries make of the same frames: wsproto and websockets."""

import random as random_module

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame
from websockets.streams import StreamReader
from wsproto.frame_protocol import FrameDecoder, ParseFailed

from fuzz import ours

MASKED = 128


def websockets_(data, masked):
    """(FIN, opcode, payload) of the frame that data begins with, None if that is refused, 0
    if it is cut."""
    reader = StreamReader()
    reader.feed_data(data)
    parser = Frame.parse(reader.read_exact, mask=masked, max_size=ours.LENGTH_MAX)
    try:
        next(parser)
    except StopIteration as e:
        return e.value.fin, int(e.value.opcode), bytes(e.value.data)
    except (ProtocolError, PayloadTooBig):
        return None
    return 0


def wsproto_(data, masked):
    """The same."""
    decoder = FrameDecoder(client=not masked)
    decoder.receive_bytes(data)
    try:
        frame = decoder.process_buffer()
    except ParseFailed:
        return None
    if frame is None or not frame.frame_finished:
        return 0
    return frame.message_finished, int(frame.opcode), bytes(frame.payload)


def mine(data, masked):
    found = ours.frame(data, MASKED if masked else 0)
    if not isinstance(found, tuple):
        return found if found == 0 else None
    used, first, length = found
    payload = data[used : used + length]
    if len(payload) < length:
        return 0
    if masked:
        payload = ours.masked(payload, data[used - 4 : used])
    return bool(first & 128), first & 15, payload


def _in_a_longer_form(data):
    """RFC 6455 5.2: the length has its shortest form, which websockets does not ask for."""
    form = data[1] & 127 if len(data) > 1 else 0
    size = {126: 2, 127: 8}.get(form, 0)
    return size and int.from_bytes(data[2 : 2 + size], "big") < (126 if size == 2 else 65536)


def difference(data):
    """What ours and another make of a frame differently: a str, or None."""
    for masked in (True, False):
        own = mine(data, masked)
        for parser in (websockets_, wsproto_):
            theirs = parser(data, masked)
            if parser is websockets_ and own is None and _in_a_longer_form(data):
                continue
            # one may refuse what another waits for the rest of
            if own != theirs and not (own in (0, None) and theirs in (0, None)):
                return f"{parser.__name__} makes {theirs} of it, ours {own}"
    return None


def make(random: random_module.Random):
    """A frame, most often a sound one (bytes)."""
    first = random.choice((0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, random.randrange(256)))
    length = random.choice((0, 1, 2, 125, 126, 127, 300, 65535, 65536, random.randrange(2000)))
    masked = random.choice((0, MASKED))
    form = 0 if length < 126 else 126 if length < 65536 else 127
    if random.random() < 0.1:
        form = random.choice((126, 127))
    size = {0: 0, 126: 2, 127: 8}[form]
    head = bytes([first, masked | (form or length & 127)]) + length.to_bytes(8, "big")[8 - size :]
    out = head + (random.randbytes(4) if masked else b"") + random.randbytes(length)
    if random.random() < 0.2:
        out = out[: random.randrange(len(out) + 1)]
    if out and random.random() < 0.2:
        i = random.randrange(min(len(out), 14))
        out = out[:i] + bytes([random.randrange(256)]) + out[i + 1 :]
    return out
