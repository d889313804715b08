"""The cases of Autobahn|Testsuite's chapters 12 and 13: permessage-deflate, with
data of different kinds and with different offers."""

import json
import random
from functools import cache, partial

from autobahn.cases import KB, Case, payload_of
from autobahn.client import BYTES, CLOSE, RSV1, TEXT, Frame, fragments, gets
from autobahn.deflate import RESET

OFFER = "permessage-deflate; client_no_context_takeover; client_max_window_bits"
SMALL, LARGE = "server_max_window_bits=9", "server_max_window_bits=15"
OFFERS = [  # of the chapters 13.1, 13.2 and so on
    [OFFER],
    [f"{OFFER}; {RESET}"],
    [f"{OFFER}; {SMALL}"],
    [f"{OFFER}; {LARGE}"],
    [f"{OFFER}; {RESET}; {SMALL}"],
    [f"{OFFER}; {RESET}; {LARGE}"],
    [f"{OFFER}; {RESET}; {SMALL}", f"{OFFER}; {RESET}", OFFER],
]
SIZES = [  # of a message, and of the frames that it is sent in; 0: of one frame
    *((16 << 2 * i, 0) for i in range(5)),
    *((8 * KB << i, 0) for i in range(5)),
    *((8 * KB << i, 256) for i in range(5)),
    *((128 * KB, size) for size in (1 * KB, 4 * KB, 32 * KB)),
]


def records(dice):
    """JSON with some text that is not ASCII."""
    places = ["Zürich", "Ljubljana", "Åbo", "São Paulo", "東京", "Reno"]
    return json.dumps(
        [
            {
                "id": i,
                "place": dice.choice(places),
                "celsius": round(dice.gauss(12, 9), 2),
                "tags": dice.sample(["indoor", "outdoor", "roof", "garden", "lab"], 2),
                "ok": dice.random() < 0.9,
            }
            for i in range(1500)
        ],
        ensure_ascii=False,
    )


def picture(dice):
    """Grey levels that change little from one to the next."""
    level, levels = 128, bytearray()
    for _ in range(128 * KB):
        level = min(255, max(0, level + dice.randrange(-3, 4)))
        levels.append(level)
    return bytes(levels)


def prose(dice):
    letters = "eeeennniiisssrrraaatttdddhhuullccggmmoobbwwffkkzpväüöß"
    words = ["".join(dice.choices(letters, k=dice.randrange(2, 11))) for _ in range(2000)]
    weights = [1 / rank for rank in range(1, 2001)]
    return " ".join(dice.choices(words, weights, k=24000)).encode()


def page(dice):
    rows = "".join(
        f'<tr class="row{i % 2}"><td>{i}</td><td>{dice.random():.6f}</td><td>größer</td></tr>\n'
        for i in range(2500)
    )
    return f"<!doctype html>\n<table>\n{rows}</table>\n"


def document(dice):
    """Little that can be made shorter."""
    objects = (
        b"%d 0 obj\n<< /Length 3000 >>\nstream\n%s\nendstream\nendobj\n" % (i, dice.randbytes(3000))
        for i in range(1, 50)
    )
    return b"%PDF-1.4\n" + b"".join(objects)


@cache
def data_of(make):
    return make(random.Random(1))


def messages(data, size, count):
    """Payloads of that many bytes, or characters of text: the data from its beginning
    over and over."""
    for i in range(count):
        at = size * i % len(data)
        whole = data[at : at + size]
        while len(whole) < size:
            whole += data[: size - len(whole)]
        yield whole.encode() if isinstance(whole, str) else whole


def packed(opcode, payload, size):
    """A step: a message is sent compressed, in frames of that size."""

    def step(client):
        data = client.extension.pack(payload)
        if size:
            client.run(fragments(opcode, data, size, RSV1))
        else:
            client.run([Frame(opcode, data, rsv=RSV1)])

    return step


def deflated(offers, make, size, frame_size, divisor=1):
    """Messages that are sent compressed come back. The suite sends a thousand."""
    data = data_of(make)
    opcode = TEXT if isinstance(data, str) else BYTES
    size = max(16, size // divisor)
    payloads = list(messages(data, size, max(3, min(20, 128 * KB // size))))
    steps = [step for p in payloads for step in (packed(opcode, p, frame_size), gets(1))]
    close = payload_of(1000)
    events = [(opcode, p) for p in payloads]
    return Case([*steps, Frame(CLOSE, close)], events, close, offer=", ".join(offers))


def numbered():
    """(number, how to make its case)"""
    for i, make in enumerate([records, picture, prose, page, document], 1):
        for j, sizes in enumerate(SIZES, 1):
            yield f"12.{i}.{j}", partial(deflated, OFFERS[0], make, *sizes)
    for i, offers in enumerate(OFFERS, 1):
        for j, sizes in enumerate(SIZES, 1):
            yield f"13.{i}.{j}", partial(deflated, offers, records, *sizes)


DEFLATE_CASES = dict(numbered())
