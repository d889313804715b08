"""Real servers for the tests: MicroPython processes on loopback ports."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import matrix  # noqa: E402
import versions  # noqa: E402

BUILD = ROOT / "build"
DEVICE = ROOT / "tests" / "device"
PARSERS = {"native": matrix.host(), "portable": matrix.PORTABLE}
# MicroPython, and one that has TLS and mip: of the version that FIRMWARE names, or ours
FIRMWARE = os.environ.get("FIRMWARE")
if FIRMWARE:
    MICROPYTHON = WITH_TLS = versions.command(FIRMWARE)
else:
    MICROPYTHON = BUILD / "unix" / "micropython"
    WITH_TLS = BUILD / "tls" / "micropython"
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def packages(parser):
    """The folder of built packages for this machine with that parser."""
    return BUILD / "dist" / matrix.dist_dir(PARSERS[parser]).name


def environment(folder):
    return {**os.environ, "MICROPYPATH": f"{folder}:.frozen"}


def run_micropython(script, *args, parser="native", heap="4M", timeout=100, binary=MICROPYTHON):
    """Run a script to its end and return its output."""
    done = subprocess.run(
        [binary, "-X", f"heapsize={heap}", script, *map(str, args)],
        env=environment(packages(parser)),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return done.stdout + done.stderr


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read_all(s):
    """What a socket receives to its end, be that a reset."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := s.recv(65536):
            received += piece
    return received


class Server:
    """A MicroPython process that serves on self.port; lines of its console go to
    self.console."""

    def __init__(self, parser, command, packages, cwd=None, port=None):
        self.parser = parser
        self.port = port or free_port()
        self.console = []
        self.process = subprocess.Popen(
            [*command(self.port)],
            env=environment(packages),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self.changed = threading.Condition()
        threading.Thread(target=self._read_console, daemon=True).start()
        self._wait_until_listening()

    def _read_console(self):
        for line in self.process.stdout:
            with self.changed:
                self.console.append(line.rstrip("\n"))
                self.changed.notify_all()

    def _wait_until_listening(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("no server: " + "\n".join(self.console))
                time.sleep(0.01)

    def wait_for_line(self, text, timeout=10):
        """The console's first line with this text, waiting for it."""
        with self.changed:
            found = self.changed.wait_for(
                lambda: [line for line in self.console if text in line], timeout
            )
        assert found, f"{text!r} is not on the console: {self.console}"
        return found[0]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def url(self, path="/", scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def exchange(self, *parts, half_close=False):
        """Send the parts one by one and return all that comes back."""
        with self.connect() as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                s.sendall(part)
            if half_close:
                s.shutdown(socket.SHUT_WR)
            return read_all(s)

    def open_files(self):
        """How many file descriptors the server holds."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def serving(parser, script, *args, heap="2M", example=False, cwd=None):
    runner = [DEVICE / "run_example.py"] if example else []

    def command(port):
        return [MICROPYTHON, "-X", f"heapsize={heap}", *runner, script, str(port), *args]

    server = Server(parser, command, packages(parser), cwd)
    try:
        yield server
    finally:
        server.stop()


# What takes longest begins first: a process has a file at a time, and none is to be left
# over at the end.
LONGEST = """
    lives streams rp2040 install_boards arch soak load hostile bench autobahn protocol
    install_faults
""".split()


def pytest_addoption(parser):
    parser.addoption("--arch", help="only the tests of this architecture")
    parser.addoption("--whole", action="store_true", help="also what takes long on a chip")


def pytest_collection_modifyitems(config, items):
    """--arch keeps what tests that architecture's files; under another version's FIRMWARE
    what is marked `once` is not tried again, and what is marked `whole` is left to --whole.
    The longest files come first."""
    if FIRMWARE:
        items[:] = [item for item in items if not item.get_closest_marker("once")]
    if not config.getoption("--whole"):
        items[:] = [item for item in items if not item.get_closest_marker("whole")]
    arch = config.getoption("--arch")
    if arch:
        items[:] = [
            item
            for item in items
            if getattr(item, "callspec", None) and item.callspec.params.get("arch") == arch
        ]
    rank = {f"test_{name}.py": i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


# On other versions of MicroPython the vectors are what tries each function of both; what else
# depends on the version is the same with either.
@pytest.fixture(scope="module", params=["native"] if FIRMWARE else PARSERS)
def parser(request):
    return request.param


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "chromium is not installed"
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def example(parser):
    """A context manager that serves a file of examples/ as it is."""
    return lambda name, cwd=None: serving(
        parser, ROOT / "examples" / name, parser, example=True, cwd=cwd
    )


@pytest.fixture(scope="module")
def app(parser):
    """The server of tests/device/app.py."""
    with serving(parser, DEVICE / "app.py", heap="24M") as server:
        yield server


@pytest.fixture(scope="module")
def interop(parser):
    """The server of tests/device/interop.py."""
    with serving(parser, DEVICE / "interop.py", heap="24M") as server:
        yield server


visits = itertools.count()


@pytest.fixture
def visitor():
    """A query for a URL of that server, which its console names the client by."""
    return f"visitor{next(visits)}"
