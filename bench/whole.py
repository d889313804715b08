"""Whole programs, in bench/programs/, ours and Microdot's, with a client's visit each."""

import functools
import os
import time

from packages import closure, own_files

from bench.measures import attempt
from bench.meter import (
    BOARD,
    CODE,
    FAILURES,
    HERE,
    LARGE,
    OURS,
    PEER,
    least,
    library,
    machine_code,
    running,
    smallest,
)
from bench.staging import WAIT
from bench.visits import DASHBOARD_FILES, VISITS

LEAST, MOST = 16, 160  # KiB of heap
LARGE_BOARD = "800k"  # what 400 KB are to a program whose words are twice as long
PEAK = "200k"  # in which collecting all the time takes seconds
# what a user installs for each: packages of ours, modules of Microdot's
NEEDED = {
    "dashboard": (("aioweb-forms", "aioweb-sse"), ("helpers", "sse")),
    "updater": (("aioweb-forms",), ("auth",)),
    "chat": (("aioweb-forms", "aioweb-websocket", "aioweb-broadcast"), ("helpers", "websocket")),
    "api": (("aioweb-forms",), ()),
}
FRAMEWORKS = (OURS, PEER)


def sources(framework, program):
    """The program's text, and the files beside it."""
    script = (HERE / "programs" / framework / f"{program}.py").read_bytes()
    files = {name: (HERE / "programs" / "files" / name).read_bytes() for name in DASHBOARD_FILES}
    files["app.js"] *= 5  # as long as scripts are
    return script, files


def _running(framework, program, what=None, line=b"", **options):
    script, files = sources(framework, program)
    return running(framework, line + script, what, files=files, **options)


def code(framework, program):
    """Bytes of the machine code that it loads."""
    return machine_code(framework, 2 if program == "chat" else 1)


def _settle(program, before):
    """Wait until the server has seen that its clients are gone."""
    folder = f"/proc/{program.process.pid}/fd"
    deadline = time.monotonic() + WAIT
    while len(os.listdir(folder)) > before:
        if time.monotonic() > deadline:
            raise TimeoutError("connections stay open")
        time.sleep(0.01)
    program.wait_idle()


def visit(program, name):
    before = len(os.listdir(f"/proc/{program.process.pid}/fd"))
    VISITS[name](program)
    _settle(program, before)


@functools.cache
def used(framework, name):
    """What is in use after a visit, all connections having ended."""

    def once(line):
        with _running(framework, name, "used", line) as program:
            visit(program, name)
            return program.used()

    return least(once)


def live(framework, name):
    return used(framework, name).now + code(framework, name)


def names(framework, name):
    return used(framework, name).names


def peak(framework, name):
    """The most that is in use at any time, as far as collections tell: to 512 bytes."""
    with _running(framework, name, "peak", heap=PEAK) as program:
        visit(program, name)
        return program.used().most + code(framework, name)


def completes(framework, name, heap):
    """Whether a visit succeeds in a heap that holds the machine code, too."""
    try:
        with _running(framework, name, heap=heap - code(framework, name)) as program:
            visit(program, name)
    except FAILURES:
        return False
    return True


def heap(framework, name):
    return smallest(lambda size: completes(framework, name, size), LEAST, MOST)


def flash(framework, name):
    """Bytes of the files that a user installs for it."""
    ours, peers = NEEDED[name]
    folder = library(framework, CODE)
    if framework == OURS:
        packages = {p for package in ours for p in closure(package)}
        files = [file for package in packages for file in own_files(package, native=True)]
    else:
        files = [f"{PEER}/{module}.mpy" for module in ("__init__", "microdot", *peers)]
    return sum((folder / file).stat().st_size for file in files)


def instructions(framework, name):
    """Of a visit, on x64, collections and deadlines among them: not exact."""
    with _running(framework, name, "clocked", target=LARGE, heap=LARGE_BOARD) as program:
        program.allocations()
        visit(program, name)
        return program.instructions()


def cpu(framework, name):
    """Milliseconds of a visit, in a board's heap: the best of three."""
    runs = []
    for _ in range(3):
        with _running(framework, name, heap=BOARD) as program:
            before = program.cpu_seconds()
            visit(program, name)
            runs.append((program.cpu_seconds() - before) * 1e3)
    return round(min(runs), 1)


FIGURES = {
    "live": live,
    "peak": peak,
    "heap": heap,
    "flash": flash,
    "names": names,
    "instructions": instructions,
    "CPU ms": cpu,
}


def measure():
    """{program: {framework: figures}}"""
    return {
        name: {
            f: {title: attempt(figure, f, name) for title, figure in FIGURES.items()}
            for f in FRAMEWORKS
        }
        for name in VISITS
    }
