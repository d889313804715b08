"""The servers that are measured: what they need, and how they are started."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import dist
import emulators
from matrix import BUILD, PORTABLE, ROOT, host, micropython, native_mpys, version

from bench import peers

UNIX = BUILD / "unix" / "micropython"
PROBE = ROOT / "bench" / "probe.py"
TARGET = "unix-armv7emsp"  # the 32-bit build, with the native file of many boards
# poll and ppoll of x64, of which QEMU makes the latter, and those of x86
POLLS = {"7", "271", "168", "309", "414"}
WAIT = 60

KEEPALIVE, CONNECTION = "keep-alive", "connection"
WEBSOCKET = "WebSocket"
# A program's modules hold the paths of their files: what is measured is started beside
# them, by names that are the same wherever the sources lie, and this one is as long as
# a board's /lib.
LIB = ".lib"
LIBRARY_PATH = {"MICROPYPATH": f"{LIB}:.frozen"}

# of this process alone: another may measure other sources at the same time
_scratch = tempfile.TemporaryDirectory(prefix="bench-")


@dataclass(frozen=True)
class Server:
    """A script of bench/servers/, which gets PORT [ROUTES [SIZE]]."""

    name: str
    modes: tuple = (CONNECTION,)
    module: str = ""  # the library, as it is imported
    attribute: str = ""  # what of it must be there to serve
    files: tuple = ()  # of the library

    @property
    def script(self):
        return ROOT / "bench" / "servers" / f"{self.name}.py"

    @property
    def ours(self):
        return self.module == "web"

    @property
    def peer(self):
        return self.module in peers.VERSIONS

    @property
    def version(self):
        if self.peer:
            return peers.VERSIONS[self.module]
        return version() if self.ours else ""

    @property
    def sources(self):
        """The folder of the library's sources."""
        if self.peer:
            return peers.fetch(self.module)
        return ROOT / "pysrc" if self.ours else self.script.parent


SERVERS = {
    server.name: server
    for server in (
        Server("raw_poll", (KEEPALIVE,)),
        Server("raw_keepalive", (KEEPALIVE,)),
        Server("raw_connection"),
        Server("seed", (CONNECTION,), "seed", "App", ("seed.py",)),
        Server("aioweb", (KEEPALIVE, CONNECTION), "web", "App", ("web/*.py",)),
        Server("picoweb", (CONNECTION,), "picoweb", "WebApp", ("**/*.py",)),
        Server(
            "microdot",
            (CONNECTION,),
            "microdot",
            "Microdot",
            ("microdot/__init__.py", "microdot/microdot.py"),
        ),
        Server("raw_websocket", (WEBSOCKET,)),
        Server("aioweb_websocket", (WEBSOCKET,), "web", "WebSocket", ("web/*.py",)),
        Server("aioweb_readinto", (WEBSOCKET,), "web", "WebSocket", ("web/*.py",)),
        Server(
            "microdot_websocket",
            (WEBSOCKET,),
            "microdot",
            "Microdot",
            tuple(
                f"microdot/{name}.py" for name in ("__init__", "microdot", "helpers", "websocket")
            ),
        ),
    )
}


def compile_library(folder, sources, patterns, ours, arch):
    """Put a library's files into a folder, compiled as its users have them."""
    for pattern in patterns:
        for source in sorted(sources.glob(pattern)):
            name = source.relative_to(sources)
            compiled = (folder / name).with_suffix(".mpy")
            compiled.parent.mkdir(parents=True, exist_ok=True)
            if ours:
                compiled.write_bytes(dist.compiled(source))
                continue
            cross = micropython() / "mpy-cross/build/mpy-cross"
            subprocess.run([cross, "-s", str(name), "-o", compiled, source], check=True)
    if ours and arch != PORTABLE:
        for native in native_mpys(arch):
            shutil.copy(native, folder / "web")


def stage(server, arch):
    """A folder with the server's script as main.py, and its library compiled in LIB."""
    folder = Path(_scratch.name) / arch / server.name
    (folder / LIB).mkdir(parents=True)
    # under another name than its library's
    shutil.copy(server.script, folder / "main.py")
    shutil.copy(PROBE, folder)
    compile_library(folder / LIB, server.sources, server.files, server.ours, arch)
    if server.name == "raw_websocket":  # of ours it has the unmasking alone
        shutil.copy(native_mpys(arch)[1], folder / LIB)
    return folder


def environment():
    """Nothing else: its bytes lie beside the program's, and what they look like is kept."""
    return {"PATH": os.environ["PATH"], **LIBRARY_PATH}


def native_code(arch, n=0):
    """Bytes of machine code in a native file, the first of which hello world loads."""
    data = native_mpys(arch)[n].read_bytes()
    position = 4

    def number():
        nonlocal position
        value = 0
        while True:
            byte = data[position]
            position += 1
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    strings, objects = number(), number()
    assert objects == 0
    for _ in range(strings):
        length = number()
        if not length & 1:  # else it is one of the firmware's own
            position += (length >> 1) + 1
    return number() >> 3


def unix_command(heap):
    return [UNIX, "-X", f"heapsize={heap}"]


def emulated_command(heap):
    return emulators.command(TARGET, heap)


def host_arch():
    return host()


def target_arch():
    return emulators.TARGETS[TARGET].arch


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_idle(process):
    """Wait until the server waits for its clients.

    A request sent earlier might be found without waiting for it, or not, and that
    chance would be in the figures. Over a network none arrives that early.
    """
    deadline = time.monotonic() + WAIT
    path = Path(f"/proc/{process.pid}/syscall")
    while process.poll() is None:
        if path.read_text().split(" ", 1)[0] in POLLS:
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not wait for requests")
        time.sleep(0.0005)  # the processor is the server's
    raise RuntimeError(f"the server ended: {process.communicate()}")


@contextlib.contextmanager
def running(command, folder, *arguments, script="main.py"):
    """A server process, with its port, once it waits for connections."""
    port = free_port()
    process = subprocess.Popen(
        [*map(str, command), *script.split(), str(port), *map(str, arguments)],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_idle(process)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def end(process, number=signal.SIGTERM):
    """End a server by a signal; what it printed, and what its tool did."""
    process.send_signal(number)
    return process.communicate(timeout=WAIT)
