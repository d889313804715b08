"""Writes the README's table of architectures, from build_matrix.yml and dist/."""

import re
import textwrap

from matrix import ARCHITECTURES, MATRIX, NATIVE_FILES, ROOT, shipped
from versions import VERSIONS, has_sockets

BEGIN = "<!-- table: make dist -->\n"
OURS = "1.25"  # see tools/get/micropython.sh
END = "<!-- end of table -->"


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


def main():
    path = ROOT / "README.md"
    table = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    path.write_text(table.sub(lambda _: render(), path.read_text()))


if __name__ == "__main__":
    main()
