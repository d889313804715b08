"""What `make demo` serves its page by; tests/test_device.py has the page."""

import os
import shutil
import subprocess

import matrix
import pytest
import versions
from conftest import ROOT, Server

(PACKAGE,) = (entry["pypi"] for entry in versions.VERSIONS.values() if "pypi" in entry)
FETCHED = versions.command("1.29-preview").parents[1]


@pytest.fixture
def clone(tmp_path):
    """What a clone has without build/ and .venv/."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "Makefile", "build_matrix.yml", "dist", "examples", "tools"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, files.stdout.split("\0")):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.once
@pytest.mark.skipif(matrix.host() != "x64", reason="the package is for that")
def test_it_builds_nothing(clone):
    """It serves by a package of MicroPython, which is there already."""
    (clone / "build/demo").mkdir(parents=True)
    (clone / "build/demo" / PACKAGE).symlink_to(FETCHED)
    server = Server("native", lambda port: ["tools/demo.sh", str(port)], "", clone)
    try:
        told = server.wait_for_line("MicroPython of ")
        assert told.endswith("the files of dist/x64_6.3, a heap of 400 KB:") and PACKAGE in told
        server.wait_for_line(f"native x64 parser: http://localhost:{server.port}/")
        asked = f"GET / HTTP/1.1\r\nHost: localhost:{server.port}\r\nConnection: close\r\n\r\n"
        answer = server.exchange(asked.encode())
        assert answer.startswith(b"HTTP/1.1 303 ") and b"Location: /login\r\n" in answer
        assert sorted(os.listdir(clone / "build")) == ["demo"]
    finally:
        server.stop()


@pytest.mark.once
@pytest.mark.parametrize(
    "options,told,failed",
    [
        ([], "it is built from source", "building"),
        (["MPY_DIR=/tmp/mine"], "", "/tmp/mine/py/mpconfig.h"),  # a tree of one's own
    ],
)
def test_it_builds_what_it_can_not_fetch(clone, options, told, failed):
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(clone)}
    script = clone / "tools/apt.sh"  # which would install what there is to build with
    script.write_text("#!/bin/sh\necho building >&2\nexit 1\n")
    ours = ("MPY_DIR", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PORT")
    done = subprocess.run(
        ["make", "demo", *options],
        cwd=clone,
        env={**{k: v for k, v in os.environ.items() if k not in ours}, **offline},
        capture_output=True,
        text=True,
    )
    assert told in done.stdout
    assert done.returncode == 2 and failed in done.stderr
