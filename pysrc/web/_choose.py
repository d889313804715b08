# Chooses between a native module and its portable twin. Nothing is chosen twice, so
# this module frees itself; what imports it sets its own name of choose() to None.
# (The value of a name or item that is deleted lives on.)
import gc
import sys

import web


def choose(native, portable):
    """Return the native module where the firmware loads it, else its portable twin,
    and which of the two that is."""
    web._choose = sys.modules[__name__] = None
    del web._choose, sys.modules[__name__]
    which = "native"
    try:
        _check(web.__path__ + "/" + native + ".mpy")
        gc.collect()  # what stays for good should lie where the heap begins
        module = __import__("web." + native, None, None, (native,))
    except (ImportError, ValueError) as e:
        # ImportError: no native file here. ValueError: one that this firmware refuses.
        if isinstance(e, ValueError):
            print("web: {}.mpy can't be used ({}); using the portable parser".format(native, e))
        which = "portable"
        module = __import__("web." + portable, None, None, (portable,))
    return module, which


def _check(path):
    # A truncated .mpy hangs the firmware's loader, and one with a wrong byte runs
    # it. The build ends the file with its CRC-32, so a sound one has this sum.
    try:
        from binascii import crc32
    except ImportError:
        return

    try:
        file = open(path, "rb")
    except OSError:
        return  # none, or none that open() reaches: importing it tells
    buf = bytearray(64)
    view = memoryview(buf)
    crc = 0
    with file:
        while True:
            n = file.readinto(buf)
            if not n:
                break
            crc = crc32(view[:n], crc)
    if crc != 0x2144DF1C:
        raise ValueError("damaged file")
