"""What is committed in dist/ is what the sources give, and it is laid out as mip asks."""

import json
import re
import shutil
import subprocess
import zlib

import dist
import matrix
import packages
import pytest
import readme_table
from conftest import MICROPYTHON, ROOT
from rooms import Rooms

DIST = ROOT / "dist"
INDEX = DIST / "package" / "6"
ARCHS = [*matrix.ARCHITECTURES, matrix.PORTABLE]
FOLDERS = [*ARCHS, matrix.BUNDLE]
NAMES = [
    *(dist.suffixed(name, arch) for name in packages.installable() for arch in ARCHS),
    packages.BUNDLED,
]


def listed(name):
    return json.loads((INDEX / name / "latest.json").read_text())


def test_dist_is_reproduced():
    """make dist, on whatever machine, gives these very bytes, and nothing else."""
    assert dist.differing() == []


def test_every_file_is_stored_once_under_its_hash():
    stored = [path for path in (DIST / "file").rglob("*") if path.is_file()]
    contents = [path.read_bytes() for path in stored]
    assert len(set(contents)) == len(contents)
    for path, data in zip(stored, contents):
        short = dist.short_hash(data)
        assert path == DIST / "file" / short[:2] / short
    others = {p for p in DIST.rglob("*") if p.is_file() and p not in stored}
    assert {p.suffix for p in others} == {".json", ".mpy", ".py"}
    # those of the folders are there as well
    assert {p.read_bytes() for p in others if p.suffix == ".mpy"} <= set(contents)


@pytest.mark.parametrize("arch", FOLDERS)
def test_folder(arch):
    """mip of v1.25 takes entries of two elements, no more."""
    folder = matrix.dist_dir(arch)
    package = json.loads((folder / "package.json").read_text())
    assert package["version"] == matrix.version()
    assert all(len(entry) == 2 for entry in package["urls"])
    files = dist.shipped_files(arch)
    assert len(files) == len(package["urls"])
    # a copy of the folder has the same
    there = dist.files_of(folder)
    del there["package.json"]
    assert there == ({} if arch == matrix.BUNDLE else files)
    modules = {f"web/{module}.mpy" for module in packages.modules()}
    assert modules <= set(files)
    natives = sorted(set(files) - modules)
    if arch == matrix.PORTABLE:
        assert natives == []
    elif arch == matrix.BUNDLE:
        assert len(natives) == len(matrix.NATIVE_FILES) * len(matrix.ARCHITECTURES)
    else:
        assert natives == sorted(f"web/{name}" for name in matrix.NATIVE_FILES)
    said = {matrix.PORTABLE: "portable", matrix.BUNDLE: "bundle"}.get(arch, f"native {arch}")
    assert package["implementation"] == said


def test_index_has_every_package_for_every_architecture():
    assert sorted(p.name for p in INDEX.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_package_of_the_index(name):
    package = listed(name)
    version = matrix.version()
    assert package == json.loads((INDEX / name / f"{version}.json").read_text())
    assert package["version"] == version
    assert all(len(short) == 8 for _, short in package["hashes"])
    for _, short in package["hashes"]:
        assert (DIST / "file" / short[:2] / short).is_file()
    # what it needs has native files for the same architecture, and the same version
    assert all(number == version for _, number in package["deps"])
    assert all(listed(n)["implementation"] == package["implementation"] for n, _ in package["deps"])


@pytest.mark.parametrize("arch", ARCHS)
def test_packages_together_are_everything(arch):
    parts = {}
    for name in packages.PACKAGES:
        parts |= dict(listed(dist.suffixed(name, arch))["hashes"])
    assert parts == dict(listed(dist.suffixed(packages.ALL, arch))["hashes"])
    assert sorted(parts) == sorted(dist.shipped_files(arch))


def test_every_module_is_in_one_package():
    """A new file of pysrc/web goes into packages.yml."""
    named = [m for entry in packages.PACKAGES.values() for m in entry["modules"]]
    assert sorted(named) == sorted(p.stem for p in (ROOT / "pysrc" / "web").glob("*.py"))
    natives = [f"{n}.mpy" for e in packages.PACKAGES.values() for n in e.get("native", [])]
    assert sorted(natives) == sorted(matrix.NATIVE_FILES)


@pytest.mark.parametrize("name", packages.PACKAGES)
def test_modules_import_only_what_comes_along(name):
    """What is loaded by need may be missing, and is named then."""
    there = {m for n in packages.closure(name) for m in packages.PACKAGES[n]["modules"]}
    rooms = Rooms()
    for module, imported in rooms.edges() - rooms.lazy():
        assert module not in packages.PACKAGES[name]["modules"] or imported in there


@pytest.mark.parametrize("name", packages.PACKAGES)
def test_flash_of_a_package(name):
    sizes = []
    for arch in matrix.ARCHITECTURES:
        files = dist.shipped_files(arch)
        sizes.append(sum(len(files[file]) for file in packages.own_files(name, True)))
    assert max(sizes) <= packages.PACKAGES[name]["flash"]


@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_native_files(arch):
    shipped = dist.shipped_files(arch)
    files = [shipped[f"web/{name}"] for name in matrix.NATIVE_FILES]
    for data in files:
        assert data[0:2] == b"M\x06"
        assert data[2] == matrix.ARCHITECTURES[arch]["mpy"] << 2 | 3  # ABI 6.3, no flags
        assert int.from_bytes(data[-4:], "little") == zlib.crc32(data[:-4])
    assert sum(map(len, files)) <= matrix.ARCHITECTURES[arch]["budget"]


def import_from(folder, code):
    return subprocess.run(
        [MICROPYTHON, "-c", code],
        env={"MICROPYPATH": f"{folder}:.frozen"},
        capture_output=True,
        text=True,
        timeout=20,
    )


@pytest.mark.parametrize("name", [matrix.host(), matrix.PORTABLE])
def test_copying_the_folder_installs(name, tmp_path):
    """A board's /lib is on its path; so is this folder."""
    shutil.copytree(matrix.dist_dir(name) / "web", tmp_path / "lib" / "web")
    done = import_from(
        tmp_path / "lib",
        "import web; web.App; print(web.__version__, web.implementation, web.WebSocket)",
    )
    which = dist.implementation(name)
    assert done.stdout == f"{matrix.version()} {which} <class 'WebSocket'>\n", done.stderr


@pytest.mark.parametrize("module,other", dist.JOINED.items())
@pytest.mark.parametrize("sooner", [False, True])
def test_modules_that_are_one(module, other, sooner, tmp_path):
    """Whoever imports either has the same objects."""
    module, other = module[:-3], other[:-3]
    dist.write_folder(dist.compile_bytecode(), tmp_path)
    first, second = (other, module) if sooner else (module, other)
    code = f"import sys, web.{first}, web.{second}, web.body\n"
    code += f"names = [n for n in dir(web.{other}) if n[0] != '_']\n"
    code += f"print(sys.modules['web.{other}'] is sys.modules['web.{module}'], len(names) > 9)\n"
    code += f"print(all([getattr(web.{module}, n) is getattr(web.{other}, n) for n in names]))"
    assert import_from(tmp_path, code).stdout == "True True\nTrue\n"


def test_modules_that_are_one_have_constants_of_one_value():
    with pytest.raises(AssertionError):
        dist.joined("_A = const(1)", "_A = const(2)", "a.py", "b.py")
    text, other = dist.joined(
        "from web.b import f\n_A = const(1)\nf(_A)", "_A = const(1)", "a.py", "b.py"
    )
    assert text.startswith("_A = const(1)\nf(_A)\n")
    assert other == "from web.a import *\n"


def test_no_module_imports_what_the_compiler_resolves():
    assert dist.without_const("from micropython import const\n_A = const(1)\n") == "_A = const(1)\n"
    both = "from micropython import const, schedule\n"
    assert dist.without_const(both) == "from micropython import schedule\n"
    assert not [name for name, text in dist.texts(dist.SOURCES).items() if "import const" in text]


def test_names_that_are_used_most_come_first():
    text = "def f(a):\n    return a.b.c + a.b"
    assert dist.used_first(text) == f"for _ in ():\n    _.b.a.c\n{text}"


USES = {
    "aioweb-forms": ["import web; web.forms", "import web; web.parse_qs"],
    "aioweb-files": ["import web; web.send_file", "import web; web.App().static('/', 'www')"],
    "aioweb-templates": ["import web; web.render"],
    "aioweb-websocket": [
        "import web; web.WebSocket",
        "import web; web.App().websocket('/')",
    ],
    "aioweb-client": ["import web; web.connect", "import web; web.HandshakeError"],
    "aioweb-sse": ["import web; web.EventSource", "import web; web.App().sse('/')"],
    "aioweb-broadcast": ["import web; web.Broadcast"],
    "aioweb-shapes": ["import web; web.check"],
    "aioweb-debug": ["import asyncio, web; asyncio.run(web.App(port=0).start(debug=True))"],
    "aioweb-ota": ["import web; web.ota"],
    "aioweb-auth": ["import web; web.basic", "import web; web.Session", "import web; web.same"],
    "aioweb-testing": ["import web; web.testing.Client"],
    "aioweb-origins": ["import web; web.cors", "import web; web.protect"],
    "aioweb-tasks": ["import web; web.App().task()", "import web; web.App().threadsafe(print)"],
    "aioweb-captive": ["import web; web.captive"],
}


@pytest.mark.parametrize("name", [n for n in packages.PACKAGES if n != "aioweb"])
def test_what_is_not_installed_is_named(name, tmp_path):
    files = dist.shipped_files(matrix.PORTABLE)
    core = {file: files[file] for file in packages.own_files("aioweb", False)}
    dist.write_folder(core, tmp_path)
    for use in USES[name]:
        done = import_from(tmp_path, use)
        assert f"is in the package {name}, which is not installed" in done.stderr, use
        assert done.stderr.splitlines()[-1].startswith("ImportError: web.")


@pytest.mark.parametrize("page", readme_table.PARTS)
def test_tables_of_architectures_are_generated(page):
    text = readme_table.PARTS[page][2]()
    assert text in (ROOT / page).read_text()


def test_changelog_has_the_version():
    """One place states the version; the changelog says what is in it."""
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?", matrix.version())
    assert f"\n## [{matrix.version()}] - " in (ROOT / "CHANGELOG.md").read_text()
