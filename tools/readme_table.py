"""Writes the table of architectures into docs/install.md, and what of it is told in short into
the README, from build_matrix.yml and dist/."""

import re
import textwrap

from matrix import ARCHITECTURES, MATRIX, NATIVE_FILES, ROOT, shipped
from versions import VERSIONS, has_sockets

BEGIN = "<!-- table: make dist -->\n"
OURS = "1.25"  # see tools/get/micropython.sh
END = "<!-- end of table -->"
TRIED = "<!-- tried: make dist -->\n"
TRIED_END = "<!-- end of tried -->"
# What a kind of target shows, the one that shows most first.
SHOWN = {
    "chip": "the whole chip in an emulator: MicroPython's own port, its flash, and its lwIP, which"
    " has a serial link in place of Wi-Fi",
    "board": "an emulated core, bare metal; and the interpreter for it, with real sockets",
    "unix": "the interpreter, with real sockets",
    "user": "an emulated core: the native code alone, without a server around it",
}


def tested_on(target):
    """How a target executes the shipped file, in a few words."""
    kind = MATRIX["targets"][target]["kind"]
    if kind == "board":
        return "bare metal, " + target.removeprefix("board-").replace("-", " ").title()
    if kind == "chip":
        return f"a whole {target.upper()}, lwIP over SLIP"
    if kind == "user":
        return "ABI, loader and code only"
    return "unix port, real sockets"


def render():
    rows = [
        "| Architecture | Number | Boards | Native files | Run by the tests, emulated |",
        "| --- | --- | --- | --- | --- |",
    ]
    for arch, entry in ARCHITECTURES.items():
        files = shipped(arch)
        size = sum(files[f"web/{name}"].stat().st_size for name in NATIVE_FILES)
        rows.append(
            f"| `{arch}` | {entry['mpy']} | {entry['boards']} | {size:,} B |"
            f" {'; '.join(map(tested_on, entry['tested']))} |"
        )
    never = [name for name, oldest in MATRIX["firmware"]["native"].items() if oldest == "never"]
    rows.append(
        f"| `portable` | | every other board, {', '.join(['ESP8266', *never])} among them | none |"
        " unix port on armv6m; bare metal, Cortex M0 |"
    )
    return BEGIN + "\n".join(rows) + "\n\n" + tested_versions() + END


def tested_versions():
    """On which versions of MicroPython the tests run, in a paragraph."""
    unix = [name for name in VERSIONS if has_sockets(name)]
    node = [name for name in VERSIONS if name not in unix]
    words = (
        f"The tests run all of these with MicroPython {OURS}, and the files of `x64` with"
        f" {' and '.join(unix)} as well: both parsers, examples, protocol, WebSockets, events,"
        f" client, TLS, `mip`. Under Node.js the portable parser is tried with"
        f" {' and '.join(node)}."
    )
    return textwrap.fill(words, 90, break_long_words=False, break_on_hyphens=False) + "\n"


def tried():
    """What the tests run, by what shows most of it."""
    kinds = {name: target["kind"] for name, target in MATRIX["targets"].items()}
    found = {kind: [] for kind in SHOWN}
    for arch, entry in ARCHITECTURES.items():
        known = {kinds[target] for target in entry["tested"]}
        best = next(kind for kind in SHOWN if kind in known)
        boards = "RP2040 (Raspberry Pi Pico W)" if best == "chip" else entry["boards"]
        found[best].append(f"{boards} (`{arch}`)")
    rows = ["| Files for | Run by the tests on |", "| --- | --- |"]
    rows += [f"| {'; '.join(found[kind])} | {SHOWN[kind]} |" for kind in SHOWN if found[kind]]
    return TRIED + "\n".join(rows) + "\n" + TRIED_END


PARTS = {
    "docs/install.md": (BEGIN, END, render),
    "README.md": (TRIED, TRIED_END, tried),
}


def main():
    for name, (begin, end, text) in PARTS.items():
        path = ROOT / name
        part = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
        path.write_text(part.sub(lambda _, text=text: text(), path.read_text()))


if __name__ == "__main__":
    main()
