"""MicroPython's linker for native modules, with the architecture it leaves out.

    python tools/link.py ARGUMENTS OF mpy_ld.py

mpy_ld.py knows no armv7em, though MicroPython loads it: its code is linked as
armv7m's is, under its own number.
"""

import copy
import sys

from matrix import ARCHITECTURES, micropython

sys.path.insert(0, str(micropython() / "tools"))

import mpy_ld  # noqa: E402

if "armv7em" not in mpy_ld.ARCH_DATA:
    mpy_ld.ARCH_DATA["armv7em"] = copy.copy(mpy_ld.ARCH_DATA["armv7m"])
    mpy_ld.ARCH_DATA["armv7em"].mpy_feature = ARCHITECTURES["armv7em"]["mpy"] << 2

if __name__ == "__main__":
    mpy_ld.main()
