# Mounts at /disk a file system of IMAGE, a file that lives on when the process does not:
# as a board's flash when the power fails.
#
#   littlefs or fat, IMAGE, its blocks, read-only?
import os
import sys

import vfs

_SIZE = 512


class Blocks:
    def __init__(self, image, count):
        self._count = count
        self._file = open(image, "r+b")

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * _SIZE + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        self._file.seek(block * _SIZE + offset)
        self._file.write(buf)

    def ioctl(self, op, arg):
        return {4: self._count, 5: _SIZE}.get(op, 0)


def mount(kind, image, count, readonly):
    system = {"littlefs": os.VfsLfs2, "fat": os.VfsFat}[kind]
    blocks = Blocks(image, count)
    try:
        vfs.mount(blocks, "/disk", readonly=readonly)
    except OSError:  # not formatted
        system.mkfs(blocks)
        vfs.mount(blocks, "/disk", readonly=readonly)
    sys.path.append("/disk/lib")
