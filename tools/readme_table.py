"""Writes the README's table of architectures, from build_matrix.yml and dist/."""

import re

from matrix import ARCHITECTURES, ROOT, dist_dir

BEGIN = "<!-- table: make dist -->\n"
END = "<!-- end of table -->"


def render():
    rows = ["| Folder of `dist/` | Number | Boards | Native file |", "| --- | --- | --- | --- |"]
    for arch, entry in ARCHITECTURES.items():
        folder = dist_dir(arch)
        size = (folder / "web" / "_native.mpy").stat().st_size
        rows.append(f"| `{folder.name}` | {entry['mpy']} | {entry['boards']} | {size:,} B |")
    rows.append("| `portable` | | every other board, ESP8266 among them | none |")
    return BEGIN + "\n".join(rows) + "\n" + END


def main():
    path = ROOT / "README.md"
    table = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    path.write_text(table.sub(lambda _: render(), path.read_text()))


if __name__ == "__main__":
    main()
