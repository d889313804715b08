"""A process of MicroPython that runs the tests of a file, see device.py."""

import json
import os
import queue
import secrets
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

DEVICE = Path(__file__).with_name("device.py")
SAID = 10000  # characters of the console that are shown
GRACE = 3  # seconds in which a test that is interrupted tells where it was


class Process:
    def __init__(self, command, path, source, timeout):
        self.timeout = timeout
        self.name = source.path.name
        self.token = secrets.token_hex(8)
        self.said = []
        with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False, encoding="utf-8") as file:
            file.write(source.text)
        self.file = file.name
        self.process = subprocess.Popen(
            [*command, str(DEVICE), self.token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=str(source.path.parent),
            env={**os.environ, "MICROPYPATH": path},
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode(errors="replace"))
        self.lines.put(None)

    @property
    def alive(self):
        return self.process.poll() is None

    def load(self):
        """Import the file. Returns what is told of its failure, or None."""
        return self._ask({"load": self.file, "name": self.name}, "importing " + self.name)

    def run(self, name):
        """Run a test. Returns what is told of its failure, or None."""
        return self._ask({"test": name}, name + "()")

    def console(self):
        """What was on the console since this was last asked."""
        said, self.said = "".join(self.said), []
        return said if len(said) <= SAID else "...\n" + said[-SAID:]

    def _ask(self, what, doing):
        try:
            self.process.stdin.write(json.dumps(what).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended, which is seen below
        late = ""
        try:
            told = self._answer(self.timeout)
        except queue.Empty:
            late = f"{doing} took more than {self.timeout:g} seconds"
            self.process.send_signal(signal.SIGINT)
            try:
                told = self._answer(GRACE)
            except queue.Empty:
                told = None
            self.stop()
            return f"{told or ''}{late}"
        if told is None:
            code = self.process.wait()
            return f"MicroPython ended in {doing}, with {code}"
        return told

    def _answer(self, timeout):
        """What is told of a failure, '' for none; None at the end of the process."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left < 0:  # it prints without end
                raise queue.Empty
            line = self.lines.get(timeout=left)
            if line is None:
                return None
            said, mark, told = line.partition(self.token)
            if said:
                self.said.append(said)
            if mark:
                return json.loads(told)

    def stop(self):
        self.process.kill()
        self.process.wait()
        Path(self.file).unlink(missing_ok=True)
