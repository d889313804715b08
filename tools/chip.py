"""A whole RP2040 in an emulator: tests/ports/rp2040/chip.mjs, on npm's rp2040js.

    with Chip(flash(firmware, files)) as chip:
        chip.run("import web")
        with chip.connect(80) as s: ...

Its lwIP has a SLIP link to this machine in place of Wi-Fi: chip.connect() reaches it, as
do all sockets of chip.socket(), which lie in a network namespace of their own.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from littlefs import LittleFS
from matrix import BUILD, ROOT

CHIP = ROOT / "tests" / "ports" / "rp2040" / "chip.mjs"
LINK = ROOT / "tools" / "chip_link.py"
EMULATOR = BUILD / "rp2040js"
ADDRESS, PEER = "10.9.0.2", "10.9.0.1"  # of link.c, and of this machine
FLASH = 2 << 20  # a Pico's
BLOCK = 4096
DISK = FLASH - 848 * 1024  # as mpconfigboard.h has it
TIMEOUT = 120


class ChipError(Exception):
    """What a script that ends with an exception printed."""


def files_on(content: bytes) -> dict[str, bytes]:
    """The files of the file system in a flash."""
    fs = LittleFS(block_size=BLOCK, block_count=(FLASH - DISK) // BLOCK, mount=False)
    fs.context.buffer[:] = content[DISK:FLASH]
    fs.mount()
    files = {}
    for at, _, names in fs.walk("/"):
        for name in names:
            with fs.open(f"{at}/{name}", "rb") as file:
                files[f"{at}/{name}".strip("/")] = file.read()
    return files


def flash(firmware: Path, files: Mapping[str, bytes] | None = None) -> bytes:
    """What a flash holds with a firmware, and with files: without, the firmware makes a
    file system of its own when it starts."""
    content = firmware.read_bytes().ljust(FLASH, b"\xff")
    if files is None:
        return content
    fs = LittleFS(block_size=BLOCK, block_count=(FLASH - DISK) // BLOCK, prog_size=256,
                  read_size=32, lookahead_size=32)  # fmt: skip
    for name, data in files.items():
        fs.makedirs(str(PurePosixPath(name).parent), exist_ok=True)
        with fs.open(name, "wb") as file:
            file.write(data)
    return content[:DISK] + bytes(fs.context.buffer)


def run(firmware: Path, folder: Path, name: str, timeout: float) -> tuple[str, int]:
    """The output and exit code of a script that lies in a folder, all of which the flash
    has."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    with Chip(flash(firmware, files), folder.parent) as chip:
        try:
            return chip.run((folder / name).read_text(), timeout), 0
        except ChipError as e:
            return str(e), 1


class Chip:
    def __init__(self, content: bytes, folder: Path):
        """Start a chip whose flash holds `content`; `folder` is for files of its own."""
        image = Path(folder) / "flash.bin"
        image.write_bytes(content)
        self._link = Link()
        library = EMULATOR / "package/dist/esm/index.js"
        self._node = subprocess.Popen(
            ["node", CHIP, library, EMULATOR / "bootrom.bin", image],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._changed = threading.Condition()
        self._lock = threading.Lock()
        self._answers: dict[str, list[bytes]] = {}
        self.console = b""  # what came over USB and was not yet taken
        self._serial = None  # who gets it instead
        self._gone = False
        jobs = (self._receive, self._pass_packets)
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Chip:
        return self

    def __exit__(self, *_) -> None:
        self._node.kill()
        self._node.wait()
        self._link.close()
        for thread in self._threads:
            thread.join()
        self._link.free()
        self._node.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._node.stdin.close()

    # -- messages: chip.mjs has them

    def _send(self, kind: bytes, data: bytes = b"") -> None:
        with self._lock:
            self._node.stdin.write(kind + struct.pack("<I", len(data)) + data)
            self._node.stdin.flush()

    def _receive(self) -> None:
        while head := self._node.stdout.read(5):
            data = self._node.stdout.read(struct.unpack("<I", head[1:])[0])
            kind = chr(head[0])
            if kind == "n":
                self._link.send(data)
            elif kind == "u" and self._serial is not None:
                os.write(self._serial, data)
            else:
                with self._changed:
                    if kind == "u":
                        self.console += data
                    else:
                        self._answers.setdefault(kind, []).append(data)
                    self._changed.notify_all()
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _pass_packets(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # the chip is gone
            while packet := self._link.receive():
                self._send(b"n", packet)

    def _answer(self, kind: str, timeout: float = TIMEOUT) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._answers.get(kind) or self._gone, timeout)
            assert self._answers.get(kind), f"no answer {kind}: {self.console!r}"
            return self._answers[kind].pop(0)

    # -- the chip

    @property
    def seconds(self) -> float:
        """Its own time since it started."""
        self._send(b">", b"t")
        return int(self._answer("t")) / 1e9

    def flash(self) -> bytes:
        self._send(b">", b"f")
        return self._answer("f")

    def reset(self) -> None:
        """Cut the power, and boot from what the flash has."""
        with self._changed:
            self.console = b""
        self._send(b">", b"r")

    def record_flash(self, every: int) -> None:
        """Keep what the flash has in the midst of each such write from now on."""
        self._send(b">", b"s%d" % every)

    def recorded(self) -> list[bytes]:
        with self._changed:
            return self._answers.pop("s", [])

    @contextlib.contextmanager
    def time_flies(self) -> Iterator[None]:
        """What the chip waits for comes at once: its time passes as fast as it can."""
        self._send(b">", b"q")
        try:
            yield
        finally:
            self._send(b">", b"p")

    # -- its serial port

    def wait_for(self, text: bytes, timeout: float = TIMEOUT) -> bytes:
        """The console up to this text, which is taken off it."""
        with self._changed:
            self._changed.wait_for(lambda: text in self.console or self._gone, timeout)
            assert text in self.console, f"{text!r} is not on the console: {self.console!r}"
            end = self.console.index(text) + len(text)
            taken, self.console = self.console[:end], self.console[end:]
        return taken

    def begin(self, script: str) -> None:
        """Run a script in the raw REPL and do not wait for its end."""
        self._send(b"u", b"\r\x03\x03\x01")
        self.wait_for(b"raw REPL; CTRL-B to exit\r\n>")
        self._send(b"u", script.encode() + b"\x04")
        self.wait_for(b"OK")

    def end(self, timeout: float = TIMEOUT) -> str:
        """What the script printed, when it has ended."""
        output = self.wait_for(b"\x04", timeout)[:-1]
        error = self.wait_for(b"\x04", timeout)[:-1]
        text = output.decode(errors="replace").replace("\r\n", "\n")
        if error:
            raise ChipError(text + error.decode(errors="replace").replace("\r\n", "\n"))
        return text

    def run(self, script: str, timeout: float = TIMEOUT) -> str:
        """What a script prints; ChipError if it raises."""
        self.begin(script)
        return self.end(timeout)

    def interrupt(self) -> str:
        """Ctrl-C, what it prints of the fault included."""
        self._send(b"u", b"\x03")
        output = self.wait_for(b"\x04") + self.wait_for(b"\x04")
        return output.decode(errors="replace").replace("\r\n", "\n")

    def soft_reset(self) -> None:
        self._send(b"u", b"\r\x03\x03\x01")
        self.wait_for(b"raw REPL; CTRL-B to exit\r\n>")
        self._send(b"u", b"\x04")
        self.wait_for(b"raw REPL; CTRL-B to exit\r\n>")

    @contextlib.contextmanager
    def serial_port(self) -> Iterator[str]:
        """The device to give to `mpremote connect`."""
        ours, theirs = pty.openpty()
        tty.setraw(theirs, termios.TCSANOW)
        reader, writer = os.pipe()
        pump = threading.Thread(target=self._pump, args=(ours, reader))
        self._serial = ours
        pump.start()
        try:
            yield os.ttyname(theirs)
        finally:
            self._serial = None
            os.close(writer)
            pump.join()
            for fd in (ours, theirs, reader):
                os.close(fd)

    def _pump(self, ours: int, ended: int) -> None:
        while ended not in (ready := select.select([ours, ended], [], [])[0]):
            if ready:
                self._send(b"u", os.read(ours, 4096))

    # -- its network

    def socket(self) -> socket.socket:
        """A TCP socket from which the chip can be reached."""
        return self._link.socket()

    def connect(
        self, port: int, timeout: float = TIMEOUT, window: int | None = None
    ) -> socket.socket:
        """A connected one, with a receive buffer of that size."""
        s = self.socket()
        if window:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        s.settimeout(timeout)
        try:
            s.connect((ADDRESS, port))
        except BaseException:
            s.close()
            raise
        return s


class Link:
    """A network namespace with a TUN device, which a process of its own holds."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = "-n" if os.geteuid() == 0 else "-rn"
        self._process = subprocess.Popen(
            ["unshare", options, sys.executable, LINK, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self._helper = ours
        self._asking = threading.Lock()
        self._tun = self._ask()
        self._ended = os.pipe()
        self.send = lambda packet: os.write(self._tun, packet)

    def _ask(self) -> int:
        fds = []
        with self._asking, contextlib.suppress(OSError):
            self._helper.send(b"?")
            _, fds, _, _ = socket.recv_fds(self._helper, 1, 1)
        if not fds:
            raise OSError("no link, which takes TUN: " + self._process.stderr.read().decode())
        return fds[0]

    def receive(self) -> bytes:
        """The next packet; b"" when the link is closed."""
        ready = select.select([self._tun, self._ended[0]], [], [])[0]
        return b"" if self._ended[0] in ready else os.read(self._tun, 2048)

    def socket(self) -> socket.socket:
        return socket.socket(fileno=self._ask())

    def close(self) -> None:
        self._helper.close()
        self._process.communicate()
        os.close(self._ended[1])

    def free(self) -> None:
        """After close(), when nobody receives."""
        os.close(self._ended[0])
        os.close(self._tun)
