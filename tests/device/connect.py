# Our WebSocket client, led by JSON, telling what happens in lines of JSON:
#
#   micropython connect.py URL OPTIONS STEPS
#
# OPTIONS are those of web.connect(), but for "ca", the file of a certificate to trust,
# in DER. STEPS are lists of a method of Steps and its arguments.
import asyncio
import json
import os
import sys

import web


def tell(*event):
    print(json.dumps(event))


class Steps:
    def __init__(self, ws):
        self.ws = ws

    async def send(self, message):
        await self.ws.send(message)

    async def grow(self, messages, step):
        for i in range(messages):
            await self.ws.send("x" * (i * step))

    async def echo(self, sizes):
        """Send messages of these sizes, of text, of random and of equal bytes, and
        compare what comes back."""
        for size in sizes:
            text = ("aß€" * (size // 6 + 1)).encode()[: size - size % 6].decode()
            for message in (text + "." * (size % 6), os.urandom(size), b"\0" * size):
                await self.ws.send(message)
                if await self.ws.receive() != message:
                    tell("differs", size, type(message).__name__)
        tell("echoed")

    async def messages(self):
        async for message in self.ws:
            await self.tell_message(message)

    async def receive(self):
        await self.tell_message(await self.ws.receive())

    async def tell_message(self, message):
        if message is None:
            tell("nothing")
        elif isinstance(message, str):
            tell("text", message)
        else:
            tell("binary", bytes(message).hex())

    async def recv(self):
        event = await self.ws.recv()
        tell("event", event and event["type"], event and str(event["data"]))

    async def ping(self, data):
        await self.ws.ping(data.encode())

    async def close(self, *how):
        await self.ws.close(*how)

    async def finish(self):
        await self.ws.finish()


def trust(path):
    with open(path, "rb") as f:
        data = f.read()
    try:
        import ssl
    except ImportError:
        import tls

        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(data)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=data)
    return context


async def main(url, options, steps):
    if "ca" in options:
        options["ssl"] = trust(options.pop("ca"))
    try:
        ws = await web.connect(url, **options)
    except web.HandshakeError as e:
        tell("refused", e.status)
        return
    except (OSError, ValueError) as e:
        tell("OSError" if isinstance(e, OSError) else "ValueError")
        return
    tell("open", ws.subprotocol)
    try:
        for name, *args in steps:
            await getattr(Steps(ws), name)(*args)
    except OSError:
        tell("OSError")
    tell("state", ws.open, ws.closed, ws.close_code, ws.close_reason)


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])))
