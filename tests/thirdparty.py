"""Other people's programs, to test ours with."""

import base64
import json
import os
import queue
import shutil
import subprocess
import threading

from conftest import ROOT

NODE_MODULES = "/usr/share/nodejs"  # where Debian has them


class Node:
    """tests/node/peer.js: peer.do("text", "hi") leads it, peer.next() is the next event
    that it tells, a list."""

    def __init__(self, role, *args, **options):
        node = shutil.which("node")
        assert node, "node is not installed"
        self.process = subprocess.Popen(
            [node, ROOT / "tests" / "node" / "peer.js", role, *args, json.dumps(options)],
            env={**os.environ, "NODE_PATH": NODE_MODULES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def do(self, *action):
        self.process.stdin.write(json.dumps(action) + "\n")

    def next(self):
        line = self._lines.get(timeout=10)
        assert line, "node ended"
        event = json.loads(line)
        if event[0] == "binary":
            event[1] = base64.b64decode(event[1])
        return event

    def send_binary(self, data):
        self.do("binary", base64.b64encode(data).decode())
