"""Counts the instructions of natmod's hot functions on every architecture.

    python -m bench.cost [--write] [ARCH...]

Prints a table; --write puts it in bench/cost.md, and the figures in bench/cost.json,
above which the tests let none grow.
The counts are exact: QEMU's user emulation executes the functions, compiled with
the native modules' flags, and a plugin counts.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import emulators
from matrix import ARCHITECTURES, BUILD, MATRIX, ROOT

from natmod import compiler_of

BENCH = ROOT / "bench"
REQUESTS = ["curl", "browser", "cookies"]
TEXTS = {
    "ascii": "The quick brown fox jumps over the lazy dog. ",
    "german": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ",
    "chinese": "我能吞下玻璃而不伤身体。",
    "emoji": "😀🚀🌍🎉",
}
QUERY = "name=J%C3%BCrgen+M%C3%BCller&city=K%C3%B6ln&note=a%26b%3Dc+d&x=1&y=2&empty=&plus=%2B1"
LENGTH = 1024  # of the texts, less what would split a character
UNMASKED = [16, 64, 1024, 65536]
LLHTTP_PACKAGE = "httptools==0.6.4"
# Where a C library for llhttp is at hand, and how it is linked.
ANCHORED = {a: ["-specs=nosys.specs"] for a in ARCHITECTURES if a.startswith("armv")}
STRICT_ONLY = ("-Wall", "-Wextra", "-Werror", "-ffreestanding")


def texts():
    for name, text in TEXTS.items():
        data = text.encode()
        whole = data * (LENGTH // len(data))
        rest = data[: LENGTH - len(whole)]
        yield name, whole + rest.decode(errors="ignore").encode()


def cases():
    """(name, bytes) of everything that bench/cost.c executes, in its order."""
    yield from ((f"head {n}", (BENCH / "requests" / f"{n}.http").read_bytes()) for n in REQUESTS)
    for shift in ("", " unaligned"):
        yield from ((f"unmask {n}{shift}", bytes(n)) for n in UNMASKED)
    yield from ((f"utf8 {name}", data) for name, data in texts())
    yield "unquote", QUERY.encode()


def write_input(folder):
    """cost_input.h: the inputs as arrays that start at a word's boundary."""
    inputs = {n: (BENCH / "requests" / f"{n}.http").read_bytes() for n in REQUESTS}
    inputs |= dict(texts()) | {"query": QUERY.encode()}
    lines = []
    for name, data in inputs.items():
        values = ", ".join(map(str, data + b"\0"))
        lines.append(f"static const uint8_t {name}[] __attribute__((aligned(4))) = {{ {values} }};")
    (folder / "cost_input.h").write_text("\n".join(lines) + "\n")


def target_of(arch):
    """The first target that runs under user emulation."""
    names = ARCHITECTURES[arch]["tested"]
    return next(n for n in names if emulators.TARGETS[n].kind in ("unix", "user"))


def compile_and_count(arch, name, sources, flags, libraries=()):
    """The instructions between each two marks of a program in bench/."""
    folder = BUILD / "cost" / arch
    compiler, own_flags = compiler_of(arch, False)
    program, log = folder / name, folder / f"{name}.counts"
    options = [f for f in own_flags if not f.startswith("--specs")]
    linker = ["-nostartfiles", "-static", "-Wl,-e,_start", "-Wl,-z,noexecstack"]
    linker += ["-Wl,--build-id=none", "-Wno-unused-command-line-argument"]
    subprocess.run(
        [compiler, *flags, *options, *linker, f"-I{folder}", BENCH / "start.S", *sources]
        + ["-o", program, *(libraries or ["-nostdlib"])],
        cwd=ROOT,
        check=True,
    )
    log.unlink(missing_ok=True)
    plugin = emulators.OUT / "icount" / "icount.so"
    qemu = emulators.TARGETS[target_of(arch)].qemu.split()
    subprocess.run([*qemu, "-plugin", f"{plugin},log={log}", program], check=True, timeout=60)
    marks = [int(line) for line in log.read_text().split()]
    overhead = marks[1] - marks[0]
    return [b - a - overhead for a, b in zip(marks[2::2], marks[3::2])]


def count(arch):
    """The instructions of every case on an architecture: {name: int}."""
    folder = BUILD / "cost" / arch
    folder.mkdir(parents=True, exist_ok=True)
    write_input(folder)
    counts = compile_and_count(arch, "cost", [BENCH / "cost.c"], MATRIX["common_flags"].split())
    return dict(zip((name for name, _ in cases()), counts, strict=True))


def count_anchor(arch):
    """The same for llhttp: {"head curl": int, ...}; None where it can't be linked."""
    if arch not in ANCHORED:
        return None
    source = fetch_llhttp()
    flags = [f for f in MATRIX["common_flags"].split() if f not in STRICT_ONLY]
    files = [BENCH / "anchor.c", *(source / "src" / f for f in ("llhttp.c", "api.c", "http.c"))]
    libraries = ANCHORED[arch]
    counts = compile_and_count(
        arch, "anchor", files, [*flags, f"-I{source / 'include'}"], libraries
    )
    return dict(zip((f"head {name}" for name in REQUESTS), counts, strict=True))


def fetch_llhttp():
    """llhttp's C sources, from the source package of httptools."""
    folder = BUILD / "llhttp"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:"]
                + ["-d", scratch, LLHTTP_PACKAGE],
                check=True,
            )
            with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as archive:
                archive.extractall(scratch, filter="data")
            shutil.copytree(next(Path(scratch).glob("*/vendor/llhttp")), folder)
    return folder


def table(counts, anchors):
    """Markdown: a row a case, a column an architecture."""
    sizes = dict(cases())
    lines = ["| | bytes | " + " | ".join(counts) + " |", "| --- " * (len(counts) + 2) + "|"]

    def row(name, size, columns):
        cells = (f"{c[name]:,} ({c[name] / size:.2f})" if c else "" for c in columns)
        return " | ".join(cells) + " |"

    for name, data in sizes.items():
        lines.append(f"| {name} | {len(data):,} | " + row(name, len(data), counts.values()))
        if name in (f"head {r}" for r in REQUESTS):
            label = f"| {name}, llhttp | {len(data):,} | "
            lines.append(label + row(name, len(data), [anchors[arch] for arch in counts]))
    return "\n".join(lines) + "\n"


INTRODUCTION = """\
# What parsing costs

Instructions executed, and in parentheses per byte of input: exact counts under
QEMU, with the native modules' own compilers and flags. `make cost` writes this
table. Next to each head stands llhttp, the parser of Node.js, where it links.

"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write bench/cost.md and cost.json")
    parser.add_argument("arch", nargs="*", default=list(ARCHITECTURES))
    options = parser.parse_args()
    emulators.build("icount")
    counts = {arch: count(arch) for arch in options.arch}
    anchors = {arch: count_anchor(arch) if options.write else None for arch in options.arch}
    text = table(counts, anchors)
    print(text, end="")
    if options.write:
        (BENCH / "cost.md").write_text(INTRODUCTION + text)
        (BENCH / "cost.json").write_text(json.dumps(counts, indent=1) + "\n")


if __name__ == "__main__":
    main()
