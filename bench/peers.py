"""Fetches other web frameworks for MicroPython to build/peers/, to measure beside ours."""

import os
import shutil
import subprocess
import sys

from matrix import BUILD

PEERS = BUILD / "peers"
VERSIONS = {"microdot": "2.7.0", "picoweb": "1.8.2"}
# imported by picoweb, and used only for static files
PICOWEB_STUB = "# micropython-lib's pkg_resources, of which no measure uses anything\n"


def _pip(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "pip", *arguments, "-q", "--no-deps"], **options)


def _fetch_microdot(requirement, folder):
    _pip("install", "--no-compile", "--target", folder, requirement, check=True)


def _fetch_picoweb(requirement, folder):
    # Its source package is made for MicroPython's own installer and has no setup.py:
    # pip fetches, verifies and unpacks it, then refuses, so let it leave what it unpacked.
    scratch = folder.with_name("scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    failed = _pip(
        *("download", "--no-clean", "--no-binary=:all:", "-d", scratch, requirement),
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
    )
    found = [*scratch.glob("pip-download-*/picoweb_*/picoweb")]
    if len(found) != 1:
        raise RuntimeError(f"pip did not unpack {requirement}: {failed.stderr}")
    shutil.move(found[0], folder / "picoweb")
    shutil.rmtree(scratch)
    (folder / "pkg_resources.py").write_text(PICOWEB_STUB)


def fetch(name):
    """The folder with a peer's packages."""
    requirement = f"{name}=={VERSIONS[name]}"
    folder = PEERS / requirement
    if not folder.exists():
        part = PEERS / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        {"microdot": _fetch_microdot, "picoweb": _fetch_picoweb}[name](requirement, part)
        part.rename(folder)
    return folder


if __name__ == "__main__":
    for peer in VERSIONS:
        print(fetch(peer))
