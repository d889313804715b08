# Our WebSocket client, connecting several times in the same way, and telling in lines of
# JSON what came of each attempt, how long it took, and how many files are open after it:
#
#   micropython connecting.py URL OPTIONS
#
# OPTIONS are those of web.connect(), but for
#   context   the module whose SSLContext is given, "ssl" or "tls"; or "blind" for one
#             like axTLS's, which verifies nothing
#   ca        the file of a certificate in DER that it trusts
#   attempts  how many, one if not given
#   cancel    seconds after which an attempt is cancelled
import asyncio
import json
import os
import sys
import time

import web


class Blind:
    @property
    def verify_mode(self):
        return 0

    @verify_mode.setter
    def verify_mode(self, mode):
        pass


def make_context(module, ca):
    if module == "blind":
        return Blind()
    context = __import__(module).SSLContext(0)  # PROTOCOL_TLS_CLIENT
    if ca:
        with open(ca, "rb") as f:
            data = f.read()
        if module == "ssl":  # whose first argument is a file's name in some versions
            context.load_verify_locations(cadata=data)
        else:
            context.load_verify_locations(data)
    return context


async def attempt(url, options, cancel):
    try:
        connecting = web.connect(url, **options)
        ws = await (asyncio.wait_for(connecting, cancel) if cancel else connecting)
    except asyncio.TimeoutError:
        return ["cancelled"]
    except web.HandshakeError as e:
        return ["refused", e.status]
    except OSError as e:
        return ["OSError", str(e)]
    await ws.send("hello")
    echoed = await ws.receive()
    await ws.finish()
    return ["open", echoed]


async def main(url, options):
    attempts = options.pop("attempts", 1)
    cancel = options.pop("cancel", None)
    module = options.pop("context", None)
    ca = options.pop("ca", None)
    if module:
        options["ssl"] = make_context(module, ca)
    for _ in range(attempts):
        began = time.ticks_ms()
        told = await attempt(url, options, cancel)
        took = time.ticks_diff(time.ticks_ms(), began)
        files = len(os.listdir("/proc/self/fd"))
        print(json.dumps([told, took / 1000, files]))


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
