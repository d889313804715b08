"""Installing is all or nothing: what a cut transfer, a full or read-only file system,
lost power or another version leaves behind is whole, or refused in one line."""

import contextlib
import http.server
import shutil
import subprocess
import threading

import dist
import matrix
import pytest
from test_install import DIST, HOST, MIP, files_in, mip, older_tree

INSTALLER = (dist.SOURCES / "install.py", DIST / "install.py")


class CutSite:
    """A web server that ends some transfers early, as a bad network does."""

    def __init__(self, folder, cuts):
        """cuts: {end of a path: one fraction of the file for each request of it; after
        the last of them it is sent whole}"""
        self.cuts = {path: list(fractions) for path, fractions in cuts.items()}
        site = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def log_message(self, *_):
                pass

            def copyfile(self, source, outputfile):
                data = source.read()
                for path, fractions in site.cuts.items():
                    if self.path.endswith(path) and fractions:
                        data = data[: int(len(data) * fractions.pop(0))]
                outputfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextlib.contextmanager
def cut(cuts, folder=DIST):
    site = CutSite(folder, cuts)
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


def stored(file):
    """The end of the URL of a file of this machine's package."""
    return "/" + dist.short_hash(dist.shipped_files(HOST)[file])


def installed(folder, url, *names):
    """Run install.install(), on a board that has install.py."""
    (folder / "lib").mkdir(exist_ok=True)
    shutil.copy(DIST / "install.py", folder / "lib")
    arguments = ", ".join(map(repr, [url, *names]))
    return mip(folder, f"import install; install.install({arguments})")


def last(text):
    return (text.splitlines() or [""])[-1]


# -- a transfer that is cut


@pytest.mark.parametrize("fraction", [0, 0.3, 0.9])
@pytest.mark.parametrize("file", ["web/__init__.mpy", "web/app.mpy", "web/_native.mpy"])
def test_file_cut_once_is_fetched_once_more(tmp_path, file, fraction):
    with cut({stored(file): [fraction]}) as site:
        done = installed(tmp_path, site.url)
    assert last(done.stdout).startswith(f"aioweb {matrix.version()}: native {HOST}, "), done.stderr
    assert files_in(tmp_path) == dist.shipped_files(HOST)


@pytest.mark.parametrize("fraction", [0, 0.3, 0.9])
@pytest.mark.parametrize("file", ["web/__init__.mpy", "web/app.mpy", "web/_native.mpy"])
def test_file_cut_twice_is_named(tmp_path, file, fraction):
    with cut({stored(file): [fraction] * 2}) as site:
        done = installed(tmp_path, site.url)
    assert last(done.stderr).startswith(f"RuntimeError: {tmp_path}/lib/{file} did not arrive: ")
    assert file not in files_in(tmp_path)
