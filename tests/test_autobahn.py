"""The cases of Autobahn|Testsuite's fuzzing client, played by a client of ours. What the
suite calls non-strict fails here. `make autobahn` runs the suite itself."""

import hashlib

import pytest
from autobahn.cases import CASES, limits
from autobahn.client import CLOSE, Client, Frame
from autobahn.deflate_cases import DEFLATE_CASES
from conftest import DEVICE, serving
from wire import frame, frames_after

DIVISOR = {"native": 1, "portable": 16}  # of lengths and counts in chapter 9
DEFLATE_DIVISOR = {"native": 1, "portable": 8}  # of lengths in chapters 12 and 13


@pytest.fixture(scope="module")
def server(parser):
    with serving(parser, DEVICE / "autobahn.py", heap="256M") as server:
        yield server
        assert frames_after(server, frame(8), path="/") == b"\x88\x00"
        assert server.console == []


def in_short(events):
    """Events with digests for long payloads, that a difference can be printed."""
    return [
        (opcode, data if len(data) < 200 else (len(data), hashlib.sha256(data).hexdigest()))
        for opcode, data in events
    ]


@pytest.mark.parametrize("number", [*CASES, *dict(limits(1)), *DEFLATE_CASES])
def test_case(server, number):
    if number in DEFLATE_CASES:
        case = DEFLATE_CASES[number](divisor=DEFLATE_DIVISOR[server.parser])
    else:
        case = CASES.get(number) or dict(limits(DIVISOR[server.parser]))[number]()
    with Client(server, case.offer) as client:
        client.run(case.steps)
        close = client.until_close()
        assert in_short(client.events) == in_short(case.events)
        assert close == case.close
        if case.failed:
            client.run([Frame(CLOSE, close)])
        client.ends()
