"""Installs packages of dist/ on a board that is connected to this computer, and tries
them there.

    python tools/install.py [--port PORT] [--resume] [PACKAGE...]

The packages are those of packages.yml, by default aioweb-all.
"""

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import vectors
from matrix import PORTABLE, ROOT, micropython
from packages import ALL, installable

DIST = ROOT / "dist"
SELF_TEST = ROOT / "tools" / "selftest.py"
EVERY = 12  # of so many vectors one is tried
ASK = (
    "import sys; s = sys.implementation;"
    "print((getattr(s, '_mpy', None), tuple(s.version), sys.platform, s._machine))"
)


def chooser(text):
    """choose() of the text of an install.py: the board's own way to choose."""
    names = {}
    exec(text, names)
    return names["choose"]


def place_runner(folder):
    """What runs the vectors, compiled if there is the compiler: small boards can't."""
    runner = ROOT / "tests" / "device" / "vectors.py"
    cross = micropython() / "mpy-cross/build/mpy-cross"
    if cross.exists():
        subprocess.run([cross, "-o", folder / "vectors.mpy", runner], check=True)
    else:
        shutil.copy(runner, folder)


class Board:
    def __init__(self, port, resume):
        self._connect = ["connect", port] if port else []
        self._fresh = not resume

    def mpremote(self, *command, show=False):
        """Run a command of mpremote's; its output. The first one resets the board, unless
        told not to, so that what runs on it does not get in the way."""
        resume = [] if self._fresh else ["resume"]
        self._fresh = False
        argv = [sys.executable, "-m", "mpremote", *self._connect, *resume, *map(str, command)]
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        output = ""
        for line in process.stdout:
            output += line
            if show:
                print(line, end="", flush=True)
        if process.wait():
            sys.exit("mpremote failed" if show else f"mpremote: {output}")
        return output

    def choose(self):
        """The architecture whose native files fit, or portable."""
        answer = self.mpremote("exec", ASK).strip().splitlines()[-1]
        try:
            arch, why = chooser((DIST / "install.py").read_text())(*ast.literal_eval(answer))
        except RuntimeError as e:
            sys.exit(str(e))
        print(f"This board: {why}.")
        return arch or PORTABLE

    def install(self, names):
        self.mpremote("mip", "install", "--index", DIST, *names, show=True)

    def try_out(self, arch):
        """Run some of the tests' vectors on the board, on what is installed."""
        with tempfile.TemporaryDirectory() as folder:
            vectors.write(Path(folder), EVERY)
            place_runner(Path(folder))
            output = self.mpremote("mount", folder, "run", SELF_TEST, show=True)
        if " 0 failed" not in output and "left out" not in output:
            sys.exit("The self-test failed.")
        said = "portable" if arch == PORTABLE else f"native {arch}"
        if f": {said}\n" not in output.replace("\r", ""):
            sys.exit(f"The board does not use what was installed: {said}.")


def main():
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("--port", help="as mpremote has it; by default it looks for a board")
    parser.add_argument("--resume", action="store_true", help="do not reset the board first")
    parser.add_argument("package", nargs="*", help=", ".join(installable()))
    options = parser.parse_args()
    if unknown := set(options.package) - set(installable()):
        parser.error(f"no package {', '.join(unknown)}; there are {', '.join(installable())}")
    board = Board(options.port, options.resume)
    arch = board.choose()
    suffix = "" if arch == PORTABLE else f"-{arch}"
    board.install([name + suffix for name in options.package or [ALL]])
    board.try_out(arch)


if __name__ == "__main__":
    main()
