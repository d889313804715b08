"""The documentation's code blocks, and the servers that run them as they stand."""

import contextlib
import re
from dataclasses import dataclass

from conftest import DEVICE, MICROPYTHON, ROOT, Server, packages

DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
BOARD = DEVICE / "board"  # stands in for what only boards have


def blocks(page, language):
    return [code for name, code in FENCE.findall(PAGES[page].read_text()) if name == language]


@dataclass
class Program:
    """Python blocks of a page that belong together: one that begins with an import begins
    a program, and the others go on with it."""

    page: str
    number: int
    code: str

    @property
    def name(self):
        return f"{self.page} {self.number}"


def programs():
    found = []
    for page in PAGES:
        codes = []
        for code in blocks(page, "python"):
            if re.match("(?:import|from) ", code):
                codes.append(code)
            else:
                codes[-1] += code
        found += [Program(page, number, code) for number, code in enumerate(codes, 1)]
    return {program.name: program for program in found}


@contextlib.contextmanager
def serving(program, folder, micropython=MICROPYTHON, board=BOARD):
    """Run a program, in that folder, but on a loopback port; board is the folder of what
    stands in for the board's own modules."""
    (folder / "main.py").write_text(program.code)

    def command(port):
        runner = DEVICE / "run_example.py"
        return [micropython, "-X", "heapsize=4M", runner, "main.py", str(port)]

    server = Server("native", command, f"{packages('native')}:{board}:{folder}", folder)
    try:
        yield server
    finally:
        server.stop()
