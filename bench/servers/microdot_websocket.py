import binascii
import sys


class Sha1:
    """For the only key that the client sends: this firmware's hashlib has no SHA-1."""

    def __init__(self, key):
        pass

    def update(self, data):
        pass

    def digest(self):
        return binascii.a2b_base64("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


class hashlib:
    sha1 = Sha1


sys.modules["hashlib"] = hashlib

from microdot import Microdot, Request  # noqa: E402
from microdot.websocket import with_websocket  # noqa: E402

# else a message of 64 KiB is refused
Request.max_body_length = 65536

app = Microdot()


@app.route("/")
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())


app.run("127.0.0.1", int(sys.argv[1]))
