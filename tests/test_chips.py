"""Boards on which native code must not be tried, or finds no room: this machine's own
MicroPython, which says that it is one of them."""

import subprocess
import zlib

import dist
import matrix
import pytest
from conftest import BUILD, MICROPYTHON
from test_install import HOST, files_in, mip, one_line, serving

MPY_CROSS = matrix.micropython() / "mpy-cross/build/mpy-cross"

# What every `import sys` gets from here on.
PRETEND = """
import sys
class Board: pass
board = Board()
for name in dir(sys):
    setattr(board, name, getattr(sys, name))
board.platform = {platform!r}
board.implementation = Board()
board.implementation.name = "micropython"
board.implementation.version = {version!r}
board.implementation._machine = {machine!r}
board.implementation._mpy = sys.implementation._mpy
sys.modules["sys"] = board
"""
USE = """
import web, web._codec, web.incoming
print(web.implementation, *[type(f) == type(lambda: 0) for f in (
    web._codec.parse_head, web.incoming.ws_parse)])
"""
PORTABLE = "portable True True\n"
NATIVE = f"native {HOST} False False\n"

ESP32 = [
    ("Generic ESP32 module with ESP32", (1, 23, 0), PORTABLE),
    ("Generic ESP32 module with ESP32", (1, 24, 0, ""), NATIVE),
    ("Generic ESP32S2 module with ESP32S2", (1, 24, 0, ""), PORTABLE),
    ("LOLIN_S2_MINI with ESP32-S2FN4R2", (1, 24, 0, ""), PORTABLE),
    ("LOLIN_S2_MINI with ESP32-S2FN4R2", (1, 24, 1, ""), NATIVE),
    ("Generic ESP32S3 module with ESP32S3", (1, 24, 0, ""), NATIVE),
    ("ESP32C3 module with ESP32C3", (1, 25, 0, ""), NATIVE),
    ("ESP32C2 module with ESP32-C2", (1, 29, 0, ""), PORTABLE),
    ("ESP32C5 module with ESP32-C5", (1, 29, 0, ""), PORTABLE),
    ("Generic ESP32P4 module with WIFI module of external ESP32C6 with ESP32P4",
     (1, 29, 0, ""), PORTABLE),
]  # fmt: skip


def pretend(machine, version, platform="esp32"):
    return PRETEND.format(platform=platform, machine=machine, version=version)


def run(folder, code):
    done = subprocess.run(
        [MICROPYTHON, "-c", code],
        env={"MICROPYPATH": f"{folder}:.frozen"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", [HOST, matrix.BUNDLE])
@pytest.mark.parametrize("machine,version,used", ESP32)
def test_import(name, machine, version, used):
    """Files that were copied by hand, and the bundle."""
    folder = BUILD / "dist" / matrix.dist_dir(name).name
    assert run(folder, pretend(machine, version) + USE) == used


@pytest.mark.parametrize("version,used", [((1, 25, 0), PORTABLE), ((1, 26, 0), NATIVE)])
def test_import_on_another_port(version, used):
    folder = BUILD / "dist" / matrix.dist_dir(HOST).name
    code = pretend("PCA10056 with NRF52840", version, "nrf52840-DK")
    assert run(folder, code + USE) == used


def test_installer(tmp_path):
    with serving(dist.DIST) as site:
        code = pretend("ESP32C2 module with ESP32-C2", (1, 29, 0, ""))
        done = mip(tmp_path, code + one_line(site.url))
    lines = done.stdout.splitlines()
    assert "aioweb: no firmware runs native files on ESP32-C2" in lines, done.stdout
    assert lines[-1].startswith(f"aioweb {matrix.version()}: portable, "), done.stderr
    assert files_in(tmp_path) == dist.shipped_files(matrix.PORTABLE)


@pytest.mark.parametrize("name", matrix.NATIVE_FILES)
def test_no_memory_for_machine_code(tmp_path, name):
    """As on an ESP32-S2 with Wi-Fi up: the loader raises MemoryError. Here a file does."""
    why = "memory allocation failed, allocating 5304 bytes"
    folder = dist.write_folder(dist.everything(HOST, dist.compile_bytecode()), tmp_path / "lib")
    (tmp_path / "raises.py").write_text(f"raise MemoryError({why!r})\n")
    native = folder / "web" / name
    subprocess.run([MPY_CROSS, "-o", native, tmp_path / "raises.py"], check=True)
    data = native.read_bytes()
    native.write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))
    which = "portable True False" if name == "_native.mpy" else f"native {HOST} False True"
    assert run(folder, USE) == (
        f"web: {name} can't be used ({why}); using the portable parser\n{which}\n"
    )
