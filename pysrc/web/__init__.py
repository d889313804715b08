"""micropython-aioweb: an asyncio web framework for MicroPython.

    import web

    app = web.App(port=80)

    @app.get("/")
    async def index(r):
        return "Hello world!"

    app.run()

Every name below is loaded when it is first used, so that a program pays RAM only
for what it needs.
"""

import gc

if __name__ != "web":
    # dir(web) asks for every name that there is, "" first, and would load all rooms
    import web

    raise web.help.name("")

__version__ = "0.1.0"

# Where each name is: in one string, which takes a third of a dict's memory.
_LAZY = (
    " App:app Broadcast:broadcast EventSource:sse HTTPException:faults"
    " Response:response WebSocket:websocket abort:faults redirect:response "
)


def __getattr__(name):
    # also each room, where it is first used: a module of this package
    start = _LAZY.find(" " + name + ":")
    module = "web." + name
    if start >= 0:
        start += len(name) + 2
        module = "web." + _LAZY[start : _LAZY.find(" ", start)]
    gc.collect()  # what stays for good should lie where the heap begins
    try:
        value = __import__(module, None, None, (name,))
    except ImportError as e:
        from web._more import room_of

        value = room_of(e, module)
        start = 0
    except MemoryError:
        # MicroPython leaves the name of a module for whose object there was none, with
        # nothing as its value: importing it would fail for good, or crash
        from sys import modules

        for module in modules:
            try:
                modules[module]
            except TypeError:
                del modules[module]
                break
        raise
    if start >= 0:
        value = globals()[name] = getattr(value, name)
    return value


def forget(name):
    """Have a room leave memory again, until it is next needed."""
    import sys

    module = "web." + name  # before anything else: there may be no memory for it
    globals()[name] = sys.modules[module] = None  # the value of what is deleted stays
    del globals()[name], sys.modules[module]


def _examine():
    # The firmware's loader hangs on a .mpy that was cut, and files of two versions
    # don't go together. The build ends each with its version, but _native and _frames,
    # at which _choose.py looks.
    import os
    import sys

    # what is in bytes is no name that stays
    end = b"web " + __version__.encode()
    try:
        files = os.ilistdir(__path__)
    except OSError:
        return  # part of the firmware
    for name in files:
        name = name[0].encode()
        if name[-4:] == b".mpy" and name[:2] not in b"_n_f":
            with open(__path__ + "/" + name.decode(), "rb") as file:
                try:
                    file.seek(-len(end), 2)
                except OSError:
                    pass  # it is shorter
                if file.read() != end:
                    del sys.modules["web"]  # where it would stay
                    raise ImportError((name + b" is cut, or is not of " + end).decode())
    gc.collect()


# in dist/: _examine()
del _examine
