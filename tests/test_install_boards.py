"""Installing by mpremote on a board that is connected by a serial port."""

import contextlib
import os
import re
import subprocess
import sys

import dist
import emulators
import install
import matrix
import packages
import pytest
import versions
from conftest import DEVICE, ROOT
from sites import serving
from test_install import DIST

# The RAM of the Cortex-M0 that is neither MicroPython's own, with a heap of 140 KB, nor its stack.
BESIDE_THE_HEAP = 0x20024000, 80000


@pytest.fixture(scope="module")
def site():
    with serving(DIST) as site:
        yield site


def mpremote(port, *command, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", port, "resume", *map(str, command)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.replace("\r", "")


@contextlib.contextmanager
def board(target):
    """An emulated board that has an empty file system; its serial port."""
    emulators.build(target)
    with emulators.serial_board(target) as port:
        # all packages take 132,000 bytes, aioweb 64,800
        place = emulators.TARGETS[target].rom, 150000
        if arch_of(target) == "armv6m":  # what is at that address is flash
            place = BESIDE_THE_HEAP
        disk = (DEVICE / "ramdisk.py").read_text()
        mpremote(port, "exec", f"def place(): return {place}\n{disk}")
        yield port


def arch_of(target):
    return emulators.TARGETS[target].arch


# Parts, in the least memory and on another core; below, others install on the rest, and
# test_rp2040.py all of it.
@pytest.mark.parametrize("target", ["board-cortex-m0", "board-rv32"])
def test_make_install(target):
    """The files arrive, work and are measured."""
    arch = arch_of(target)
    # in the least memory there is no room for all
    names = {"armv6m": ["aioweb"], "rv32imc": ["aioweb-websocket"]}[arch]
    with board(target) as port:
        done = make_install(port, *names)
    lines = done.stdout.replace("\r", "").splitlines()
    assert lines[0] == f"This board: native {arch}.", done.stdout + done.stderr
    assert f"aioweb {matrix.version()}: native {arch}" in lines, done.stdout + done.stderr
    assert re.search(r"^\d{2,} passed, 0 failed$", done.stdout, re.M)
    files = dist.shipped_files(arch)
    needed = packages.closure(*names)
    files = {file: files[file] for name in needed for file in packages.own_files(name, True)}
    size = sum(map(len, files.values()))
    assert re.search(rf"^{size} bytes of files, [1-9]\d+ bytes of RAM, ", done.stdout, re.M)
    assert done.returncode == 0


def make_install(port, *names):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "install.py", "--port", port, "--resume", *names],
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.parametrize("version", matrix.MATRIX["mpremote"])
def test_that_version_of_mpremote(site, version):
    """By name out of the index. It knows no relative URLs before 1.25, and no folder to copy
    to before 1.24."""
    path = {"PYTHONPATH": str(versions.tool("mpremote", version))}
    arch = arch_of("board-cortex-m3")
    with board("board-cortex-m3") as port:
        mpremote(port, "mip", "install", "--index", site.url, f"aioweb-sse-{arch}", **path)
        said = mpremote(port, "exec", "import web; web.App; print(web.implementation)", **path)
    assert said == f"native {arch}\n"


def test_make_install_of_a_part():
    """Without WebSockets the vectors of frames are left out."""
    with board("board-cortex-m3") as port:
        first = make_install(port, "aioweb-sse")
        again = make_install(port, "aioweb-sse")
    assert first.returncode == again.returncode == 0, first.stdout + first.stderr
    assert "Exists:" not in first.stdout and "Installing:" not in again.stdout
    assert "web/websocket.mpy" not in first.stdout


@pytest.mark.parametrize(
    "output,said",
    [
        ("aioweb 0: native armv6m\r\n9 passed, 0 failed\r\n", None),
        ("aioweb 0: native armv6m\nToo little memory for the self-test: left out.\n", None),
        ("aioweb 0: native armv6m\nFAIL x\n8 passed, 1 failed\n", "The self-test failed."),
        ("aioweb 0: portable\n9 passed, 0 failed\n", "does not use what was installed"),
    ],
)
def test_self_test_that_fails(monkeypatch, output, said):
    monkeypatch.setattr(install.Board, "mpremote", lambda *_, **__: output)
    board = install.Board(None, False)
    if said is None:
        board.try_out("armv6m")
    else:
        with pytest.raises(SystemExit, match=said):
            board.try_out("armv6m")


@pytest.mark.parametrize(
    "arguments,passed",
    [
        (["PORT=/dev/ttyACM0"], "--port /dev/ttyACM0"),
        (["PORT=/dev/ttyACM0", "PACKAGES=aioweb-sse"], "--port /dev/ttyACM0 aioweb-sse"),
        (["PACKAGES=aioweb-sse aioweb-forms"], "aioweb-sse aioweb-forms"),
        ([], ""),  # mpremote looks for the board
    ],
)
def test_make_passes_the_port(arguments, passed):
    """Its default is the demo's."""
    # nor is it part of the make that may run the tests
    ours = ("PORT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {k: v for k, v in os.environ.items() if k not in ours}
    done = subprocess.run(
        ["make", "-n", "install", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1].split("tools/install.py")[1].split() == passed.split()
    done = subprocess.run(
        ["make", "-n", "demo"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert "demo.sh 8080 " in done.stdout


def test_mpremote_cp_installs():
    """What is in dist/ is copied as it is; the board's file system is empty."""
    with board("board-cortex-m4f") as port:
        arch = arch_of("board-cortex-m4f")
        mpremote(port, "mkdir", ":/lib")
        mpremote(port, "cp", "-r", matrix.dist_dir(arch) / "web", ":/lib/")
        said = mpremote(port, "exec", "import web; web.App; print(web.implementation)")
    assert said == f"native {arch}\n"


@pytest.mark.parametrize("source,target", [("disk", "board-cortex-m4f"), ("web", "board-rv32")])
def test_mpremote_mip_install(site, source, target):
    """By the package.json of an architecture, whose URLs are relative."""
    arch = arch_of(target)
    folder = matrix.dist_dir(arch)
    package = f"{site.url}/{folder.name}/" if source == "web" else folder / "package.json"
    with board(target) as port:
        mpremote(port, "mip", "install", package)
        said = mpremote(port, "exec", "import web; web.App; print(web.implementation)")
    assert said == f"native {arch}\n"


def test_mpremote_mip_install_by_name(site):
    target = "board-cortex-m7"
    arch = arch_of(target)
    with board(target) as port:
        name = f"aioweb-websocket-{arch}@{matrix.version()}"
        mpremote(port, "mip", "install", "--index", site.url, name)
        said = mpremote(port, "exec", "import web; web.WebSocket; print(web.implementation)")
    assert said == f"native {arch}\n"
