"""Wherever a client or a handler ends, nothing of the connection stays: thousands of
short lives, many at once, and after each batch the server is as it was before.

A failure names lives. `LIVES=SEED:NUMBER,NUMBER pytest tests/test_lives.py` plays these
again, and nothing else; `LIVES=SEED` all of that seed."""

import asyncio
import concurrent.futures
import itertools
import json
import os
import random
import re
import socket
import ssl
import time
from collections import Counter
from dataclasses import dataclass

import emulators
import matrix
import pytest
from conftest import BUILD, DEVICE, MICROPYTHON, WITH_TLS, Server, free_port, packages, read_all
from lives import KINDS, PARTS, PATIENCE, lives
from test_tls import make_certificate
from wire.many import Client, Unserved


@dataclass
class Target:
    """A server, and how many lives it has."""

    count: int
    parser: str
    parts: tuple = PARTS
    build: str = None  # of the emulators
    heap: str = "4M"
    secure: bool = False
    batch: int = 100


def small(part, heap):
    """The 32-bit servers: heaps of which what is loaded takes more than two thirds."""
    return [
        Target(150, parser, (part,), build, heap, batch=15)
        for parser, build in (("native", "unix-armv7emsp"), ("portable", "unix-armv6m"))
    ]


# servers that have their lives at the same time: lives wait for most of theirs
TARGETS = {
    "native": [Target(1000, "native", PARTS[:2]), Target(1000, "native")],
    "portable": [Target(1000, "portable", PARTS[:2]), Target(1000, "portable")],
    "https": [Target(250, "native", secure=True, batch=50)] * 2,
    "http in 128k": small("http", "128k"),
    "streams in 160k": small("streams", "160k"),
}
AT_ONCE = 12  # fewer than the server's places: nobody has to make room
CROWD = 24  # more: some wait, and idle ones give way
SETTLING = 4  # seconds until nothing is left of a batch
PLACE = "keeps its place"
MOST_FAILED = 2  # batches
GROWTH = 2500  # bytes


class Ground(Server):
    """The server of tests/device/lives.py, where lives are played."""

    def __init__(self, target, folder):
        self.control = free_port()
        self.trust = None
        self.small = bool(target.build)
        files = packages(target.parser)
        argv = [MICROPYTHON, "-X", f"heapsize={target.heap}"]
        end = [str(self.control), ",".join(target.parts)]
        if target.build:
            emulators.build(target.build)
            argv = emulators.command(target.build, target.heap)
            arch = emulators.TARGETS[target.build].arch if target.parser == "native" else None
            files = BUILD / "dist" / matrix.dist_dir(arch or matrix.PORTABLE).name
        if target.secure:
            argv[0] = WITH_TLS
            end += [folder / "cert.der", folder / "key.der"]
            self.trust = ssl.create_default_context(cafile=folder / "cert.pem")

        def command(port):
            return [*argv, DEVICE / "lives.py", str(port), *end]

        super().__init__(target.parser, command, files)
        self.tasks = 99
        self.mark = 0
        self.hello()
        self.settled()  # the clock of the other App begins with its first client
        self.tasks = sum(self.settled()["tasks"].values())
        self.files = self.open_files()
        self.seen = 0
        self.news()

    def settled(self):
        """What there is once all has ended, or after SETTLING seconds."""
        self.mark += 1
        path = f"/settled/{self.tasks}/{SETTLING * 1000}/{self.mark}"
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        deadline = time.monotonic() + SETTLING
        while True:
            with socket.create_connection(("127.0.0.1", self.control), SETTLING + 5) as s:
                s.sendall(request)
                response = read_all(s)
            if response.startswith(b"HTTP/1.1 200 "):
                return json.loads(response.partition(b"\r\n\r\n")[2])
            # those that still leave may have the memory
            if not self.small or time.monotonic() > deadline:
                raise Unserved(f"{response}")
            time.sleep(0.05)

    def hello(self):
        """A further client is served."""

        async def visit():
            client = Client(self.port, self.trust)
            await client.connect()
            try:
                if self.trust:
                    await client.send(client.hello())
                    await client.shake()
                await client.send(client.sealed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
                await client.response(200)
            finally:
                client.close()

        asyncio.run(asyncio.wait_for(visit(), PATIENCE))

    def news(self):
        """The console's lines between the last two calls of settled()."""
        self.wait_for_line(f"settled {self.mark}")
        lines = self.console[self.seen :]
        self.seen += len(lines)
        return [line for line in lines if not line.startswith("settled ")]


async def play_all(batch, server, at_once=AT_ONCE):
    """Play the lives, many at once. Returns what was wrong, the lives by their clients'
    ports, and clients that are still there."""
    waiting = sorted(batch, key=lambda life: life.ending == "silence")  # which take long: first
    wrong, ports, kept = [], {}, []

    async def play_some():
        while waiting and len(wrong) < at_once:
            life = waiting.pop()
            try:
                await asyncio.wait_for(life.play(server, ports, kept), PATIENCE)
            except (Unserved, TimeoutError) as e:
                wrong.append((life, repr(e)))

    await asyncio.gather(*(play_some() for _ in range(at_once)))
    return wrong, ports, kept


def judge(batch, server, at_once=AT_ONCE):
    """Play the lives and return what is wrong then: pairs of a life, or None for one that
    is not known, and what is wrong."""
    wrong, ports, kept = asyncio.run(play_all(batch, server, at_once))
    try:
        state = server.settled()
        server.hello()
        server.settled()  # it takes its time to leave
    except (OSError, ValueError, Unserved, TimeoutError) as e:
        server.stop()
        return [*wrong, (None, f"the server does not answer: {e!r}")]
    finally:
        for client in kept:
            client.reset()
    for port in state["ports"]:
        wrong.append((ports.get(port), PLACE))
    if not state["ports"]:
        if state["handlers"]:
            wrong.append((None, f"never ended: {state['handlers']}"))
        if sum(state["tasks"].values()) > server.tasks:
            wrong.append((None, f"tasks: {state['tasks']}"))
        if server.open_files() > server.files:
            wrong.append((None, f"{server.open_files() - server.files} descriptors are lost"))
    lines = server.news()
    enough = [line for line in lines if not re.search("MemoryError|out of memory", line)]
    unserved = {life.number for life, _ in wrong if life}
    if at_once > AT_ONCE or server.small and len(enough) < len(lines):
        # who got no place, or no memory, was told so, or cut off: that is no fault
        wrong = [(life, what) for life, what in wrong if life is None or what == PLACE]
        unserved = {life.number for life in batch}
        lines = enough
    played = [life for life in batch if life in ports.values()]
    return wrong + judge_console(played, lines, unserved)


def judge_console(batch, lines, unserved):
    """The console has one line for a fault of a handler, and no other."""
    found = []
    told = Counter()
    for line in lines:
        number = re.match(r"web: \w+ /[\w/-]+/(\d+): ", line)
        number = int(number[1]) if number else None
        if number is None:
            found.append((None, "on the console: " + line))
        told[number] += 1
    for life in batch:
        n = told[life.number]
        least = life.kind.fault and life.ending is None and life.number not in unserved
        if not least <= n <= life.kind.fault:
            about = [line for line in lines if f"/{life.number}: " in line]
            found.append((life, f"{n} lines on the console: {about}"))
    return found


def search(batch, ground, seconds=20):
    """Play each life of a batch by itself, for so long. Returns what is wrong then."""
    found = []
    deadline = time.monotonic() + seconds
    server = ground()
    for life in batch:
        wrong = judge([life], server, 1)
        found += [(life, what) for _, what in wrong]
        if time.monotonic() > deadline:
            break
        if wrong:
            server.stop()
            server = ground()
    server.stop()
    return found


def confirmed(wrong, batch, ground):
    """What is wrong for sure, with the life that it is for. A busy machine may have kept
    a client from what it expected."""
    sure = [(life, what) for life, what in wrong if life and what == PLACE]
    blamed = {life.number for life, _ in sure}
    sure += search([life for life, _ in wrong if life and life.number not in blamed], ground)
    if not sure and any(life is None for life, _ in wrong):
        sure = search(batch, ground) or wrong
    return sure


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lives")
    make_certificate(folder, "ec")
    return folder


def again(target, folder, seed, numbers):
    """Play some lives of a seed once more. Returns what is wrong."""
    plan = lives(seed, target.parts, target.secure)
    plan = itertools.takewhile(lambda life: life.number <= max(numbers), plan)
    return search([life for life in plan if life.number in numbers], lambda: Ground(target, folder))


def grows(memory):
    """Whether the memory after each batch does. The collector may take anything for a
    reference, but not again and again."""
    half = len(memory) // 2
    return half > 1 and min(memory[half:]) - min(memory[:half]) > GROWTH


def play(target, folder, seed):
    """Play the lives of a target. Returns what is wrong."""

    def ground():
        return Ground(target, folder)

    plan = lives(seed, target.parts, target.secure)
    failed = []
    memory = []
    server = ground()
    try:
        for i in range(target.count // target.batch):
            batch = list(itertools.islice(plan, target.batch))
            # what is only loaded for a crowd comes early
            wrong = judge(batch, server, CROWD if i % 4 == 1 and not server.small else AT_ONCE)
            if wrong:
                server.stop()
                sure = confirmed(wrong, batch, ground)
                failed += [sure] if sure else []
                told = [f"{life}: {what}" for life, what in wrong]
                print("wrong" if sure else "wrong, but not again", *told, sep="\n  ")
                server = ground()
                memory = []
            elif i * target.batch > len(KINDS):  # all is loaded
                memory.append(server.settled()["memory"])
            if len(failed) == MOST_FAILED:
                break
    finally:
        server.stop()
    if grows(memory):
        failed.append([(None, f"the memory after each batch of seed {seed} grows: {memory}")])
    return [one for sure in failed for one in sure]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_stays(name, folder):
    targets = TARGETS[name]
    chosen, _, numbers = os.environ.get("LIVES", "").partition(":")
    seeds = [int(chosen) if chosen else random.randrange(100000) for _ in targets]
    print("LIVES", seeds)
    numbers = [int(number) for number in numbers.split(",") if number]

    def play_some(target, seed):
        return again(target, folder, seed, numbers) if numbers else play(target, folder, seed)

    with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
        wrong = sum(pool.map(play_some, targets, seeds), [])
    if wrong:
        pytest.fail("\n".join(f"{life}: {what}" for life, what in wrong), pytrace=False)
