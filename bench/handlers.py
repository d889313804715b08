"""Programs of one handler, in bench/cases/, that a browser asks: ours and Microdot's."""

import functools
import json

from matrix import PORTABLE

from bench.client import BROWSER, post
from bench.measures import attempt
from bench.meter import (
    BOARD,
    FAILURES,
    HERE,
    LARGE,
    OURS,
    PEER,
    Client,
    least,
    machine_code,
    running,
    smallest,
)

COOKIES = b"Cookie: session=abc123; theme=dark\r\n\r\n"
FLOOR = "raw_keepalive"
WARM_UP, COUNTED, TIMED = 20, 100, 300
LEAST, MOST = 8, 128  # KiB of heap


def browser_request(path=b"/"):
    """A browser's request of 700 bytes, with cookies."""
    line, rest = BROWSER.read_bytes().split(b"\r\n", 1)
    method, _, protocol = line.split()
    return b" ".join((method, path, protocol)) + b"\r\n" + rest[:-2] + COOKIES


def _form():
    body = b"a=1&b=2"
    head = browser_request().replace(b"GET", b"POST", 1)[:-2]
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


# {name: (request, the body of its response, or what that is as JSON)}
CASES = {
    "str": (browser_request(), b"Hello"),
    "dict": (browser_request(), {"temp": 21, "ok": True}),
    "param": (browser_request(b"/pins/7"), {"pin": 7, "who": "abc123"}),
    "hook": (browser_request(), b"Hello"),
    "generator": (browser_request(), b"piecepiecepiece"),
    "raw": (browser_request(), b"Hello"),
    "form": (_form(), b"ok 1"),
    "post": (post(1024), b"1024"),
}
CLOSING = ("raw",)  # end each connection, and do not say so
SEARCHED = ("str", "dict", "param")  # for the smallest heap


def script(framework, case):
    if framework == FLOOR:
        return (HERE / "servers" / f"{FLOOR}.py").read_bytes()
    return (HERE / "cases" / framework / f"{case}.py").read_bytes()


def frameworks(case):
    """Who has such handlers."""
    return [f for f in (OURS, PEER) if (HERE / "cases" / f / f"{case}.py").exists()]


def _ask(client, case, n=1):
    request, expected = CASES[case]
    for _ in range(n):
        answer = client.exchange(request)
        assert answer.status == 200, answer
        body = json.loads(answer.body) if isinstance(expected, dict) else answer.body
        assert body == expected, answer
        if case in CLOSING:
            client.close()


@functools.cache
def used(framework, case):
    """What is in use after three requests on one connection, which has ended."""

    def once(line):
        with running(framework, line + script(framework, case), "used") as program:
            client = Client(program)
            _ask(client, case, 3)
            client.close()
            return program.used()

    return least(once)


def used_bytes(framework, case):
    return used(framework, case).now + machine_code(framework)


def names(framework, case):
    return used(framework, case).names


def answers(framework, case, heap, arch=None):
    """Whether it answers three requests in a heap that holds the machine code, too."""
    left = heap - (0 if arch == PORTABLE else machine_code(framework))
    try:
        with running(framework, script(framework, case), heap=left, arch=arch) as program:
            client = Client(program)
            _ask(client, case, 3)
            client.close()
    except FAILURES:
        return False
    return True


def heap(framework, case, arch=None):
    return smallest(lambda size: answers(framework, case, size, arch), LEAST, MOST)


@functools.cache
def instructions(framework, case):
    """A request's on x64, with the server's clock at rest."""
    n = COUNTED // 5 if framework == PEER else COUNTED  # it executes as many all the same
    with running(framework, script(framework, case), "counted", LARGE) as program:
        client = Client(program)
        _ask(client, case, WARM_UP)
        program.allocations()
        _ask(client, case, n)
        return round(program.instructions() / n)


def allocations(framework, case):
    """A request's searches for memory, those that are freed at once among them."""
    with running(framework, script(framework, case), "counted") as program:
        client = Client(program)
        _ask(client, case, WARM_UP)
        before = program.allocations()
        _ask(client, case, COUNTED)
        return round((program.allocations() - before) / COUNTED, 1)


def cpu(framework, case):
    """Microseconds a request, in a board's heap: the best of five runs."""
    runs = []
    for _ in range(5):
        with running(framework, script(framework, case), heap=BOARD) as program:
            client = Client(program, wait=False)
            _ask(client, case, WARM_UP)
            before = program.cpu_seconds()
            _ask(client, case, TIMED)
            program.wait_idle()
            runs.append((program.cpu_seconds() - before) / TIMED * 1e6)
    return round(min(runs), 1)


def _figures(framework, case):
    figures = {
        "used": attempt(used_bytes, framework, case),
        "names": attempt(names, framework, case),
        "instructions": attempt(instructions, framework, case),
        "allocations": attempt(allocations, framework, case),
        "CPU us": attempt(cpu, framework, case),
    }
    if case in SEARCHED:
        figures["heap"] = attempt(heap, framework, case)
        if framework == OURS:
            figures["heap, portable"] = attempt(heap, framework, case, PORTABLE)
    return figures


def measure():
    """{case: {framework: figures}}, the floor among them"""
    results = {case: {f: _figures(f, case) for f in frameworks(case)} for case in CASES}
    floor = {
        "instructions": attempt(instructions, FLOOR, "str"),
        "allocations": attempt(allocations, FLOOR, "str"),
        "CPU us": attempt(cpu, FLOOR, "str"),
    }
    return {"floor": {FLOOR: floor}, **results}
