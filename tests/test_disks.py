"""r.save() on flash that is full, read-only, or without power at any write."""

import contextlib
import shutil

import httpx
import pytest
from conftest import DEVICE, WITH_TLS, Server, packages
from littlefs import LittleFS

BLOCKS = 160
BLOCK = 512
OLD, NEW = b"old " * 700, b"new! " * 1500


@contextlib.contextmanager
def saving(folder, kind, *readonly):
    image = folder / "image"
    if not image.exists():
        image.write_bytes(b"\xff" * BLOCK * BLOCKS)
    for name in ("disk.py", "disks.py"):
        shutil.copy(DEVICE / name, folder)

    def command(port):
        return [WITH_TLS, "-X", "heapsize=2M", "disks.py", str(port), kind, "image",
                str(BLOCKS), *readonly]  # fmt: skip

    server = Server("native", command, f"{packages('native')}:{folder}", folder)
    try:
        yield server
    finally:
        server.stop()


def put(server, data):
    return httpx.put(server.url("/save"), content=data, timeout=20)


@pytest.mark.parametrize("kind", ["littlefs", "fat"])
def test_full(tmp_path, kind):
    with saving(tmp_path, kind) as server:
        assert put(server, OLD).text == f"{len(OLD)} bytes"
        for n in (1, 2):
            assert put(server, bytes(BLOCK * BLOCKS)).status_code == 500
            server.wait_for_line("web: PUT /save: OSError: ")
            assert httpx.get(server.url("/file")).content == OLD
            assert httpx.get(server.url("/names")).json() == ["file"]
            assert len(server.console) == n
        assert put(server, NEW).text == f"{len(NEW)} bytes"
        assert httpx.get(server.url("/file")).content == NEW


@pytest.mark.parametrize("kind", ["littlefs", "fat"])
def test_read_only(tmp_path, kind):
    with saving(tmp_path, kind) as server:
        put(server, OLD)
    with saving(tmp_path, kind, "readonly") as server:
        for n in (1, 2):
            assert put(server, NEW).status_code == 500
            server.wait_for_line("web: PUT /save: OSError: ")
            assert httpx.get(server.url("/file")).content == OLD
            assert len(server.console) == n


def content(image):
    """The file as a board finds it when the power is back."""
    flash = LittleFS(
        block_size=BLOCK, block_count=BLOCKS, read_size=32, prog_size=32, lookahead_size=32,
        mount=False,
    )  # fmt: skip
    flash.context.buffer = bytearray(image)
    flash.mount()
    with flash.open("file", "rb") as file:
        return file.read()


def test_power_that_fails_at_each_write(tmp_path):
    """The file is the old one until it is the new one, also where half of a block is
    written."""
    with saving(tmp_path, "littlefs") as server:
        put(server, OLD)
        httpx.get(server.url("/writes"))
        image = bytearray((tmp_path / "image").read_bytes())
        put(server, NEW)
        lines = httpx.get(server.url("/writes")).text.split("\n")[:-1]
    found = [content(image)]
    for line in lines:
        start, data = line.split(" ")
        start, data = int(start), bytes.fromhex(data)
        for n in (len(data) // 2, len(data)):
            image[start : start + n] = data[:n]
            found.append(content(image))
    changed = found.index(NEW)
    assert len(lines) > 20
    assert found == [OLD] * changed + [NEW] * (len(found) - changed)
