# A firmware image, as it arrives: into a partition, or a file.
import asyncio
from binascii import a2b_base64, unhexlify
from hashlib import sha256

from micropython import const

import web

_BLOCK = const(4096)  # bytes that are erased and written at once

_under_way = []


def _digest(r):
    # the SHA-256 that the image is said to have
    given = r.args.get("sha256")
    try:
        if given is None:
            given = web.fields.field(r, "content-digest")
            start = given.index("sha-256=:") + 9
            digest = a2b_base64(given[start : given.index(":", start)])
        else:
            digest = unhexlify(given)
        if len(digest) == 32:
            return digest
    except (AttributeError, ValueError):
        pass
    web.abort(400, {"error": "sha256: 64 hexadecimal digits are missing"})


class _Image:
    # What has come of an image: to r.save() an object of hashlib.

    def __init__(self, r):
        self._digest = _digest(r)
        self._hash = sha256()
        self._size = r.length
        self._come = 0

    def update(self, data):
        size = self._size
        before = self._come * 10 // size
        self._hash.update(data)
        self._come += len(data)
        tenths = self._come * 10 // size
        if tenths != before:
            print("web: update: {} %".format(tenths * 10))

    def check(self):
        if self._hash.digest() != self._digest:
            web.abort(422, {"error": "sha256: that of the image is another"})
        return True


async def receive(r, file, done):
    """Answer the PUT of an image; see web.ota()."""
    image = _Image(r)
    if not r.length:
        web.abort(411, {"error": "the length is not told"})  # RFC 9110 15.5.12
    if _under_way:
        web.abort(409, {"error": "another update is under way"})
    _under_way.append(True)
    try:
        print("web: update: {} bytes from {}".format(r.length, r.addr))
        if file:
            await r.save(file, hash=image, check=image.check)
        else:
            await _flash(r, image)
            if not done:
                from machine import reset as done
        # what is in effect now must not be written over before it has begun
        asyncio.create_task(_end(done))
    except BaseException as e:
        _under_way.clear()
        print("web: update: failed: {}".format(getattr(e, "body", None) or repr(e)))
        raise
    print("web: update: done")
    return {"size": r.length}


async def _end(done):
    await asyncio.sleep(1)  # the answer leaves
    _under_way.clear()
    if done:
        done()


async def _flash(r, image):
    try:
        from esp32 import Partition

        partition = Partition(Partition.RUNNING).get_next_update()
    except (ImportError, OSError):
        web.abort(501, {"error": "the firmware has no OTA partitions"})
    left = r.length
    if left > partition.info()[3]:
        web.abort(413, {"error": "the partition has {} bytes".format(partition.info()[3])})
    buf = bytearray(_BLOCK)
    view = memoryview(buf)
    block = 0
    while left:
        n = 0
        while n < _BLOCK and n < left:
            n += await r.readinto(view[n:])
        image.update(view[:n])
        for i in range(n, _BLOCK):
            buf[i] = 0xFF  # as flash is when it is erased
        partition.writeblocks(block, buf)
        block += 1
        left -= n
    image.check()
    try:
        partition.set_boot()
    except OSError as e:  # ESP-IDF verifies images
        web.abort(422, {"error": "the board refuses the image: {}".format(e)})
