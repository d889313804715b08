# Runs examples/wifi.py as it is, with its seconds 20 to 100 times as fast, on loopback ports:
#
#   micropython wifi.py EXAMPLE DNS-PORT PORT
import asyncio
import sys

import web

_, example, names, port = sys.argv
App, captive, wait_for = web.App, web.captive, asyncio.wait_for
web.App = lambda **options: App("127.0.0.1", int(port), max_connections=4)
web.captive = lambda app, ip: captive(app, ip, port=int(names))
asyncio.sleep = lambda seconds: asyncio.sleep_ms(int(seconds * 50))
asyncio.wait_for = lambda it, seconds: wait_for(it, seconds and seconds / 100)
with open(example) as file:
    source = file.read()
exec(source, {"__name__": "__main__"})
