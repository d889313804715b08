# web.implementation: which parser serves, and the architecture that it is built for.
import web._codec

_NAMES = ""  # make dist: architectures


def _architecture(path):
    """Return what the header of a .mpy file says: '' for bytecode."""
    try:
        with open(path, "rb") as file:
            number = file.read(3)[2] >> 2 & 15
    except OSError:
        return ""  # imported from where open() does not reach
    start = _NAMES.find(" {}:".format(number)) + 1
    return _NAMES[start : _NAMES.find(" ", start)].partition(":")[2] if start else ""


implementation = web._codec.implementation
if implementation == "native":
    implementation += " " + _architecture(web._codec._parsers.__file__)
    implementation = implementation.strip()
