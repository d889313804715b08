"""Installing with the tools that users have: mip, mpremote, and a plain web server."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import dist
import emulators
import install
import matrix
import packages
import pytest
from conftest import BUILD, DEVICE, ROOT

from bench import measures

DIST = ROOT / "dist"
MIP = BUILD / "tls" / "micropython"  # a firmware that has mip
ARCHS = [*matrix.ARCHITECTURES, matrix.PORTABLE]
HOST = matrix.host()
BOARD_ARCH = emulators.TARGETS[measures.BOARD].arch


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


@pytest.fixture(scope="module")
def site():
    with serving(DIST) as site:
        yield site


def mip(folder, code, **changed):
    """Run code on a board whose /lib is a folder."""
    (folder / "lib").mkdir(exist_ok=True)
    return subprocess.run(
        [MIP, "-c", code],
        env={**os.environ, "MICROPYPATH": f"{folder}/lib:.frozen", **changed},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def one_line(url, *names, **options):
    arguments = [repr(url), *map(repr, names), *(f"{k}={v!r}" for k, v in options.items())]
    return (
        f"import mip; mip.install('{url}/install.py'); "
        f"import install; install.install({', '.join(arguments)})"
    )


def files_in(folder):
    lib = folder / "lib"
    return {
        p.relative_to(lib).as_posix(): p.read_bytes()
        for p in lib.rglob("*")
        if p.is_file() and p.name != "install.py"
    }


# -- mip, on a board with a network


def test_one_line_installs_what_fits(site, tmp_path):
    done = mip(tmp_path, one_line(site.url))
    said = rf"aioweb {matrix.version()}: native {HOST}, [1-9]\d+ bytes of RAM"
    assert re.fullmatch(said, done.stdout.splitlines()[-1]), done.stdout + done.stderr
    assert files_in(tmp_path) == dist.shipped_files(HOST)


def test_what_is_there_is_not_fetched_again(tmp_path):
    with serving(DIST) as site:
        mip(tmp_path, one_line(site.url))
    shutil.copy(tmp_path / "lib/web/app.mpy", tmp_path / "lib/web/sse.mpy")
    with serving(DIST) as site:
        done = mip(tmp_path, one_line(site.url))
        asked = site.asked()
    assert re.findall("^Fetching: (.*)$", done.stdout, re.M) == [f"{tmp_path}/lib/web/sse.mpy"]
    assert [path for path in asked if "/file/" in path] == [
        f"/file/{short[:2]}/{short}"
        for short in [dist.short_hash(files_in(tmp_path)["web/sse.mpy"])]
    ]
    assert files_in(tmp_path) == dist.shipped_files(HOST)


def older_tree(monkeypatch, sources, out, version):
    """The tree as it would have been for another version."""
    shutil.copytree(dist.SOURCES, sources)
    init = sources / "web" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{matrix.version()}"', f'"{version}"'))
    with monkeypatch.context() as changed:
        changed.setattr(dist, "SOURCES", sources)
        changed.setattr(dist, "version", lambda: version)
        dist.write_tree(out)


def test_versions(monkeypatch, tmp_path):
    """Trees of several versions can be laid over one another, the latest last."""
    old = "0.0.9"
    older_tree(monkeypatch, tmp_path / "pysrc", tmp_path / "tree", old)
    shutil.copytree(DIST, tmp_path / "tree", dirs_exist_ok=True)
    with serving(tmp_path / "tree") as site:
        for options, version in (({}, matrix.version()), ({"version": old}, old)):
            done = mip(tmp_path, one_line(site.url, "aioweb-sse", **options))
            last = done.stdout.splitlines()[-1]
            assert last.startswith(f"aioweb {version}: native {HOST}, "), done.stdout + done.stderr


def test_another_version_in_the_way_is_told(site, tmp_path):
    """What is imported is not what was installed."""
    dist.write_folder(dist.shipped_files(HOST), tmp_path / "lib")
    version = matrix.version().encode()
    other = tmp_path / "other" / "web"
    shutil.copytree(tmp_path / "lib/web", other)
    for path in other.glob("*.mpy"):
        path.write_bytes(path.read_bytes().replace(version, b"0.0.9"))
    path = f"{tmp_path}/other:{tmp_path}/lib:.frozen"
    done = mip(tmp_path, one_line(site.url), MICROPYPATH=path)
    said = f"RuntimeError: {other} is aioweb 0.0.9, not {matrix.version()}: "
    assert done.stderr.splitlines()[-1].startswith(said)


@pytest.mark.parametrize(
    "url,names,said",
    [
        ("{}", ["aioweb-nothing"], "ValueError: no package aioweb-nothing; there are aioweb, "),
        (
            "{}/nowhere",
            [],
            "RuntimeError: could not get {}/nowhere/package/6/aioweb-all-{}/latest.json: ",
        ),
    ],
)
def test_failures_are_told(site, tmp_path, url, names, said):
    mip(tmp_path, f"import mip; mip.install('{site.url}/install.py')")
    arguments = ", ".join(map(repr, [url.format(site.url), *names]))
    done = mip(tmp_path, f"import install; install.install({arguments})")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(said.format(site.url, HOST))


def test_a_package_that_did_not_arrive_is_told(tmp_path):
    shutil.copytree(DIST, tmp_path / "tree")
    (tmp_path / "tree/file").rename(tmp_path / "files")
    with serving(tmp_path / "tree") as site:
        dist.write_folder(dist.shipped_files(HOST), tmp_path / "lib")
        (tmp_path / "lib/web/sse.mpy").unlink()
        done = mip(tmp_path, one_line(site.url, "aioweb-sse"))
    said = f"RuntimeError: could not get {tmp_path}/lib/web/sse.mpy: status 404"
    assert done.stderr.splitlines()[-1] == said


def test_board_without_native_files_gets_the_portable_package(site, tmp_path):
    mip(tmp_path, f"import mip; mip.install('{site.url}/install.py')")
    code = "import install; install.ARCHITECTURES.clear(); install.install"
    done = mip(tmp_path, f"{code}('{site.url}')")
    lines = done.stdout.splitlines()
    assert lines[0] == "aioweb: there are no native files for this board"
    assert lines[-1].startswith(f"aioweb {matrix.version()}: portable, "), done.stderr
    assert files_in(tmp_path) == dist.shipped_files(matrix.PORTABLE)


def test_bundle_by_name(site, tmp_path):
    """One name, or one URL, for every board."""
    code = f"import mip; mip.install('aioweb-bundle', index='{site.url}')"
    mip(tmp_path, f"{code}; import web; print(web.implementation)")
    assert files_in(tmp_path) == dist.shipped_files(matrix.BUNDLE)
    done = mip(tmp_path, "import web; print(web.implementation)")
    assert done.stdout == f"native {HOST}\n"


# -- what each package takes


@pytest.mark.parametrize("name", packages.PACKAGES)
@pytest.mark.parametrize("arch", [HOST, BOARD_ARCH, matrix.PORTABLE])
def test_package_alone(site, tmp_path, name, arch):
    """It installs with what it needs and nothing else, is imported, and stays within
    its budget of RAM."""
    done = mip(
        tmp_path,
        f"import mip; mip.install('{dist.suffixed(name, arch)}', index='{site.url}')",
    )
    assert done.stdout.endswith("Done\n"), done.stdout
    native = arch != matrix.PORTABLE
    closure = packages.closure(name)
    expected = {file for part in closure for file in packages.own_files(part, native)}
    assert set(files_in(tmp_path)) == expected
    loading = f"web.App\nimport web.{packages.installable()[name]}"
    if arch == BOARD_ARCH:
        used = measures.used_on_board(tmp_path / "lib", "web", loading)
        assert used <= packages.PACKAGES[name]["ram"]
    else:
        done = mip(tmp_path, f"import web\n{loading}\nprint(web.implementation)")
        assert done.stdout == dist.implementation(arch) + "\n", done.stderr


# -- the choice


def installer(archs=tuple(matrix.ARCHITECTURES)):
    """install.py, as it is written for a tree of some architectures."""
    return install.chooser(dist.fill(dist.SOURCES / "install.py", archs))


def number(arch, flags=0):
    return 6 | matrix.ARCHITECTURES[arch]["mpy"] << 10 | 3 << 8 | flags << 16


@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_each_architecture_gets_its_own_files(arch):
    for flags in (0, 5):  # what firmware after v1.25 has above bit 15
        chosen = installer()(number(arch, flags), (1, 26, 0), "x", "a board")
        assert chosen == (arch, f"native {arch}")


@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_without_its_own_files_the_best_that_it_accepts(arch):
    accepted = matrix.ARCHITECTURES[arch].get("accepts", [])
    for left in range(len(accepted) + 1):
        archs = [a for a in matrix.ARCHITECTURES if a != arch and a not in accepted[:left]]
        best = accepted[left] if left < len(accepted) else None
        assert installer(archs)(number(arch), (1, 26), "x", "a board")[0] == best


@pytest.mark.parametrize("mpy", [None, 6, 6 | 3 << 10, 6 | 9 << 10, 6 | 12 << 10])
def test_other_architectures_get_no_native_files(mpy):
    expected = (None, "there are no native files for this board")
    assert installer()(mpy, (1, 26, 0), "esp8266", "ESP8266 module") == expected


# as upstream's boards name themselves
FIRMWARE = [
    ("xtensawin", "esp32", "Generic ESP32 module with ESP32", (1, 24)),
    ("xtensawin", "esp32", "Generic ESP32S3 module with ESP32S3", (1, 24)),
    ("xtensawin", "esp32", "Generic ESP32S2 module with ESP32S2", (1, 24, 1)),
    ("xtensawin", "esp32", "LOLIN_S2_MINI with ESP32-S2FN4R2", (1, 24, 1)),
    ("rv32imc", "esp32", "ESP32C3 module with ESP32C3", (1, 24)),
    ("rv32imc", "esp32", "ESP32C6 module with ESP32C6", (1, 24)),
    ("rv32imc", "rp2", "Raspberry Pi Pico 2 W with RP2350-RISCV", (1, 24)),
    ("armv7emsp", "nrf52840-DK", "PCA10056 with NRF52840", (1, 26)),
    ("armv6m", "rp2", "Raspberry Pi Pico W with RP2040", (1, 23)),
    ("armv7emdp", "pyboard", "NUCLEO-H743ZI2 with STM32H743", (1, 23)),
]


@pytest.mark.parametrize("arch,platform,machine,oldest", FIRMWARE)
def test_native_files_wait_for_a_firmware_that_runs_them(arch, platform, machine, oldest):
    choose = installer()
    assert choose(number(arch), (*oldest, 0, "")[:4], platform, machine)[0] == arch
    needed = ".".join(map(str, oldest))
    for older in [(1, 23, 0), (1, 24, 0), (1, 25, 2)]:
        if older < oldest:
            why = f"native files need MicroPython {needed} or newer here"
            assert choose(number(arch), older, platform, machine) == (None, why)


NEVER = [
    ("ESP32C2 module with ESP32-C2", "ESP32-C2"),
    ("ESP32C5 module with ESP32-C5", "ESP32-C5"),
    ("Generic ESP32P4 module with ESP32P4", "ESP32P4"),
    ("Generic ESP32P4 module with WIFI module of external ESP32C6 with ESP32P4", "ESP32P4"),
]


@pytest.mark.parametrize("machine,chip", NEVER)
def test_chips_that_crash_on_native_code_get_none(machine, chip):
    chosen = installer()(number("rv32imc"), (1, 29, 0), "esp32", machine)
    assert chosen == (None, f"no firmware runs native files on {chip}")


def test_firmware_that_is_too_old_is_refused():
    with pytest.raises(RuntimeError, match=r"^aioweb needs MicroPython 1\.23 or newer$"):
        installer()(number("armv6m"), (1, 22, 2), "rp2", "Raspberry Pi Pico")


# -- mpremote, and a board on a serial port

BOARDS = sorted(
    {
        target
        for entry in matrix.ARCHITECTURES.values()
        for target in entry["tested"]
        if emulators.TARGETS[target].kind == "board"
    }
)


def mpremote(port, *command):
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", port, "resume", *map(str, command)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.replace("\r", "")


@contextlib.contextmanager
def board(target):
    """An emulated board that has an empty file system; its serial port."""
    emulators.build(target)
    with emulators.serial_board(target) as port:
        disk = (DEVICE / "ramdisk.py").read_text()
        if arch_of(target) != "armv6m":  # it has no RAM beside the heap's
            disk = f"def address(): return {emulators.TARGETS[target].rom}\n{disk}"
        mpremote(port, "exec", disk)
        yield port


def arch_of(target):
    return emulators.TARGETS[target].arch


@pytest.mark.parametrize("target", BOARDS)
def test_make_install(target):
    """The files arrive, work and are measured."""
    arch = arch_of(target)
    # in the least memory the file system shares the heap
    names = ["aioweb"] if arch == "armv6m" else []
    with board(target) as port:
        done = make_install(port, *names)
    lines = done.stdout.replace("\r", "").splitlines()
    assert lines[0] == f"This board: native {arch}.", done.stdout + done.stderr
    assert f"aioweb {matrix.version()}: native {arch}" in lines, done.stdout + done.stderr
    assert re.search(r"^\d{2,} passed, 0 failed$", done.stdout, re.M)
    files = dist.shipped_files(arch)
    if names:
        files = {file: files[file] for file in packages.own_files(*names, True)}
    size = sum(map(len, files.values()))
    assert re.search(rf"^{size} bytes of files, [1-9]\d+ bytes of RAM, ", done.stdout, re.M)
    assert done.returncode == 0


def make_install(port, *names):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "install.py", "--port", port, "--resume", *names],
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_make_install_of_a_part():
    """Without WebSockets the vectors of frames are left out."""
    with board("board-cortex-m3") as port:
        first = make_install(port, "aioweb-sse")
        again = make_install(port, "aioweb-sse")
    assert first.returncode == again.returncode == 0, first.stdout + first.stderr
    assert "Exists:" not in first.stdout and "Installing:" not in again.stdout
    assert "web/websocket.mpy" not in first.stdout


@pytest.mark.parametrize(
    "output,said",
    [
        ("aioweb 0: native armv6m\r\n9 passed, 0 failed\r\n", None),
        ("aioweb 0: native armv6m\nToo little memory for the self-test: left out.\n", None),
        ("aioweb 0: native armv6m\nFAIL x\n8 passed, 1 failed\n", "The self-test failed."),
        ("aioweb 0: portable\n9 passed, 0 failed\n", "does not use what was installed"),
    ],
)
def test_self_test_that_fails(monkeypatch, output, said):
    monkeypatch.setattr(install.Board, "mpremote", lambda *_, **__: output)
    board = install.Board(None, False)
    if said is None:
        board.try_out("armv6m")
    else:
        with pytest.raises(SystemExit, match=said):
            board.try_out("armv6m")


@pytest.mark.parametrize(
    "arguments,passed",
    [
        (["PORT=/dev/ttyACM0"], "--port /dev/ttyACM0"),
        (["PORT=/dev/ttyACM0", "PACKAGES=aioweb-sse"], "--port /dev/ttyACM0 aioweb-sse"),
        (["PACKAGES=aioweb-sse aioweb-forms"], "aioweb-sse aioweb-forms"),
        ([], ""),  # mpremote looks for the board
    ],
)
def test_make_passes_the_port(arguments, passed):
    """Its default is the demo's."""
    # nor is it part of the make that may run the tests
    ours = ("PORT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {k: v for k, v in os.environ.items() if k not in ours}
    done = subprocess.run(
        ["make", "-n", "install", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1].split("tools/install.py")[1].split() == passed.split()
    done = subprocess.run(
        ["make", "-n", "demo"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert "examples/demo.py 8080 " in done.stdout


def test_mpremote_cp_installs():
    """What is in dist/ is copied as it is; the board's file system is empty."""
    with board("board-cortex-m4f") as port:
        arch = arch_of("board-cortex-m4f")
        mpremote(port, "mkdir", ":/lib")
        mpremote(port, "cp", "-r", matrix.dist_dir(arch) / "web", ":/lib/")
        said = mpremote(port, "exec", "import web; web.App; print(web.implementation)")
    assert said == f"native {arch}\n"


@pytest.mark.parametrize("source,target", [("disk", "board-cortex-m4f"), ("web", "board-rv32")])
def test_mpremote_mip_install(site, source, target):
    """By the package.json of an architecture, whose URLs are relative."""
    arch = arch_of(target)
    folder = matrix.dist_dir(arch)
    package = f"{site.url}/{folder.name}/" if source == "web" else folder / "package.json"
    with board(target) as port:
        mpremote(port, "mip", "install", package)
        said = mpremote(port, "exec", "import web; web.App; print(web.implementation)")
    assert said == f"native {arch}\n"


def test_mpremote_mip_install_by_name(site):
    target = "board-cortex-m7"
    arch = arch_of(target)
    with board(target) as port:
        name = f"aioweb-websocket-{arch}@{matrix.version()}"
        mpremote(port, "mip", "install", "--index", site.url, name)
        said = mpremote(port, "exec", "import web; web.WebSocket; print(web.implementation)")
    assert said == f"native {arch}\n"


# -- the README's words


def readme():
    return (ROOT / "README.md").read_text()


def test_readme_line_works(site, tmp_path):
    line = re.search(r"^import mip; .*install\.py.*$", readme(), re.M)[0]
    done = mip(tmp_path, line.replace("http://HOST", site.url))
    assert done.stdout.splitlines()[-1].startswith(f"aioweb {matrix.version()}: native {HOST}, ")


def test_readme_names_the_packages():
    rows = re.findall(r"^\| `(aioweb[a-z-]*)` \|", readme(), re.M)
    assert rows == list(packages.installable())
