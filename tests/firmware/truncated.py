# The import of a .mpy that was cut hangs, if a number was to come next: the end of the file
# counts as bytes of it without end. So each file ends with the package's version, at which the
# package looks before it imports one.
#
# present: 1.25 1.26.1 1.29-preview
import os
import sys

with open("cut.mpy", "wb") as file:
    file.write(b"M\x06\x00\x1f")  # the start of each file of bytecode
sys.path.insert(0, "")
try:
    import cut  # noqa: F401  it hangs here
except (ValueError, EOFError, OSError, MemoryError):
    pass
finally:
    os.remove("cut.mpy")
print("absent")
