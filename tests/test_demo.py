"""The demo page in a real browser, and what `make demo` serves it by."""

import os
import shutil
import subprocess

import matrix
import pytest
import versions
from conftest import BUILD, ROOT, Server, serving
from playwright.sync_api import expect

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
        assert told.endswith("the files of dist/x64_6.3, a heap of 200 KB:") and PACKAGE in told
        server.wait_for_line(f"native x64 parser: http://localhost:{server.port}/")
        assert b"HTTP/1.1 200 OK" in server.exchange(b"GET / HTTP/1.0\r\n\r\n")
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


@pytest.fixture(scope="module")
def demo(parser):
    """In a heap like a board's."""
    with serving(parser, ROOT / "examples" / "demo.py", heap="200K") as server:
        yield server


def test_demo(browser, demo):
    parser = f"native {matrix.host()}" if demo.parser == "native" else demo.parser
    demo.wait_for_line(f"{parser} parser: http://localhost:{demo.port}/")
    page = browser.new_page()
    other = browser.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    for each in (page, other):
        each.goto(demo.url())
        expect(each.locator("#state")).to_have_text("open")
    expect(page.locator("#parser")).to_have_text(parser)

    page.fill("#name", "Zoë & Bob")
    page.click("text=Greet")
    expect(page.locator("#greeting")).to_have_text("Hello Zoë & Bob!")

    page.fill("#message", "hi there 😀")
    page.click("text=Send")
    expect(other.locator("#log div")).to_have_text(["hi there 😀"])
    other.fill("#message", "<b>hello</b>")
    other.click("text=Send")
    expect(page.locator("#log div")).to_have_text(["hi there 😀", "<b>hello</b>"])

    page.wait_for_function("document.querySelector('#plot').dataset.points >= 3")
    assert int(page.locator("#free").inner_text()) > 10000
    assert int(page.locator("#uptime").inner_text()) >= 1
    drawn = page.evaluate(
        "document.querySelector('#plot').getContext('2d')"
        ".getImageData(0, 0, 640, 120).data.some(x => x)"
    )
    assert drawn
    page.screenshot(path=BUILD / "demo.png")
    page.close()
    other.close()
    assert faults == []
