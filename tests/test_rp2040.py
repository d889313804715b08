"""A whole RP2040 with its own lwIP, in an emulator: what is installed on its flash, and
what it serves to clients of this machine over a SLIP link, in place of Wi-Fi."""

import contextlib
import subprocess
import sys

import chip
import dist
import emulators
import pytest
import test_arch
import test_tls
import vectors
from conftest import DEVICE, ROOT
from wire import Client

NAME = "rp2040"
ARCH = emulators.TARGETS[NAME].arch
NATIVE = f"native {ARCH}"
IMPORT = "import web\nprint(web.implementation)\n"


@pytest.fixture(scope="module")
def firmware():
    return emulators.build(NAME)


@pytest.fixture(scope="module")
def start(firmware, tmp_path_factory):
    """Starts a chip with these files on its flash, or with this flash."""

    def start(files=None, flash=None):
        folder = tmp_path_factory.mktemp("chip")
        return chip.Chip(flash or chip.flash(firmware, files), folder)

    return start


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    test_tls.make_certificate(folder, "ec")
    return folder


@pytest.fixture(scope="module")
def board(start, trust):
    """A chip with the package, for most tests."""
    files = {f"lib/{name}": data for name, data in dist.shipped_files(ARCH).items()}
    files |= {name: (trust / name).read_bytes() for name in ("cert.der", "key.der")}
    for name in ("vectors", "misuse", "inmemory"):
        files |= test_arch.device(name)
    folder = trust / "vectors"
    vectors.write(folder)
    files |= {f"{name}.jsonl": (folder / f"{name}.jsonl").read_bytes() for name in vectors.FILES}
    with start(files) as board:
        yield board


class ChipClient(Client):
    """wire's client, of the chip."""

    def __init__(self, board, port=80):
        super().__init__(board, socket=board.connect(port))


@contextlib.contextmanager
def serving(board, secure=False):
    """The application of device/chip.py, on a heap that nothing was in before."""
    board.soft_reset()
    board.begin(f"SECURE = {secure}\n" + (DEVICE / "chip.py").read_text())
    board.wait_for(f"{NATIVE} serving".encode())
    yield board
    board.interrupt()


@pytest.fixture(scope="module")
def server(board):
    with serving(board) as server:
        yield server


# -- the files, on the flash


def test_install(start):
    """On a flash that has nothing, over USB, with a self-test; and after the power was off
    it is there."""
    with start() as board:
        with board.serial_port() as port:
            done = subprocess.run(
                [sys.executable, ROOT / "tools/install.py", "--port", port],
                capture_output=True,
                text=True,
                timeout=110,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        assert f": {NATIVE}\n" in done.stdout.replace("\r", "")
        board.reset()
        assert board.run(IMPORT) == NATIVE + "\n"
        disk = chip.disk(board.flash())
        names = [f"{at}/{name}" for at, _, names in disk.walk("/lib") for name in names]
        installed = {}
        for name in names:
            with disk.open(name, "rb") as file:
                installed[name.removeprefix("/lib/")] = file.read()
    assert installed == dist.shipped_files(ARCH)
