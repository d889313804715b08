"""Plain web servers that boards install from."""

import contextlib
import re
import subprocess
import sys
import tempfile


class Site:
    """`python3 -m http.server`, which serves a folder."""

    def __init__(self, folder):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        port = re.search(r"port (\d+)", self.process.stdout.readline())[1]
        self.url = f"http://127.0.0.1:{port}"

    def asked(self):
        """The paths that were asked for."""
        self.log.seek(0)
        return re.findall(r'"GET (\S+) ', self.log.read())

    def stop(self):
        self.process.kill()
        self.process.communicate()
        self.log.close()


@contextlib.contextmanager
def serving(folder):
    site = Site(folder)
    try:
        yield site
    finally:
        site.stop()
