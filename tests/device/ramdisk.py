# A file system in RAM, at /, for an emulated board: firmware for QEMU has none that can
# be written to. Its files lie one behind the other in one piece of memory beside the heap, of
# which place() returns the address and the size; what is overwritten is lost.
import errno
import io
import os
import sys

import uctypes
import vfs

_DIR, _FILE = 0x4000, 0x8000
_AT, _SIZE = place()  # noqa: F821


class File(io.IOBase):
    def __init__(self, disk, span):
        self._disk = disk
        self._span = span
        self._pos = span[0]

    def readinto(self, buf):
        n = min(len(buf), self._span[1] - self._pos)
        buf[:n] = self._disk.memory[self._pos : self._pos + n]
        self._pos += n
        return n

    def read(self, n=-1):
        buf = bytearray(n if n >= 0 else self._span[1] - self._pos)
        return bytes(buf[: self.readinto(buf)])

    def seek(self, n, whence):
        if whence != 2 or n < self._span[0] - self._span[1]:
            raise OSError(errno.EINVAL)
        self._pos = self._span[1] + n

    def write(self, data):
        end = self._span[1]
        if end + len(data) > _SIZE:
            raise OSError(28)  # ENOSPC
        self._disk.memory[end : end + len(data)] = data
        self._span[1] = self._disk.end = end + len(data)
        return len(data)

    def ioctl(self, request, arg):
        return 0

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Disk:
    def __init__(self):
        self.memory = memoryview(uctypes.bytearray_at(_AT, _SIZE))
        self.end = 0
        self._files = {"/": None}  # path: where it begins and ends, or None: a folder
        self._cwd = "/"

    def _path(self, path):
        return "/" + (path if path[:1] == "/" else self._cwd + "/" + path).strip("/")

    def _find(self, path):
        path = self._path(path)
        if path not in self._files:
            raise OSError(errno.ENOENT)
        return self._files[path]

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def chdir(self, path):
        self._cwd = self._path(path)

    def getcwd(self):
        return self._cwd

    def stat(self, path):
        span = self._find(path)
        kind, size = (_FILE, span[1] - span[0]) if span else (_DIR, 0)
        return (kind, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def ilistdir(self, path):
        start = self._path(path).rstrip("/") + "/"
        for other, span in self._files.items():
            name = other[len(start) :]
            if other.startswith(start) and name and "/" not in name:
                yield name, _FILE if span else _DIR, 0

    def mkdir(self, path):
        self._files[self._path(path)] = None

    def open(self, path, mode):
        if "w" in mode:
            self._files[self._path(path)] = [self.end, self.end]
        return File(self, self._find(path))


vfs.mount(Disk(), "/")
os.chdir("/")
sys.path.append("/lib")
