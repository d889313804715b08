# Runs under MicroPython: what a server, or an import, takes of the heap.
#
#   probe.py serve SCRIPT PORT...      after SIGINT: bytes allocated, bytes in use since
#   probe.py import MODULE ATTRIBUTE   bytes in use
#
# The interrupt leaves the tasks and the connections as they are, and asking costs the
# server nothing while it serves: two runs tell what the requests between them took.
import gc
import sys

what, name = sys.argv[1:3]
if what == "import":
    # asyncio is the firmware's, and loads its parts when they are first used
    import asyncio

    for part in ("Event", "start_server", "wait_for"):
        getattr(asyncio, part)
gc.collect()
before = gc.mem_alloc()
if what == "serve":
    # no collection: then mem_alloc() grows by what is allocated and not freed at once
    gc.disable()
    sys.argv[:] = sys.argv[2:]
    context = {"__name__": "__main__"}
    try:
        execfile(name, context)  # noqa: F821, MicroPython has it
    except KeyboardInterrupt:
        pass
    allocated = gc.mem_alloc()
    gc.collect()
    print(allocated, gc.mem_alloc() - before)
else:
    module = __import__(name)
    # a package may load its parts when they are first used
    getattr(module, sys.argv[3])
    gc.collect()
    print(gc.mem_alloc() - before)
