"""Installing with the tools that users have: mip, mpremote, and a plain web server."""

import os
import re
import shutil
import subprocess

import dist
import emulators
import home
import install
import matrix
import packages
import pytest
from conftest import ROOT
from conftest import WITH_TLS as MIP
from sites import serving

from bench import measures

DIST = ROOT / "dist"
ARCHS = [*matrix.ARCHITECTURES, matrix.PORTABLE]
HOST = matrix.host()
BOARD_ARCH = emulators.TARGETS[measures.BOARD].arch


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


def last(done):
    """The last line of what was printed: tracebacks of -c go to stderr before 1.28, to
    stdout after."""
    return (done.stdout + done.stderr).splitlines()[-1]


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
            assert last(done).startswith(f"aioweb {version}: native {HOST}, ")


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
    said = f"RuntimeError: remove {other}: aioweb 0.0.9 in it is imported, not {matrix.version()}"
    assert last(done) == said


@pytest.mark.parametrize("call", ["install", "check"])
@pytest.mark.parametrize("name", ["web.py", "web/server.py"])
def test_what_is_no_aioweb_in_the_way_is_told(site, tmp_path, name, call):
    """It is not imported: nobody knows what it does."""
    dist.write_folder(dist.shipped_files(HOST), tmp_path / "lib")
    path = tmp_path / "other" / name
    path.parent.mkdir(parents=True)
    path.write_text("print('imported')\n")
    search = f"{tmp_path}/other:{tmp_path}/lib:.frozen"
    code = one_line(site.url).replace("install.install(", f"install.{call}(")
    done = mip(tmp_path, code, MICROPYPATH=search)
    way = tmp_path / "other" / name.split("/")[0]
    assert last(done) == f"RuntimeError: remove {way}: it is imported in place of aioweb"
    assert "imported\n" not in done.stdout


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
    assert last(done).startswith(said.format(site.url, HOST))


def test_a_package_that_did_not_arrive_is_told(tmp_path):
    shutil.copytree(DIST, tmp_path / "tree")
    (tmp_path / "tree/file").rename(tmp_path / "files")
    with serving(tmp_path / "tree") as site:
        dist.write_folder(dist.shipped_files(HOST), tmp_path / "lib")
        (tmp_path / "lib/web/sse.mpy").unlink()
        done = mip(tmp_path, one_line(site.url, "aioweb-sse"))
    said = f"RuntimeError: could not get {tmp_path}/lib/web/sse.mpy: status 404"
    assert last(done) == said


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


@pytest.mark.parametrize("folder", [matrix.dist_dir(HOST).name, "bundle"])
def test_folder_by_the_mip_of_a_board(site, tmp_path, folder):
    """It knows relative URLs from 1.28 on, as the docs say."""
    done = mip(tmp_path, f"import mip; mip.install('{site.url}/{folder}/')")
    known = mip(tmp_path, "import sys; print(sys.implementation.version >= (1, 28))").stdout
    if known == "False\n":
        assert last(done).startswith("ValueError: ")  # of requests, which sees no protocol
        assert files_in(tmp_path) == {}
        return
    assert last(done) == "Done"
    done = mip(tmp_path, "import web; web.App; print(web.implementation)")
    assert done.stdout == f"native {HOST}\n", done.stderr


# -- where the project is served


@pytest.mark.parametrize(
    "where,url,mip_line",
    [
        (
            "github:acme/web",
            "https://raw.githubusercontent.com/acme/web/HEAD/dist",
            "mpremote mip install github:acme/web/dist/bundle/",
        ),
        (
            "http://acme/aioweb",
            "http://acme/aioweb",
            "mpremote mip install http://acme/aioweb/bundle/",
        ),
    ],
)
def test_home_is_in_every_line(tmp_path, where, url, mip_line):
    (tmp_path / "docs").mkdir()
    pages = [*home.PAGES, "build_matrix.yml"]
    before = {name: (ROOT / name).read_text() for name in pages}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    home.write(where, tmp_path)
    for name in home.PAGES:
        text = (tmp_path / name).read_text()
        assert home.UNKNOWN not in text
        assert f'mip.install("{url}/install.py"); import install; install.install("{url}")' in text
    assert mip_line in text.splitlines()  # of docs/install.md
    assert home.read(tmp_path) == where
    home.write(home.read(ROOT), tmp_path)
    assert before == {name: (tmp_path / name).read_text() for name in pages}


def test_home_need_not_be_named(site, tmp_path, monkeypatch):
    monkeypatch.setattr(home, "read", lambda: site.url)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/install.py").write_text(dist.fill(dist.SOURCES / "install.py"))
    done = mip(tmp_path, "import install; install.install(); install.check()")
    assert done.stdout.splitlines()[-1].endswith("files are as they should be"), last(done)
    monkeypatch.setattr(home, "read", lambda: home.UNKNOWN)
    (tmp_path / "lib/install.py").write_text(dist.fill(dist.SOURCES / "install.py"))
    done = mip(tmp_path, "import install; install.install()")
    assert last(done) == "ValueError: give the URL of a copy of dist/"


# -- what each package takes


@pytest.mark.parametrize("name", packages.PACKAGES)
@pytest.mark.parametrize(
    "arch", [HOST, pytest.param(BOARD_ARCH, marks=pytest.mark.once), matrix.PORTABLE]
)
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


@pytest.mark.once
@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_each_architecture_gets_its_own_files(arch):
    for flags in (0, 5):  # what firmware after v1.25 has above bit 15
        chosen = installer()(number(arch, flags), (1, 26, 0), "x", "a board")
        assert chosen == (arch, f"native {arch}")


@pytest.mark.once
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


@pytest.mark.once
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


# -- the README's words


def readme():
    return (ROOT / "README.md").read_text()


def test_readme_line_works(site, tmp_path):
    line = re.search(r"^import mip; .*install\.py.*$", readme(), re.M)[0]
    done = mip(tmp_path, line.replace("http://HOST", site.url))
    assert done.stdout.splitlines()[-1].startswith(f"aioweb {matrix.version()}: native {HOST}, ")


def test_the_guide_names_the_packages():
    guide = (ROOT / "docs" / "install.md").read_text()
    rows = re.findall(r"^\| `(aioweb[a-z-]*)` \| [^0-9]", guide, re.M)
    assert rows == list(packages.installable())
