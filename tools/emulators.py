"""The emulated targets on which the tests run: MicroPython for every architecture.

    python3 tools/emulators.py list
    python3 tools/emulators.py build [TARGET...]
    python3 tools/emulators.py run TARGET script.py [--files DIR]

A "unix" target is MicroPython's unix port, cross-compiled and run by QEMU's user
emulation: it has real sockets and a heap of any size. A "board" target is bare
metal on an emulated machine: no sockets, but the memory, the alignment faults
and the FPU of the real core. A "chip" is the port's own firmware on a whole chip,
which tools/chip.py runs. `icount` is a QEMU plugin that counts instructions.

MicroPython's sources are taken from --mpy-dir or $MPY_DIR; the results go to
build/ports/TARGET/. From PyPI come mpremote, to hand files to a board, and ziglang,
to build unix-rv32imc; the targets themselves stand in build_matrix.yml.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Union

from matrix import MATRIX, ROOT, micropython

PORTS = ROOT / "tests" / "ports"
FETCHED = ROOT / "build"
OUT = FETCHED / "ports"

# Exit codes of run() beside the script's own, which is 1 after an exception.
TIMEOUT = 124
FAULT = 139


@dataclass(frozen=True)
class Target:
    """An entry of build_matrix.yml's targets, which says what the fields mean."""

    name: str
    kind: str
    arch: str
    compiler: str
    qemu: str = ""
    flags: str = ""
    modules: str = ""
    port: str = ""
    rom: int = 0
    fetched: str = ""
    apt: tuple = ()

    @property
    def folder(self) -> Path:
        """What it is built from."""
        if self.kind == "board":
            return PORTS / "boards" / self.port
        if self.kind == "chip":
            return PORTS / self.name / self.port
        return PORTS / {"unix": "unix", "user": self.name, "plugin": self.name}[self.kind]

    @property
    def number(self) -> int:
        """The number of its architecture in sys.implementation._mpy."""
        return MATRIX["architectures"][self.arch]["mpy"]

    @property
    def binary(self) -> str:
        return {
            "unix": "micropython",
            "user": "micropython.elf",
            "board": "firmware.elf",
            "chip": "firmware.bin",
            "plugin": "icount.so",
        }[self.kind]


TARGETS = {name: Target(name, **entry) for name, entry in MATRIX["targets"].items()}


class BuildError(Exception):
    pass


# -- building ---------------------------------------------------------------


def _tool(name: str) -> str | None:
    """The path of a program; zig and mpremote may come as Python packages."""
    if name == "zig":
        spec = importlib.util.find_spec("ziglang")
        if spec and spec.submodule_search_locations:
            return str(Path(list(spec.submodule_search_locations)[0]) / "zig")
    return shutil.which(name)


def missing(name: str) -> list[str]:
    """The programs that `name` needs and that this machine hasn't got."""
    target = TARGETS[name]
    others = [target.qemu.split()[0], "make"] if target.qemu else ["cmake", "ninja", "node"]
    return [tool for tool in (target.compiler, *others) if not _tool(tool)]


def _first_line(*argv: str) -> str:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.split("\n", 1)[0]


def _sources(target: Target) -> list[Path]:
    folders = [target.folder]
    if target.kind == "board":
        folders.append(PORTS / "boards" / "common")
    if target.modules:
        folders.append(ROOT / target.modules)
    sources = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    if target.kind == "user":
        sources.append(ROOT / "natmod" / "xtensawin.S")  # the assembler's missing mnemonics
    if target.kind == "chip":
        sources += [target.folder.parent / "build.sh", FETCHED / target.fetched / "versions"]
    return sources


def _make(target: Target, mpy_dir: Path, out: Path) -> list[str]:
    """The command that builds a target."""
    port = target.folder
    compiler = _tool(target.compiler) or target.compiler
    if target.kind == "plugin":
        major = re.search(r"version (\d+)", _first_line(target.qemu.split()[0], "--version"))
        api = 1 if major is None or int(major[1]) < 9 else 2
        argv = [compiler, *target.flags.split(), f"-DQEMU_PLUGIN_VERSION={api}"]
        return [*argv, str(port / "icount.c"), "-o", str(out / target.binary)]
    if target.kind == "chip":
        fetched = FETCHED / target.fetched
        return ["sh", *map(str, (port.parent / "build.sh", mpy_dir, fetched, port, out))]
    argv = ["make", f"-j{min(os.cpu_count() or 1, 4)}", f"BUILD={out}"]
    if target.kind == "user":
        return [*argv, "-C", str(port), f"MPY_DIR={mpy_dir}"]
    # Warnings of compilers newer than MicroPython must not stop the build, and a
    # frozen manifest asks for micropython-lib, even for a file of an empty one.
    argv += [f"CFLAGS_EXTRA=-Wno-error {'' if target.compiler == 'zig' else target.flags}".rstrip()]
    argv += [f"MPY_LIB_DIR={out / 'micropython-lib'}"]
    if target.kind == "board":
        return [*argv, "-C", str(mpy_dir / "ports/qemu"), f"BOARD={port.name}", f"BOARD_DIR={port}"]
    argv += ["-C", str(mpy_dir / "ports/unix"), f"VARIANT_DIR={port}", "LDFLAGS_EXTRA=-static"]
    if target.modules:
        argv += [f"USER_C_MODULES={ROOT / target.modules}"]
    if target.compiler == "zig":
        zig = f"{compiler} cc {target.flags}"
        argv += [f"CC={zig}", f"CPP=sh {port}/cpp-each.sh {zig} -E"]
        return [*argv, "LDFLAGS_ARCH=-Wl,--gc-sections", "STRIP=", "SIZE=true"]
    return [*argv, f"CROSS_COMPILE={target.compiler[:-3]}"]


def _stamp(target: Target, mpy_dir: Path, make: Sequence[str]) -> str:
    """A digest of everything that a build of the target depends on."""
    digest = hashlib.sha256()
    for path in _sources(target):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    version = "version" if target.compiler == "zig" else "--version"
    digest.update(_first_line(_tool(target.compiler) or target.compiler, version).encode())
    digest.update("\0".join(make).encode())
    if target.kind != "plugin":
        config = (mpy_dir / "py" / "mpconfig.h").read_text()
        for define in re.findall(r"#define MICROPY_VERSION_\w+ .*", config):
            digest.update(define.encode())
    return digest.hexdigest()


def build(name: str, mpy_dir: str | Path | None = None, out_dir: Path = OUT) -> Path:
    """Builds a target unless that was done before from the same inputs."""
    target = TARGETS[name]
    mpy = Path(mpy_dir or micropython()).resolve()
    if target.kind != "plugin" and not (mpy / "py" / "mpconfig.h").is_file():
        raise BuildError("MicroPython's sources are needed: --mpy-dir or $MPY_DIR")
    if lacking := missing(name):
        raise BuildError(f"{name} needs {', '.join(lacking)}")
    out = Path(out_dir).resolve() / name
    out.parent.mkdir(parents=True, exist_ok=True)
    make = _make(target, mpy, out)
    digest = _stamp(target, mpy, make)
    binary, stamp = out / target.binary, out / "stamp"
    with open(out.parent / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if binary.exists() and stamp.exists() and stamp.read_text() == digest:
            return binary
        shutil.rmtree(out, ignore_errors=True)
        (out / "micropython-lib").mkdir(parents=True)
        (out / "micropython-lib" / "README.md").touch()
        with open(out / "build.log", "w") as log:
            done = subprocess.run(
                make, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        if done.returncode or not binary.exists():
            tail = (out / "build.log").read_text(errors="replace").splitlines()[-15:]
            raise BuildError("\n".join([f"{name} does not build:", *tail]))
        stamp.write_text(digest)
    return binary


# -- running ----------------------------------------------------------------


class Run(NamedTuple):
    output: str
    exit: int


Script = Union[str, Path]  # its text, or where it is
Files = Union[Mapping[str, bytes], str, Path, None]  # what lies beside it, or a folder


def command(
    name: str, heap: str | None = None, out_dir: Path = OUT, count: str | Path | None = None
) -> list[str]:
    """The command line that runs a script on a unix target: append its path.

    With `count`, the name of a file, instructions are counted: see icount.c.
    """
    target = TARGETS[name]
    if target.kind not in ("unix", "user"):
        raise ValueError(f"{name} has no command line")
    argv = target.qemu.split()
    if count is not None:
        plugin = Path(out_dir).resolve() / "icount" / "icount.so"
        argv += ["-seed", "1", "-plugin", f"{plugin},out={count}"]
    elif target.arch in ("x64", "x86") and platform.machine() == "x86_64":
        argv = []
    argv.append(str(Path(out_dir).resolve() / name / target.binary))
    return argv + (["-X", f"heapsize={heap}"] if heap else [])


@contextlib.contextmanager
def _staged(script: Script, files: Files) -> Iterator[tuple[Path, str]]:
    """A temporary folder with the files and the script, and the latter's name."""
    with tempfile.TemporaryDirectory(prefix="emulators-") as temporary:
        folder = Path(temporary) / "files"
        if isinstance(files, (str, Path)):
            shutil.copytree(files, folder)
        else:
            for path, data in (files or {}).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
        folder.mkdir(exist_ok=True)
        name = script.name if isinstance(script, Path) else "script.py"
        source = script.read_bytes() if isinstance(script, Path) else script.encode()
        (folder / name).write_bytes(source)
        yield folder, name


def run(
    name: str, script: Script, files: Files = None, timeout: float = 60,
    heap: str | None = None, out_dir: Path = OUT,
) -> Run:  # fmt: skip
    """Runs a script beside `files` on any target."""
    if TARGETS[name].kind == "board":
        return run_board(name, script, files, timeout, out_dir=out_dir)
    with _staged(script, files) as (folder, main):
        if TARGETS[name].kind == "chip":
            import chip  # the tests' alone: it takes littlefs-python

            firmware = Path(out_dir) / name / TARGETS[name].binary
            return Run(*chip.run(firmware, folder, main, timeout))
        try:
            done = subprocess.run(
                [*command(name, heap, out_dir), main], cwd=folder, timeout=timeout,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return Run((error.stdout or b"").decode(errors="replace"), TIMEOUT)
    code = FAULT if done.returncode < 0 else done.returncode
    return Run(done.stdout.decode(errors="replace"), code)


def _machine(target: Target, out_dir: Path, *extra: str) -> list[str]:
    kernel = Path(out_dir).resolve() / target.name / target.binary
    argv = [*target.qemu.split(), "-display", "none", "-monitor", "none", "-semihosting"]
    return [*argv, "-kernel", str(kernel), *extra]


def _rom_image(folder: Path, image: Path) -> None:
    mpremote = [sys.executable, "-m", "mpremote"]
    if importlib.util.find_spec("mpremote") is None:
        mpremote = [_tool("mpremote") or "mpremote"]
    # The files go as they are: --no-mpy compiles none.
    argv = [*mpremote, "romfs", "--no-mpy", "-o", str(image), "build", str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode or not image.exists():
        raise BuildError(f"mpremote romfs build: {done.stdout}")


_MAIN = """\
def main():
    import os, sys, uctypes, vfs
    vfs.mount(vfs.VfsRom(uctypes.bytearray_at({address}, {size})), "/rom")
    os.chdir("/rom")
    sys.path += ["/rom", "/rom/lib"]
    try:
        execfile({name!r}, {{"__name__": "__main__"}})
    except SystemExit as e:
        print("\\0exit", e.args[0] if e.args else None, end="\\0")
main()
"""


def run_board(
    name: str, script: Script, files: Files = None, timeout: float = 60,
    extra: Sequence[str] = (), out_dir: Path = OUT,
) -> Run:  # fmt: skip
    """Runs a script on a board, which finds it and `files` in a ROMFS.

    `extra` goes to QEMU: ("-icount", "shift=0") makes the board's clock count
    instructions, a thousand a microsecond.
    """
    target = TARGETS[name]
    with _staged(script, files) as (folder, main):
        image = folder.parent / "rom"
        _rom_image(folder, image)
        loader = f"loader,file={image},addr={target.rom:#x},force-raw=on"
        boot = _MAIN.format(address=target.rom, size=image.stat().st_size, name=main)
        argv = _machine(target, out_dir, "-serial", "stdio", "-device", loader, *extra)
        data, ended = _converse(argv, b"\x01" + boot.encode() + b"\x04", timeout)
    # The raw REPL answers OK, the output, ^D, the traceback, ^D.
    answer = data.partition(b">OK")[2]
    output, _, error = answer.partition(b"\x04")
    text = (output + error.partition(b"\x04")[0]).decode(errors="replace").replace("\r\n", "\n")
    if ended:
        return Run(text or data.decode(errors="replace"), ended)
    left = re.search(r"\0exit (.*)\0$", text)
    if left is None:
        return Run(text, 1 if error[:1] != b"\x04" else 0)
    code = {"None": 0, "True": 1, "False": 0}.get(left[1])
    if code is None:
        code = int(left[1]) & 255 if left[1].lstrip("-").isdigit() else 1
    return Run(text[: left.start()], code)


def _converse(argv: Sequence[str], question: bytes, timeout: float) -> tuple[bytes, int]:
    """Sends the question to a board and collects its answer, up to the second ^D."""
    data = b""
    deadline = time.monotonic() + timeout
    board = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(board.stdout, selectors.EVENT_READ)
            asked = False
            while data.count(b"\x04") < 2:
                if re.search(rb"exception caught:[\s\S]*xPSR: \w+", data):
                    return data, FAULT
                if not selector.select(max(0, deadline - time.monotonic())):
                    return data, TIMEOUT
                chunk = os.read(board.stdout.fileno(), 65536)
                if not chunk:  # QEMU ended: a fault on rv32, machine.reset(), a bad option
                    return data, FAULT
                data += chunk
                if not asked and b">>> " in data:  # before that the board may lose it
                    asked = True
                    with contextlib.suppress(BrokenPipeError):
                        board.stdin.write(question)
                        board.stdin.flush()
        return data, 0
    finally:
        board.kill()
        board.communicate()


@contextlib.contextmanager
def serial_board(name: str, extra: Sequence[str] = (), out_dir: Path = OUT) -> Iterator[str]:
    """A running board; yields the device to give to `mpremote connect`."""
    argv = _machine(TARGETS[name], out_dir, "-serial", "pty", *extra)
    board = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        line = board.stdout.readline()
        device = re.search(r"redirected to (\S+)", line)
        if device is None:
            raise RuntimeError(f"{name}: {line or 'QEMU ended'}")
        yield device[1]
    finally:
        board.kill()
        board.communicate()


# -- the command line -------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--mpy-dir", help="MicroPython's sources (default: $MPY_DIR)")
    parser.add_argument("--out", type=Path, default=OUT, help="where the targets are built")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the targets")
    step = commands.add_parser("build", help="build the named targets, or all")
    step.add_argument("target", nargs="*", metavar="TARGET")
    step = commands.add_parser("run", help="run a script on a target")
    step.add_argument("target", choices=TARGETS, metavar="TARGET")
    step.add_argument("script", type=Path)
    step.add_argument("--files", type=Path, help="a folder whose files the script finds beside it")
    step.add_argument("--heap", help="for a unix target, such as 100k")
    step.add_argument("--timeout", type=float, default=60)
    args = parser.parse_args()

    if args.command == "list":
        for target in TARGETS.values():
            state = "built" if (args.out / target.name / "stamp").exists() else "not built"
            if lacking := missing(target.name):
                state += f", needs {', '.join(lacking)}"
            print(f"{target.name:18}{target.arch:11}{state}")
        return 0
    if args.command == "build":
        failed = 0
        if unknown := set(args.target) - set(TARGETS):
            parser.error(f"no such target: {', '.join(sorted(unknown))}")
        for name in args.target or TARGETS:
            start = time.monotonic()
            try:
                print(f"{name:18}{build(name, args.mpy_dir, args.out)}", end="", flush=True)
                print(f"  {time.monotonic() - start:.1f} s")
            except BuildError as error:
                print(f"{name:18}FAILED: {error}", flush=True)
                failed = 1
        return failed
    done = run(args.target, args.script, args.files, args.timeout, args.heap, args.out)
    sys.stdout.write(done.output)
    return done.exit


if __name__ == "__main__":
    sys.exit(main())
