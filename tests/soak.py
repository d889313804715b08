"""Months of a board in little: all kinds of clients at once, good and bad ones, in rounds.
After each round nobody is there, and what the server holds is what it held before.

    .venv/bin/python tests/soak.py SECONDS
"""

import asyncio
import contextlib
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import emulators
import matrix
from conftest import BUILD, DEVICE, Server, free_port
from visitors import BAD, GOOD, HALVES, PATIENCE, SIZES, WRONG, Visitor, content, poll, stall
from wire.many import Client

TARGET = "unix-x86"  # 32 bits, and as fast as this machine
HEAP = "120k"
ROUND = 60  # seconds, of a long soak
IDLE_FILES = 5  # the console's, and two that listen
STATED = 2  # seconds in which 99 % are answered, on a machine with nothing else to do
HOSTILE = "127.0.0.2"  # the address of those who mean harm
GROWTH = 2500  # bytes from the first rounds to the last, as the collector takes some for references


class Board(Server):
    """The server of tests/device/soak.py."""

    def __init__(self, folder):
        emulators.build(TARGET)
        self.control = free_port()
        for name, size in SIZES.items():
            (folder / name).write_bytes(content(size, name))
        argv = emulators.command(TARGET, HEAP)

        def command(port):
            return [*argv, DEVICE / "soak.py", str(port), str(self.control), folder]

        arch = emulators.TARGETS[TARGET].arch
        super().__init__("native", command, BUILD / "dist" / matrix.dist_dir(arch).name)

    def left(self):
        """What it holds once nobody is there."""
        with urlopen(f"http://127.0.0.1:{self.control}/left", timeout=60) as response:
            told = json.loads(response.read())
        deadline = time.monotonic() + 5  # for that connection's end
        while self.open_files() > IDLE_FILES and time.monotonic() < deadline:
            time.sleep(0.01)
        return {**told, "descriptors": self.open_files()}

    def seconds(self):
        """Of processor time, that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Report:
    asked: Counter = field(default_factory=Counter)  # {kind: how many requests were answered}
    harm: Counter = field(default_factory=Counter)  # {kind: how often it was done}
    lost: list = field(default_factory=list)  # what good clients did not get
    told: int = 0  # how many of them tell() has told
    later: int = 0  # requests that were told to come later, for want of memory or of a place
    again: int = 0  # requests that met the end of a kept connection
    times: list = field(default_factory=list)  # seconds that each took
    faults_untold: int = 0  # faults of the program that are no line on the console, or too many
    loaded: dict = field(default_factory=dict)  # what is left once all that there is was tried
    memory: list = field(default_factory=list)  # lines that tell of too little memory
    console: list = field(default_factory=list)  # other lines
    rounds: list = field(default_factory=list)  # what was left after each
    costs: list = field(default_factory=list)  # milliseconds of the processor for a request

    def slowest(self, share):
        """The time within which that share of them was answered."""
        return sorted(self.times)[int(len(self.times) * share)]


# -- rounds


async def behave(visitor, chance, until, kinds):
    """One after the other, on a connection that is kept now and then."""
    while time.monotonic() < until and len(visitor.report.lost) < 20:
        await chance.choice(kinds)(visitor, chance)
        if chance.random() < 0.3:
            visitor.close()
        await asyncio.sleep(chance.random() * 0.1)
    visitor.close()


async def do_harm(board, report, chance, until):
    while time.monotonic() < until:
        kind = chance.choice(BAD)
        client = Client(board.port, window=4096 if kind is stall else None)
        client.s.bind((HOSTILE, 0))
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(client.connect(), PATIENCE)
            await asyncio.wait_for(kind(client, chance, report), 3)
            report.harm[kind.__name__] += 1
        (client.reset if chance.random() < 0.5 else client.close)()
        await asyncio.sleep(chance.random() * 0.1)


async def play(board, report, chance, seconds):
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(
            behave(Visitor(board, report, number), chance, until, kinds)
            for number, kinds in enumerate(([poll], GOOD, GOOD, GOOD))
        ),
        *(do_harm(board, report, chance, until) for _ in range(2)),
    )


async def play_each(board, report, chance):
    """All that there is, once, so that all is loaded."""
    for kind in GOOD:
        visitor = Visitor(board, report)
        await kind(visitor, chance)
        visitor.close()
    for data in HALVES + WRONG:
        report.faults_untold += b"/late/" in data
        client = Client(board.port)
        client.s.bind((HOSTILE, 0))
        await client.connect()
        await client.send(data)
        client.half_close()
        await client.left(5)
        client.close()


def run(seconds, folder, seed=None, told=None):
    """Soak for so long. Returns the Report; told(report) is called after each round."""
    seed = random.randrange(100000) if seed is None else seed
    print("seed", seed)
    chance = random.Random(seed)
    report = Report()
    board = Board(folder)
    try:
        asyncio.run(play_each(board, report, chance))
        report.loaded = board.left()  # with what the other App loads
        print("loaded:", report.loaded)
        length = max(min(ROUND, seconds / 4), 2)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before, used = sum(report.asked.values()), board.seconds()
            asyncio.run(play(board, report, chance, length))
            report.costs.append(
                1000 * (board.seconds() - used) / (sum(report.asked.values()) - before or 1)
            )
            began = time.monotonic()
            report.rounds.append(board.left())
            report.rounds[-1]["seconds"] = round(time.monotonic() - began, 1)
            if told:
                told(report)
    finally:
        board.stop()
    faults = [line for line in board.console if re.match(r"web: GET /(fault|late)/1: ", line)]
    # a request for which there is no memory is told so
    told = [line for line in board.console if "MemoryError" in line or "out of memory" in line]
    report.console = [line for line in board.console if line not in faults + told]
    report.memory = told
    report.faults_untold -= len(faults)
    return report


def tell(report):
    left = report.rounds[-1]
    print(
        f"{len(report.rounds):3} rounds, {sum(report.asked.values())} answered,"
        f" {sum(report.harm.values())} harmed, {len(report.lost)} lost, {report.again} asked again,"
        f" {report.later} later;"
        f" 50 % {report.slowest(0.5) * 1000:.1f} ms, 99 % {report.slowest(0.99) * 1000:.0f} ms,"
        f" most {max(report.times) * 1000:.0f} ms; {report.costs[-1]:.2f} ms of the processor each;"
        f" left: {left}",
        *report.lost[report.told :],
        sep="\n    ",
        flush=True,
    )
    report.told = len(report.lost)


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = run(float(sys.argv[1]), Path(folder), told=tell)
    print(dict(report.asked), dict(report.harm), sep="\n")
    print("lost:", *report.lost, sep="\n  ")
    print("console:", *report.console[:40], sep="\n  ")
    print(len(report.memory), "lines of too little memory:", *report.memory[:20], sep="\n  ")
    print("faults untold:", report.faults_untold)
    last = report.rounds[-1]
    same = all(last[what] == report.loaded[what] for what in ("descriptors", "tasks"))
    in_time = report.slowest(0.99) <= STATED
    nothing_wrong = not (report.lost or report.console or report.faults_untold)
    sys.exit(0 if nothing_wrong and same and in_time else 1)


if __name__ == "__main__":
    main()
