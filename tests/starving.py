"""A server of which chosen allocations fail: MicroPython with the module of
tests/ports/starved/, and the words that it shares with the tests."""

import contextlib
import mmap
import os
import re
import select
import signal
import socket
import struct
import tempfile
import time

import emulators
import matrix
from conftest import BUILD, Server

TARGET = "starved-x86"
PATIENCE = float(os.environ.get("PATIENCE", 20))
# The words of starve.c, in its order.
WORDS = (
    "countdown burst allocations failures accept_errno accept_failures"
    " ticks seconds answers used names"
).split()


def is_whole(received):
    """Whether that ends in a response which is the last of its connection and has come to its
    end. A server that has not read all of a body waits for the client to end."""
    head, _, body = received[received.rfind(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return b"Connection: close" in head and length and len(body) == int(length[1])


class Shared:
    """The words, as attributes."""

    def __init__(self):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(bytes(4 * len(WORDS)))
        self.__dict__["path"] = file.name
        with open(file.name, "r+b") as file:
            self.__dict__["memory"] = mmap.mmap(file.fileno(), 0)

    def __getattr__(self, name):
        return struct.unpack_from("<I", self.memory, 4 * WORDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<I", self.memory, 4 * WORDS.index(name), value & 0xFFFFFFFF)

    def starve(self, n, burst=1):
        """The nth allocation from now on fails, and so many in all; 0 for none."""
        self.burst = 0  # else one more could follow
        self.countdown = 0
        self.failures = 0
        self.burst = burst
        self.countdown = n

    def close(self):
        self.memory.close()
        os.unlink(self.path)


def library(parser):
    arch = emulators.TARGETS[TARGET].arch if parser == "native" else matrix.PORTABLE
    return BUILD / "dist" / matrix.dist_dir(arch).name


class Starving(Server):
    """A program of tests/device/, on self.port; self.shared are its words."""

    def __init__(self, parser, *command, heap="1M", cwd=None, high=False, **words):
        emulators.build(TARGET)
        self.shared = Shared()
        for name, value in words.items():
            setattr(self.shared, name, value)

        def argv(port):
            script, *rest = command
            # a heap below 2**30, where it is on most boards, and the id() of what is there
            # takes no memory; or above, as it is on an ESP32-C6
            low = [] if high else ["MALLOC_MMAP_MAX_=0"]
            start = ["env", *low, f"STARVE={self.shared.path}", *emulators.command(TARGET, heap)]
            return [*start, script, str(port), *rest]

        super().__init__(parser, argv, library(parser), cwd)

    def stop(self):
        super().stop()
        self.shared.close()

    def used(self):
        """Bytes in use, and interned names."""
        before = self.shared.answers
        deadline = time.monotonic() + PATIENCE
        self.process.send_signal(signal.SIGUSR1)
        while self.shared.answers == before:
            assert self.process.poll() is None, f"it ended: {self.console}"
            assert time.monotonic() < deadline, f"it hangs: {self.console[-5:]}"
            time.sleep(0.0002)
        return self.shared.used, self.shared.names

    def converse(self, steps):
        """Send the steps on one connection, each but the first when something has come
        since, and return all that comes until the server closes it. Raises TimeoutError
        when it does not."""
        received = b""
        try:
            s = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        except ConnectionRefusedError:
            ended = self.process.wait(PATIENCE)
            raise AssertionError(f"it ended by {ended}: " + "\n".join(self.console))
        with s:
            try:
                for i, step in enumerate(steps):
                    s.sendall(step)
                    while piece := s.recv(65536):
                        received += piece
                        if is_whole(received):
                            return received
                        if i + 1 < len(steps) and not select.select([s], [], [], 0)[0]:
                            break
                    if not piece:
                        break
            except (ConnectionResetError, BrokenPipeError):
                pass
            except TimeoutError:
                raise AssertionError(f"not closed after {received}")
        return received


@contextlib.contextmanager
def starving(parser, *command, **options):
    server = Starving(parser, *command, **options)
    try:
        yield server
    finally:
        server.stop()
