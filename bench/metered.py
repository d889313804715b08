# Runs under MicroPython with the module meter, see bench/firmware/: a program, from
# whose figures the parts of the firmware that any server uses are left out.
#
#   metered.py WHAT SCRIPT PORT...
#
# WHAT is "used", "peak", to collect all the time, "counted", with the clock at rest, or
# "clocked", with it going. Where bytes are of interest a task runs beside: without one
# the event loop's variables keep the last of the program's that ended.
import asyncio
import json  # noqa: F401
import select  # noqa: F401
import socket  # noqa: F401
import sys

import meter

what = sys.argv[1]
del sys.argv[:2]
if what == "peak":
    meter.watch(512)
elif what == "counted":
    meter.rest()


async def tick():
    while True:
        await asyncio.sleep_ms(20)


if what in ("used", "peak"):
    asyncio.create_task(tick())
meter.begin()
execfile(sys.argv[0], {"__name__": "__main__"})  # noqa: F821, MicroPython has it
