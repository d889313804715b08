"""What the package takes before it serves: memory by what is loaded, and flash."""

import functools

from packages import PACKAGES

from bench.measures import attempt
from bench.meter import CODE, OURS, PEER, least, library, machine_code, running

_STOP = "\nimport select\nselect.poll().poll()\n"
_APP = {
    OURS: "import web\napp = web.App('127.0.0.1', 80)",
    PEER: "from microdot import Microdot\napp = Microdot()",
}
_HTTP = ("aioweb", "aioweb-forms")


def _imports(packages):
    """Lines that load all that these packages have, but what replaces something else."""
    modules = [m for name in packages for m in PACKAGES[name]["modules"] if m[0] != "_"]
    return "\n".join(f"import web.{module}" for module in modules)


# {name: (lines, native files that they load)}
ROOMS = {
    "app": (_APP[OURS], 1),
    "http": (f"{_APP[OURS]}\n{_imports(_HTTP)}", 1),
    "everything": (f"{_APP[OURS]}\n{_imports(PACKAGES)}", 2),
}


@functools.cache
def _used(framework, lines):
    def once(line):
        with running(framework, line + (lines + _STOP).encode(), "used") as program:
            return program.used()

    return least(once)


def room(name):
    """Bytes in use with these parts loaded, machine code included."""
    lines, files = ROOMS[name]
    return _used(OURS, lines).now - _used(OURS, "").now + machine_code(OURS, files)


def room_names(name):
    return _used(OURS, ROOMS[name][0]).names


def peer_app():
    return _used(PEER, _APP[PEER]).now - _used(PEER, "").now


def flash():
    """Bytes of all files that are installed on an architecture."""
    folder = library(OURS, CODE)
    return sum(file.stat().st_size for file in folder.rglob("*.mpy"))


def measure():
    """{part: {bytes, names}}"""
    rooms = {
        name: {"bytes": attempt(room, name), "names": attempt(room_names, name)} for name in ROOMS
    }
    return {**rooms, "microdot": {"bytes": attempt(peer_app)}, "flash": {"bytes": flash()}}
