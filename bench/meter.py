"""Runs programs on MicroPython with a meter, which bench/firmware/ is the source of."""

import contextlib
import functools
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import emulators
from matrix import ROOT

from bench.staging import (
    LIB,
    SERVERS,
    WAIT,
    compile_library,
    environment,
    free_port,
    native_code,
    wait_idle,
)

HERE = ROOT / "bench"
METERED = HERE / "metered.py"
SMALL, LARGE = "bench-x86", "bench-x64"  # of 32 bits, and the one Callgrind counts
CODE = "armv6m"  # whose machine code is counted, as it lies in the heap there
CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
AMPLE = {SMALL: "8M", LARGE: "256M"}  # heaps in which nothing is collected unasked
BOARD = "400k"  # a heap in which there are collections
OURS, PEER = "aioweb", "microdot"
PEER_FILES = ("__init__", "microdot", "helpers", "auth", "multipart", "sse", "websocket")

_scratch = tempfile.TemporaryDirectory(prefix="bench-")


class Used(NamedTuple):
    now: int  # bytes in use
    most: int  # the same at the worst moment
    names: int  # interned, that the firmware does not know


@functools.cache
def library(framework, arch):
    """A folder with a framework's files; with none for a floor."""
    folder = Path(_scratch.name) / arch / framework
    folder.mkdir(parents=True)
    if framework in (OURS, PEER):
        server = SERVERS[framework]
        files = server.files if framework == OURS else [f"{PEER}/{n}.py" for n in PEER_FILES]
        compile_library(folder, server.sources, files, server.ours, arch)
    return folder


@functools.cache
def machine_code(framework, files=1):
    """Bytes in which boards hold the machine code of the first of the native files."""
    return sum(native_code(CODE, n) for n in range(files)) if framework == OURS else 0


def arch_of(target):
    return emulators.TARGETS[target].arch


# The collector keeps what something that looks like a pointer points to, of which there may
# be one by chance. Where things lie is changed by a line before the program's, and the
# least of the figures is the one without.
LAYOUTS = (b"", b"x0 = []\n", b"x0 = x1 = 0\n")


def least(measure):
    """The Used with the fewest bytes of what measure(line) gives for each of the layouts."""
    return min(map(measure, LAYOUTS))


class Running:
    """A program that serves on self.port, in a folder of its own."""

    def __init__(self, process, port, folder, patience):
        self.process = process
        self.port = port
        self.folder = folder
        self.patience = patience  # seconds within which it answers if it can
        self.printed = b""

    def wait_idle(self):
        wait_idle(self.process)

    def file(self, name):
        return (self.folder / name).read_bytes()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=self.patience)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def _ask(self, number, word):
        self.wait_idle()
        self.process.send_signal(number)
        pattern = re.compile(word + rb"((?: \d+)+)\n")
        deadline = time.monotonic() + WAIT
        while not (found := pattern.search(self.printed)):
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"no answer: {self.printed!r}")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise RuntimeError(f"the program ended: {self.printed!r}")
            self.printed += piece
        self.printed = self.printed[found.end() :]
        return [int(n) for n in found[1].split()]

    def used(self):
        """Once it stays so: what a clock or the task beside does yet comes first."""
        asked = []
        while len(asked) < 5 or len(set(asked[-5:])) > 1:
            if len(asked) > 50:
                raise RuntimeError(f"what is in use changes: {asked[-5:]}")
            time.sleep(0.07)
            asked.append(Used(*self._ask(signal.SIGUSR1, b"used")))
        return asked[-1]

    def allocations(self):
        """Of the program since it began. Callgrind counts from zero again."""
        return self._ask(signal.SIGUSR2, b"counted")[0]

    def instructions(self):
        """End the program under Callgrind: what it executed since allocations()."""
        self.wait_idle()
        self.process.send_signal(signal.SIGTERM)
        text = self.process.communicate(timeout=WAIT)[0]
        return int(re.search(rb"Collected : (\d+)", text)[1])

    def cpu_seconds(self):
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e9


@contextlib.contextmanager
def running(framework, script, what=None, target=SMALL, heap=None, arch=None, files=None):
    """A program, given as the bytes of its source, once it waits for clients; beside it
    are files, {name: bytes}.

    what is a mode of bench/metered.py; without, the program runs as a board runs it.
    """
    emulators.build(target)
    port = free_port()
    command = emulators.command(target, heap or AMPLE[target])
    if what and target == LARGE:
        command = [*CALLGRIND, *command]
    if what:
        command += [METERED.name, what]
    with tempfile.TemporaryDirectory(dir=_scratch.name) as scratch:
        folder = Path(scratch)
        (folder / "main.py").write_bytes(script)
        (folder / METERED.name).symlink_to(METERED)
        (folder / LIB).symlink_to(library(framework, arch or arch_of(target)))
        for name, data in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        process = subprocess.Popen(
            [*command, "main.py", str(port)],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_idle(process)
            yield Running(process, port, folder, 60 if what else 5)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Answer(NamedTuple):
    status: int
    fields: dict  # by lower-case name
    body: bytes


class Client:
    """Makes requests one after another, on one connection where the server keeps it."""

    def __init__(self, program, wait=True):
        self.program = program
        self.wait = wait
        self.socket = None

    def _kept(self):
        """Whether there is a connection that the server did not end."""
        if self.socket is not None and select.select([self.socket], [], [], 0)[0]:
            self.close()  # what can be read is the end: every response was read
        return self.socket is not None

    def send(self, request):
        if self.wait:
            self.program.wait_idle()
        if not self._kept():
            self.socket = self.program.connect()
            if self.wait:
                self.program.wait_idle()
        self.method = request.split(b" ", 1)[0].decode()
        self.socket.sendall(request)

    def receive(self):
        response = http.client.HTTPResponse(self.socket, method=self.method)
        response.begin()
        body = response.read()
        fields = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return Answer(response.status, fields, body)

    def exchange(self, request):
        self.send(request)
        return self.receive()

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def smallest(works, low, high):
    """The smallest number of whole KiB with which it works; None if the largest does not."""
    if not works(high * 1024):
        return None
    while low < high:
        middle = (low + high) // 2
        if works(middle * 1024):
            high = middle
        else:
            low = middle + 1
    return low * 1024


# what a server does that has too little memory
FAILURES = (OSError, RuntimeError, http.client.HTTPException, AssertionError)
