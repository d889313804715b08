"""Fetches other web frameworks for MicroPython to build/peers/, to measure beside ours, and a
library of templates, to try with it."""

import os
import shutil
import subprocess
import sys

from matrix import BUILD

PEERS = BUILD / "peers"
VERSIONS = {"microdot": "2.7.0", "picoweb": "1.8.2"}
LIBRARIES = {"utemplate": "1.4.1"}
# imported by picoweb, and used only for static files
PICOWEB_STUB = "# micropython-lib's pkg_resources, of which no measure uses anything\n"


def _pip(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "pip", *arguments, "-q", "--no-deps"], **options)


def _fetch_microdot(requirement, folder):
    _pip("install", "--no-compile", "--target", folder, requirement, check=True)


def _fetch_unpacked(requirement, folder):
    # A source package that is made for MicroPython's own installer has no setup.py: pip
    # fetches, verifies and unpacks it, then refuses, so let it leave what it unpacked.
    name = requirement.partition("==")[0]
    scratch = folder.with_name("scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    failed = _pip(
        *("download", "--no-clean", "--no-binary=:all:", "-d", scratch, requirement),
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
    )
    found = [*scratch.glob(f"pip-download-*/{name}_*/{name}")]
    if len(found) != 1:
        raise RuntimeError(f"pip did not unpack {requirement}: {failed.stderr}")
    shutil.move(found[0], folder / name)
    shutil.rmtree(scratch)


def _fetch_picoweb(requirement, folder):
    _fetch_unpacked(requirement, folder)
    (folder / "pkg_resources.py").write_text(PICOWEB_STUB)


HOW = {"microdot": _fetch_microdot, "picoweb": _fetch_picoweb, "utemplate": _fetch_unpacked}


def fetch(name):
    """The folder with a peer's packages."""
    requirement = f"{name}=={(VERSIONS | LIBRARIES)[name]}"
    folder = PEERS / requirement
    if not folder.exists():
        part = PEERS / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        HOW[name](requirement, part)
        part.rename(folder)
    return folder


if __name__ == "__main__":
    for peer in HOW:
        print(fetch(peer))
