"""What the whole programs of bench/programs/ use on an emulated RP2040: bytes of its
heap after a client's visit, the files having been loaded from the flash, machine code
included.

    python -m bench.chip [PROGRAM...]
"""

import argparse
import functools
import re
import tempfile
import time
from pathlib import Path

import chip
import emulators

from bench.meter import OURS, PEER, arch_of, library
from bench.visits import FIRMWARE, VISITS
from bench.whole import FRAMEWORKS, sources

NAME = "rp2040"
# The flash holds no 1.5 MB.
LEAST_VISITS = {"updater": functools.partial(VISITS["updater"], firmware=FIRMWARE[: 256 << 10])}
SECONDS = 60  # within which the chip answers if it can
SAME = 4  # figures, one after another, that agree
PORT = 80
FILE = "program.py"  # a main.py would run when the chip starts
# What the firmware's modules take counts for nobody.
SCRIPT = """
import asyncio, gc, json, machine, select, socket, sys
sys.path[:] = ["", "/lib", ".frozen"]
sys.argv[:] = ["{name}", "{port}"]
def tell(_):
    gc.collect()
    print("used", gc.mem_alloc() - before)
before = 0
timer = machine.Timer(period=250, callback=tell)
gc.collect()
before = gc.mem_alloc()
execfile("{name}")
"""


class Running:
    """A program on a chip; what bench.visits takes for one."""

    def __init__(self, board):
        self.board = board
        self.port = PORT

    def wait_idle(self):
        pass

    def wait_until_listening(self):
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return self.connect().close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, self.board.console
                time.sleep(0.1)

    def connect(self):
        return self.board.connect(PORT, timeout=SECONDS)

    def file(self, name):
        return chip.files_on(self.board.flash())[name]

    def used(self):
        """Once it stays so."""
        figures = []
        with self.board.time_flies():
            deadline = self.board.seconds + 60  # all of the server's time limits
            while self.board.seconds < deadline:
                time.sleep(0.01)
        self.board.console = b""
        while len(figures) < SAME or len(set(figures[-SAME:])) > 1:
            assert len(figures) < 50, f"what is in use changes: {figures}"
            found = re.search(rb"used (\d+)\r\n", self.board.wait_for(b"\n"))
            figures += [int(found[1])] if found else []
        return figures[-1]


def used(framework, name):
    script, files = sources(framework, name)
    files[FILE] = script.replace(b'"127.0.0.1"', b'"0.0.0.0"')
    folder = library(framework, arch_of(NAME))
    for path in folder.rglob("*"):
        if path.is_file():
            files[f"lib/{path.relative_to(folder)}"] = path.read_bytes()
    content = chip.flash(emulators.build(NAME), files)
    with tempfile.TemporaryDirectory() as scratch, chip.Chip(content, Path(scratch)) as board:
        board.begin(SCRIPT.format(name=FILE, port=PORT))
        board.wait_for(b"used")
        program = Running(board)
        program.wait_until_listening()
        LEAST_VISITS.get(name, VISITS[name])(program)
        return program.used()


def measure(names=tuple(VISITS)):
    """{program: {framework: bytes}}"""
    return {name: {framework: used(framework, name) for framework in FRAMEWORKS} for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", nargs="*", default=[*VISITS], help=", ".join(VISITS))
    print(f"{'':12}{OURS:>10}{PEER:>10}")
    for name in parser.parse_args().program:
        figures = measure([name])[name]
        print(f"{name:12}{figures[OURS]:>10,}{figures[PEER]:>10,}")


if __name__ == "__main__":
    main()
