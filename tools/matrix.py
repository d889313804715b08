"""Reads build_matrix.yml, the one list of architectures."""

import json
import os
import platform
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
MATRIX = yaml.safe_load((ROOT / "build_matrix.yml").read_text())
ARCHITECTURES = MATRIX["architectures"]
ABI = MATRIX["abi"]
PORTABLE = "portable"
BUNDLE = "bundle"
NATIVE_FILES = ["_native.mpy", "_frames.mpy"]


def version():
    """The version of the package, from the only place that states it."""
    text = (ROOT / "pysrc" / "web" / "__init__.py").read_text()
    return re.search(r'^__version__ = "([^"]+)"', text, re.M).group(1)


def micropython():
    """The MicroPython source tree that make fetched, or MPY_DIR."""
    return Path(os.environ.get("MPY_DIR") or BUILD / "micropython")


def native_mpys(arch):
    """Where the native files of an architecture are built."""
    return [BUILD / "native" / arch / name for name in NATIVE_FILES]


def dist_dir(arch):
    """The folder of dist/ for an architecture, for none, or for the bundle of all."""
    return ROOT / "dist" / (f"{arch}_{ABI}" if arch in ARCHITECTURES else arch)


def shipped(arch):
    """The files of dist/ that the package of a folder installs: {where to: path}."""
    folder = dist_dir(arch)
    package = json.loads((folder / "package.json").read_text())
    return {target: (folder / url).resolve() for target, url in package["urls"]}


def host():
    """The architecture of this machine's own unix port, or portable."""
    if platform.system() != "Linux":
        return PORTABLE  # its compiler makes no ELF objects
    return {"x86_64": "x64", "i686": "x86"}.get(platform.machine(), PORTABLE)


def main(what, *archs):
    """Answer the Makefile: list, host, folder ARCH, apt [ARCH... | emulators], the Debian
    packages that compilers of these architectures, or of all, or the emulators are in."""
    if what == "list":
        print(*ARCHITECTURES)
    elif what == "host":
        print(host())
    elif what == "folder":
        print(dist_dir(archs[0]).name)
    elif what == "apt":
        if archs == ("emulators",):
            entries = [*MATRIX["targets"].values(), {"apt": MATRIX["emulator_apt"]}]
        else:
            entries = [ARCHITECTURES[arch] for arch in archs or ARCHITECTURES]
        print(*sorted({package for entry in entries for package in entry.get("apt", [])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
