# Runs under MicroPython with the module meter, see bench/firmware/: a program, from
# whose figures the parts of the firmware that any server uses are left out.
#
#   metered.py WHAT SCRIPT PORT...
#
# WHAT is "used", "peak", to collect all the time, or "counted", with the clock at rest.
import asyncio  # noqa: F401
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
meter.begin()
execfile(sys.argv[0], {"__name__": "__main__"})  # noqa: F821, MicroPython has it
