"""Writes the README's table of architectures, from build_matrix.yml and dist/."""

import re

from matrix import ARCHITECTURES, MATRIX, NATIVE_FILES, ROOT, shipped

BEGIN = "<!-- table: make dist -->\n"
END = "<!-- end of table -->"


def tested_on(target):
    """How a target executes the shipped file, in a few words."""
    kind = MATRIX["targets"][target]["kind"]
    if kind == "board":
        return "bare metal, " + target.removeprefix("board-").replace("-", " ").title()
    if kind == "user":
        return "ABI, loader and code only"
    return "unix port, real sockets"


def render():
    rows = [
        "| Architecture | Number | Boards | Native files | Run by the tests under QEMU |",
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
    return BEGIN + "\n".join(rows) + "\n" + END


def main():
    path = ROOT / "README.md"
    table = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    path.write_text(table.sub(lambda _: render(), path.read_text()))


if __name__ == "__main__":
    main()
