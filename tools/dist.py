"""Assembles dist/: for each architecture, and for none, a folder to copy to /lib.

    python tools/dist.py [--out DIR] [ARCH...]

The native files must have been built. Without architectures: all, and portable.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

from matrix import ARCHITECTURES, BUILD, PORTABLE, ROOT, dist_dir, micropython, native_mpys, version

SOURCES = sorted((ROOT / "pysrc").glob("web/*.py"))


def compile_bytecode():
    """Compile pysrc/ to build/bytecode/; the files are the same for all."""
    out = BUILD / "bytecode"
    for source in SOURCES:
        name = source.relative_to(ROOT / "pysrc")
        target = out / name.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [micropython() / "mpy-cross/build/mpy-cross", "-s", str(name), "-o", target, source],
            check=True,
        )
    return out


def assemble(arch, bytecode, out):
    """Fill the folder of one architecture."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(bytecode, out)
    if arch != PORTABLE:
        for native in native_mpys(arch):
            shutil.copyfile(native, out / "web" / native.name)
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.mpy"))
    package = {"version": version(), "urls": [[f, f] for f in files]}
    lines = json.dumps(package, indent=2).replace("[\n      ", "[").replace("\n    ]", "]")
    (out / "package.json").write_text(lines.replace(",\n      ", ", ") + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="put the folders here instead of in dist/")
    parser.add_argument("arch", nargs="*", help="default: all")
    options = parser.parse_args()
    shutil.rmtree(BUILD / "bytecode", ignore_errors=True)
    bytecode = compile_bytecode()
    for arch in options.arch or [*ARCHITECTURES, PORTABLE]:
        out = dist_dir(arch)
        assemble(arch, bytecode, (options.out / out.name) if options.out else out)


if __name__ == "__main__":
    main()
