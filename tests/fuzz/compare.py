"""The comparisons: what two parsers make of the same bytes, for a number of inputs or of
seconds."""

import contextlib
import gzip
import os
import random
import re
import socket
import time
import zlib
from dataclasses import dataclass, field

from conftest import BUILD, DEVICE, PARSERS, read_all, run_micropython, serving

import fuzz
from fuzz import conversations, frames, heads, peers

_BATCH = 900  # inputs of one process of MicroPython


@dataclass
class Report:
    tried: int = 0
    findings: list = field(default_factory=list)  # of (what, the input)

    def __str__(self):
        lines = [f"{what}: {data!r}" for what, data in self.findings]
        return "\n  ".join([f"{self.tried} inputs", *lines])


def mutated(random, data):
    """data with a few bytes changed, cut, doubled or put elsewhere."""
    data = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        i = random.randrange(len(data) + 1)
        n = random.choice((1, 1, 2, 4, 8))
        how = random.randrange(4)
        if how == 0:
            data[i : i + n] = random.randbytes(n)
        elif how == 1:
            del data[i : i + n]
        elif how == 2:
            data[i:i] = data[i : i + n]
        else:
            data[i:i] = random.choice((b"\r\n", b" ", b":", b"\t", b"%", b"0", b"\x80", b","))
    return bytes(data)


def _inputs(random, target, make):
    """First what is kept, then without end what is made, and both changed."""
    seeds = fuzz.seeds(target)
    yield from seeds
    while True:
        data = make(random) if random.random() < 0.7 else random.choice(seeds)
        yield data if random.random() < 0.6 else mutated(random, data)


def _heads(random):
    for data in _inputs(random, "head", heads.make):
        yield data, peers.difference(data)


def _frames(random):
    # a seed of libFuzzer's has a byte before the frame
    for data in _inputs(random, "frame", lambda random: b"\0" + frames.make(random)):
        yield data, frames.difference(data[1:])


def _twins(random):
    sources = [
        _inputs(random, "head", heads.make),
        _inputs(random, "frame", frames.make),
        _inputs(random, "text", lambda random: random.randbytes(random.randrange(20))),
    ]
    file = BUILD / "fuzz" / "twins.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        batch = [data[:4096] for source in sources for data, _ in zip(source, range(_BATCH // 3))]
        file.write_text("".join(data.hex() + "\n" for data in batch))
        lines = run_micropython(DEVICE / "twins.py", file, timeout=600).splitlines()
        if lines[-1:] != [f"tried {len(batch)}"]:
            raise AssertionError("\n".join(lines[-20:]))
        found = {bytes.fromhex(line.split()[1]): line.split()[0] for line in lines[:-1]}
        for data in batch:
            yield data, found.get(data)


def _exchange(server, parts):
    """What a client of these parts receives, which sends no more once the server has left."""
    with server.connect() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            for part in parts:
                s.sendall(part)
            s.shutdown(socket.SHUT_WR)
        return read_all(s)


def _comparable(answer):
    """What of an answer depends neither on the parts that were sent nor on who is faster: a
    WebSocket's client has half closed already, and a fault is told as soon as it is seen."""
    answer = answer.split(b"HTTP/1.1 101 ")[0]
    return re.sub(rb"(HTTP/1.1 400 ).*", rb"\1", answer, flags=re.S)


def _conversations(random):
    files = BUILD / "fuzz" / "files"
    files.mkdir(parents=True, exist_ok=True)
    (files / "a.txt").write_bytes(b"0123456789")
    os.utime(files / "a.txt", (0, 0))
    (files / "b.txt.gz").write_bytes(gzip.compress(b"packed " * 50, mtime=0))
    script = DEVICE / "conversations.py"
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(serving(parser, script, files, heap="400k")) for parser in PARSERS
        ]
        while True:
            data = conversations.make(random)
            if random.random() < 0.5:
                data = mutated(random, data)
            parts = conversations.split(random, data)
            answers = [_exchange(server, sent) for server in servers for sent in ([data], parts)]
            consoles = [line for server in servers for line in server.console]
            faults = [line for line in consoles if "Traceback" in line or "fault:" in line]
            for server in servers:
                server.console.clear()
            same = len({_comparable(answer) for answer in answers}) == 1
            yield data, faults or (None if same else answers)


PARTS = {"heads": _heads, "frames": _frames, "twins": _twins, "conversations": _conversations}


def run(part, seconds=None, count=None, seed=None, artifacts=fuzz.FINDINGS):
    """Compare until so many seconds have passed, or so many inputs, by a seed. Returns a
    Report; what differs is written to artifacts."""
    chosen = random.Random(seed)
    report = Report()
    end = None if seconds is None else time.monotonic() + seconds
    for data, difference in PARTS[part](chosen):
        report.tried += 1
        if difference:
            report.findings.append((difference, data))
            artifacts.mkdir(exist_ok=True)
            target = "frame" if part == "frames" else "head"
            (artifacts / f"{target}-{part}-{zlib.crc32(data):08x}").write_bytes(data)
        if report.tried == count or (end and time.monotonic() > end) or len(report.findings) > 9:
            return report
