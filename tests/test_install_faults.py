"""Installing is all or nothing: what a cut transfer, too little memory or another
version leaves behind is whole, or refused in one line."""

import contextlib
import http.server
import shutil
import subprocess
import threading

import dist
import matrix
import pytest
from test_install import DIST, HOST, MIP, files_in, mip, older_tree


class CutSite:
    """A web server that ends some transfers early, as a bad network does."""

    def __init__(self, folder, cuts):
        """cuts: {end of a path: one fraction of the file for each request of it, None
        for half of it and then silence; after the last of them it is sent whole}"""
        self.cuts = {path: list(fractions) for path, fractions in cuts.items()}
        self.ends = None  # is called once a part is sent
        self.over = threading.Event()
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
                        fraction = fractions.pop(0)
                        part = 0.5 if fraction is None else fraction
                        outputfile.write(data[: int(len(data) * part)])
                        if site.ends:
                            site.ends()
                        if fraction is None:
                            site.over.wait(60)
                        return
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
        site.over.set()
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
    assert last(done.stdout + done.stderr).startswith(
        f"RuntimeError: could not get {tmp_path}/lib/{file}: "
    )
    assert file not in files_in(tmp_path)


def cut_index():
    """Where an index can be cut so that MicroPython's json takes it, and elsewhere."""
    data = (DIST / f"package/6/aioweb-all-{HOST}/latest.json").read_bytes()
    ends = [data.index(b"]", data.index(b"web/body")) + n for n in (1, 2, 3)]
    return [*(end / len(data) + 1e-9 for end in ends), 0, 0.5, 1 - 2 / len(data)]


@pytest.mark.parametrize("fraction", cut_index())
def test_index_that_is_cut(tmp_path, fraction):
    index = f"/package/6/aioweb-all-{HOST}/latest.json"
    with cut({index: [fraction]}) as site:
        done = installed(tmp_path, site.url)
        assert last(done.stdout).startswith(f"aioweb {matrix.version()}: native {HOST}, ")
        assert files_in(tmp_path) == dist.shipped_files(HOST)
        site.cuts[index] = [fraction] * 2
        done = installed(tmp_path, site.url)
    assert last(done.stdout + done.stderr).startswith(
        f"RuntimeError: could not get {site.url}{index}: "
    )


def test_server_that_falls_silent(tmp_path):
    with cut({stored("web/app.mpy"): [None] * 2}) as site:
        installed(tmp_path, "http://127.0.0.1:1")  # copies install.py
        code = f"import install; install._TIMEOUT = 2; install.install({site.url!r})"
        done = mip(tmp_path, code)
    assert last(done.stdout + done.stderr).startswith(
        f"RuntimeError: could not get {tmp_path}/lib/web/app.mpy: "
    )
    assert imports(tmp_path)[0] == "refused"


# -- what import web does with files that are not whole

BYTECODE = sorted(
    name for name in dist.shipped_files(matrix.PORTABLE) if name != "web/__init__.mpy"
)
EVERYTHING = "; ".join(f"import {name[:-4].replace('/', '.')}" for name in BYTECODE)
REFUSED = "{} is cut, or is not of web {}"

# Try twice: a module that failed must not stay. The files' ends tell their versions.
IMPORT = f"""
import os, sys
ends = set()
for path in [path + "/web" for path in sys.path if path[-4:] == "/lib"]:
    try:
        names = os.listdir(path)
    except OSError:
        names = []
    for name in names:
        if name[-4:] == ".mpy" and name[:7] not in ("_native", "_frames"):
            ends.add(open(path + "/" + name, "rb").read()[-9:])
print(sorted(ends))
for _ in range(2):
    try:
        import web
        web.App
        {EVERYTHING}
        print("whole", web.__version__)
    except ImportError as e:
        print("refused", e)
"""


def imports(folder, code=IMPORT, **changed):
    """What importing all of web comes to: whole or refused, what was said of it, and the
    versions of the files that are there."""
    done = mip(folder, code, **changed)
    assert done.stderr == "", done.stdout
    versions, *said = done.stdout.splitlines()
    said = [line for line in said if line.startswith(("whole ", "refused "))]
    assert len(said) == 2 and said[0] == said[1], done.stdout
    outcome, _, why = said[0].partition(" ")
    return outcome, why, versions


@pytest.mark.parametrize("name", BYTECODE)
def test_import_refuses_a_file_that_is_cut(tmp_path, name):
    dist.write_folder(dist.shipped_files(matrix.PORTABLE), tmp_path / "lib")
    path = tmp_path / "lib" / name
    data = path.read_bytes()
    for fraction in (0, 0.001, 0.3, 0.9):
        path.write_bytes(data[: int(len(data) * fraction)])
        outcome, why, _ = imports(tmp_path)
        assert (outcome, why) == ("refused", REFUSED.format(path.name, matrix.version()))
    path.write_bytes(data)
    assert imports(tmp_path)[:2] == ("whole", matrix.version())


def test_import_refuses_two_versions(tmp_path):
    dist.write_folder(dist.shipped_files(HOST), tmp_path / "lib")
    path = tmp_path / "lib/web/websocket.mpy"
    path.write_bytes(path.read_bytes()[:-5] + b"0.0.9")
    assert imports(tmp_path)[:2] == (
        "refused",
        REFUSED.format("websocket.mpy", matrix.version()),
    )


def test_mip_alone_leaves_what_is_refused(tmp_path):
    """It takes a transfer that was cut for a whole one."""
    with cut({stored("web/app.mpy"): [0.3]}) as site:
        done = mip(tmp_path, f"import mip; mip.install('aioweb-all-{HOST}', index={site.url!r})")
        assert last(done.stdout) == "Done"
        assert imports(tmp_path)[:2] == ("refused", REFUSED.format("app.mpy", matrix.version()))
        installed(tmp_path, site.url)
    assert imports(tmp_path)[0] == "whole"


# -- install.check()


def checked(folder, url, *arguments):
    shutil.copy(DIST / "install.py", folder / "lib")
    arguments = ", ".join([repr(url), *arguments])
    code = f"import install, sys; install.check({arguments})"
    return mip(folder, code + "; assert 'web' not in sys.modules")


def test_check(tmp_path):
    with cut({}) as site:
        assert installed(tmp_path, site.url).returncode == 0
        before = files_in(tmp_path)
        done = checked(tmp_path, site.url)
        said = f"aioweb {matrix.version()}: {len(before)} files are as they should be"
        assert last(done.stdout) == said, done.stderr
        web = tmp_path / "lib" / "web"
        (web / "app.mpy").write_bytes(before["web/app.mpy"][:-100])
        native = bytearray(before["web/_native.mpy"])
        native[100] ^= 1
        (web / "_native.mpy").write_bytes(native)
        (web / "conn.mpy").unlink()
        damaged = files_in(tmp_path)
        done = checked(tmp_path, site.url)
        assert last(done.stdout + done.stderr) == (
            f"RuntimeError: not as in aioweb {matrix.version()}: "
            "web/_native.mpy, web/app.mpy, web/conn.mpy; install it again"
        )
        assert files_in(tmp_path) == damaged
        assert installed(tmp_path, site.url).returncode == 0
    assert files_in(tmp_path) == before


def test_check_of_what_is_there(tmp_path):
    """Only the packages that are there are checked, or those that are named."""
    with cut({}) as site:
        installed(tmp_path, site.url, "aioweb-sse")
        done = checked(tmp_path, site.url)
        assert last(done.stdout).endswith(f" {len(files_in(tmp_path))} files are as they should be")
        done = checked(tmp_path, site.url, "'aioweb-broadcast'")
        assert "web/broadcast.mpy; install it again" in last(done.stdout + done.stderr)
        shutil.rmtree(tmp_path / "lib" / "web")
        done = checked(tmp_path, site.url)
        assert "web/__init__.mpy, " in last(done.stdout + done.stderr)


# -- updates


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    return write_older(tmp_path_factory.mktemp("older"))


def write_older(folder):
    """The tree of version 0.0.9."""
    with pytest.MonkeyPatch.context() as patch:
        older_tree(patch, folder / "pysrc", folder / "tree", "0.0.9")
    return folder / "tree"


def test_parts_come_to_one_version(older, tmp_path):
    """Those that are there, too; what no longer belongs to them goes."""
    with cut({}, older) as site:
        installed(tmp_path, site.url, "aioweb-websocket", "aioweb-forms")
    assert imports(tmp_path, IMPORT.replace(EVERYTHING, ""))[:2] == ("whole", "0.0.9")
    web = tmp_path / "lib" / "web"
    shutil.copy(web / "app.mpy", web / "gone.mpy")
    (tmp_path / "lib" / "aioweb.new").write_bytes(b"half")
    with cut({}) as site:
        done = installed(tmp_path, site.url, "aioweb-sse")
        assert done.returncode == 0, done.stderr
        kept = files_in(tmp_path)
        shutil.rmtree(web)
        installed(tmp_path, site.url, "aioweb-sse", "aioweb-websocket", "aioweb-forms")
    assert kept == files_in(tmp_path)


def test_source_in_the_way_is_told(tmp_path):
    """web/app.py is imported rather than web/app.mpy."""
    path = tmp_path / "lib/web/app.py"
    path.parent.mkdir(parents=True)
    path.write_text("mine = 1")
    with cut({}) as site:
        done = installed(tmp_path, site.url)
    assert (
        last(done.stdout + done.stderr)
        == f"RuntimeError: remove {path}: it hides aioweb's own file"
    )
    assert files_in(tmp_path) == {"web/app.py": b"mine = 1"}


@pytest.mark.parametrize("heap", range(24, 72, 2))
def test_too_little_memory(older, tmp_path, heap):
    """Of whatever is left one version works, or all is refused."""
    dist.write_folder(files_of_older(older), tmp_path / "lib")
    shutil.copy(DIST / "install.py", tmp_path / "lib")
    with cut({}) as site:
        code = f"import install; install.install({site.url!r})"
        done = subprocess.run(
            [MIP, "-X", f"heapsize={heap}k", "-c", code],
            env={"MICROPYPATH": f"{tmp_path}/lib:.frozen"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    said = last(done.stdout + done.stderr)
    assert done.returncode == 0 or "MemoryError" in said or "has no memory left" in said, said
    one_version(imports(tmp_path))
    assert "aioweb.new" not in files_in(tmp_path)


def files_of_older(tree):
    package = dist.json.loads((tree / f"package/6/aioweb-all-{HOST}/latest.json").read_text())
    return {name: (tree / f"file/{h[:2]}/{h}").read_bytes() for name, h in package["hashes"]}


def one_version(outcome):
    """Nothing works by halves."""
    which, why, versions = outcome
    if which == "whole":
        assert versions == str([b"web " + why.encode()])
    return which
