"""The folder that the server of tests/device/files.py serves, and that server."""

import contextlib
import gzip

import httpx
import pytest
from conftest import DEVICE, serving
from wire import Client, wait_until

DATA = bytes(range(256)) * 40  # as in tests/device/files.py
BIG = b"".join(b"%09d\n" % i for i in range(30_000))
FILES = {
    "index.html": b"<h1>index</h1>",
    "app.html": b"<h1>app</h1>",
    "a.txt": b"0123456789",
    "empty.txt": b"",
    "big.js": BIG,
    "both.css": b"a{}" * 500,
    "sub/index.html": b"sub",
    "sub/deep/b.json": b"{}",
    ".hidden": b"secret",
    ".git/config": b"secret",
    "sub/.hidden": b"secret",
}
ROM = {"index.html": b"rom", "data.txt": BIG[:20_000]}


def varint(n):
    out = [n & 127]
    while n := n >> 7:
        out.insert(0, n & 127 | 128)
    return bytes(out)


def romfs(files):
    """The image of a file system of that content."""
    records = b""
    for name, data in files.items():
        content = varint(len(name)) + name.encode() + b"\x02" + varint(len(data)) + data
        records += b"\x05" + varint(len(content)) + content
    return b"\xd2\xcd\x31" + varint(len(records)) + records


def write(folder):
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "both.css.gz").write_bytes(gzip.compress(FILES["both.css"], mtime=0))
    (folder / "packed.txt.gz").write_bytes(gzip.compress(BIG, mtime=0))
    (folder.parent / "secret.txt").write_bytes(b"secret")
    (folder.parent / "rom.img").write_bytes(romfs(ROM))


@contextlib.contextmanager
def served(parser, hooked, scratch):
    """The server, which serves .folder, with an after_request hook or without."""
    folder = scratch / "www"
    write(folder)
    image = str(scratch / "rom.img")
    more = ["hooked"] if hooked else []
    with serving(parser, DEVICE / "files.py", str(folder), image, *more) as server:
        server.folder = folder
        server.hooked = hooked
        server.idle_files = 0
        wait_until(lambda: settled(server))
        yield server


def settled(server):
    """Whether the client that saw the server listen is gone."""
    before, server.idle_files = server.idle_files, server.open_files()
    return before == server.idle_files


@contextlib.contextmanager
def asking(server):
    """A client, after which the connection and the server go on."""
    with Client(server) as client:
        yield client
        assert client.get("/a.txt").body == FILES["a.txt"]
    assert httpx.get(server.url("/a.txt")).content == FILES["a.txt"]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "hooked"])
def server(request, parser, tmp_path_factory):
    with served(parser, request.param, tmp_path_factory.mktemp("files")) as server:
        yield server


@pytest.fixture
def folder(server):
    return server.folder


@pytest.fixture
def client(server):
    with asking(server) as client:
        yield client
