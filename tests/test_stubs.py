"""The type stubs say what pysrc/web has, and a type checker takes programs by them as it
should, once they are installed."""

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import matrix
import public
import pytest
import stubs
from conftest import BUILD, ROOT, run_micropython

TYPED = ROOT / "tests" / "typed"
TYPINGS = BUILD / "typings"
PYRIGHT = BUILD / "pyright" / "node_modules" / "pyright" / "index.js"
EXAMPLES = ROOT / "examples"
# What is MicroPython's own in the examples, and unknown to the checkers, and what is wrong in the
# stubs of its modules.
OF_MICROPYTHON = {
    ("form.py", '"bytes" has no attribute "format"'),
    ("https.py", 'Name "ssl" already defined (by an import)'),
    ("network.pyi", 'Name "LAN" already defined on line 177'),
    ("updates.py", 'Argument 1 to "Partition" has incompatible type "int"; expected "str"'),
}
OF_MICROPYTHON_FOR_PYRIGHT = {
    ("console.py", '"print_exception" is not a known attribute of module "sys"'),
    ("facts.py", '"mcu_temperature" is not a known attribute of module "esp32"'),
    ("files.py", '"ilistdir" is not a known attribute of module "os"'),
    ("form.py", 'Cannot access attribute "format" for class "Literal[b"Hello {}!"]"'),
    ("live.py", '"sleep_ms" is not a known attribute of module "asyncio"'),
    ("updates.py", '"ilistdir" is not a known attribute of module "os"'),
    ("updates.py", '"sleep_ms" is not a known attribute of module "asyncio"'),
    (
        "updates.py",
        'Argument of type "int" cannot be assigned to parameter "id" of type "str"'
        ' in function "__init__"',
    ),
}


# -- beside the source


def kinds(found):
    return {name: kind for name, (kind, _) in found.items()}


@functools.cache
def said_by_stubs():
    return kinds(public.of_stubs())


def test_stubs_say_what_the_source_has():
    """Every name, parameter and default, and nothing else."""
    assert said_by_stubs() == kinds(public.of_source())


def test_tables_name_what_there_is():
    assert public.unused() == set()


@pytest.mark.parametrize(
    "module,old,new,name",
    [
        ("_more", "parse_qs:query", "", "web.parse_qs"),
        ("_more", "parse_qs:query", "parse_qs:body", "web.parse_qs"),
        ("app", "timeout=10)", "timeout=10, *, more=1)", "web.app.App.stop"),
        ("app", "port=None, ssl", "ssl", "web.app.App.run"),
        ("reading", "readexactly(r, n)", "readexactly(r, n=1)", "web.conn.Request.readexactly"),
        ("broadcast", "def join(self, ", "def join(self, room, ", "web.broadcast.Broadcast.join"),
        ("conn", '"query": 2', '"question": 2', "web.conn.Request.query"),
        ("cookies", 'path="/", d', "path=None, d", "web.response.Response.delete_cookie"),
        ("fields", " readline:reading", "", "web.conn.Request.readline"),
        ("fields", 'name == "addr"', 'name == "address"', "web.conn.Request.address"),
        ("handshake", "origins=None", "origins=()", "web.websocket.WebSocket.upgrade"),
        ("cookies", "def set_cookie", "def put_cookie", "web.response.Response.set_cookie"),
        ("response", "redirect(location, ", "redirect(to, ", "web.response.redirect"),
        ("setup", "def get(app, path,", "def get(app, pattern,", "web.app.App.get"),
        ("setup", "methods=(", "methods=('PUT', ", "web.app.App.route"),
        ("setup", '"put": put,', "", "web.app.App.put"),
        ("setup", "max_drain:65536", "max_drain:32768", "web.app.App.__init__"),
        ("setup", "app.port = port", "app.porter = port", "web.app.App.port"),
        ("sse", "def abort(self)", "def close(self)", "web.sse.EventSource.close"),
        ("sse", "heartbeat=15", "heartbeat=20", "web.app.App.sse"),
        ("sse", "\n\ndef _field", "\n\nclass More: pass\n\ndef _field", "web.sse.More"),
        ("websocket", "    subprotocol  str", "    queued  int", "web.websocket.WebSocket.queued"),
    ],
)
def test_changes_of_the_source_are_noticed(monkeypatch, tmp_path, module, old, new, name):
    source = tmp_path / "web"
    shutil.copytree(public.SOURCE, source)
    path = source / f"{module}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    monkeypatch.setattr(public, "SOURCE", source)
    said, there = said_by_stubs(), kinds(public.of_source())
    assert said.get(name) != there.get(name)


# -- the package


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("stubs")
    stubs.main(out)
    return out


def test_package(built):
    """It has a version of its own behind that of the package, and can be made from its own
    source."""
    assert re.fullmatch(re.escape(matrix.version()) + r"\.post[1-9]\d*", stubs.own_version())
    name = f"micropython_aioweb_stubs-{stubs.own_version()}"
    wheel = built / f"{name}-py3-none-any.whl"
    assert sorted(p.name for p in built.iterdir()) == [wheel.name, f"{name}.tar.gz"]
    shutil.unpack_archive(built / f"{name}.tar.gz", built / "source")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built / "again"]
    subprocess.run(command, cwd=built / "source" / name, check=True, capture_output=True)
    assert (built / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_package_has_the_docstrings_of_the_source(built):
    (wheel,) = built.glob("*.whl")
    described = {}

    def read(name, node):
        described[name] = ast.get_docstring(node)
        for item in node.body:
            if isinstance(item, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                read(f"{name}.{item.name}", item)

    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".pyi"):
                module = "web." + name.split("/")[1].removesuffix(".pyi")
                read(module.removesuffix(".__init__"), ast.parse(archive.read(name)))
    written = {name: doc for name, (_, doc) in public.of_source().items() if doc}
    assert {name: described.get(name) for name in written} == written
    assert len(written) > 60
    assert written["web.conn.Request.readline"].startswith("Return the body's next line")


# -- the checker


@pytest.fixture(scope="module")
def check(built, tmp_path_factory):
    """A function that has mypy check some files where the wheel is installed, and returns
    its complaints: [(file, line, text, kind)]."""
    assert (TYPINGS / "stdlib").is_dir(), "make build/typings/.installed"
    folder = tmp_path_factory.mktemp("checked")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    install = "install -q --no-index --no-deps --disable-pip-version-check".split()
    command = [sys.executable, "-m", "pip", "--python", python, *install, *built.glob("*.whl")]
    subprocess.run(command, check=True)

    def check(*files, search=(), config=TYPED / "mypy.ini", options=()):
        command = [sys.executable, "-m", "mypy", "--config-file", config, *options]
        command += ["--custom-typeshed-dir", TYPINGS, "--python-executable", python]
        command += ["--cache-dir", folder / "cache", "--hide-error-context", *files]
        path = os.pathsep.join(map(str, [*search, TYPINGS]))
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "MYPYPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found = re.findall(r"^(.*?):(\d+): error: (.*?)  \[(\S+)\]$", done.stdout, re.M)
        assert len(found) == done.stdout.count(": error: "), done.stdout
        assert bool(found) == bool(done.returncode), done.stdout + done.stderr
        return [(name.split("/")[-1], int(line), *rest) for name, line, *rest in found]

    return check


def programs(text):
    """The python blocks of a text that are whole programs."""
    blocks = (block.split("```")[0] for block in text.split("```python\n")[1:])
    return [block for block in blocks if "import web\n" in block]


def test_stubs_by_themselves(check, tmp_path):
    shutil.copytree(public.STUBS, tmp_path / "web")
    assert check("-p", "web", search=[tmp_path], options=["--strict"]) == []


def test_examples(check, tmp_path):
    found = []
    for folder in sorted({path.parent for path in EXAMPLES.glob("**/*.py")}):
        if not (folder / "__init__.py").exists():  # two programs are called main.py
            packages = (path.parent for path in folder.glob("*/__init__.py"))
            files = [*folder.glob("*.py"), *(file for p in packages for file in p.rglob("*.py"))]
            found += check(*files, search=[folder])
    print(*found, sep="\n")  # XX
    assert {(name, text) for name, _, text, _ in found} == OF_MICROPYTHON
    for n, block in enumerate(programs((ROOT / "README.md").read_text())):
        path = tmp_path / f"readme{n}.py"
        path.write_text(block)
        assert check(path) == []
    assert n > 0


def test_what_is_right_is_taken(check):
    assert check(TYPED / "right.py", options=["--strict"]) == []


def test_mistakes_are_refused(check):
    lines = (TYPED / "wrong.py").read_text().splitlines()
    marked = [(n, re.search("# error: (.*)", line)) for n, line in enumerate(lines, 1)]
    expected = {(n, mark.group(1)) for n, mark in marked if mark}
    found = check(TYPED / "wrong.py", options=["--strict-equality"])
    assert {(line, kind) for _, line, _, kind in found} == expected
    assert len(expected) > 40


def test_annotated_program(check, tmp_path):
    """What the README of the stubs shows is right, and runs as it is."""
    (block,) = programs((public.STUBS.parent / "README.md").read_text())
    path = tmp_path / "annotated.py"
    path.write_text(block + "\nprint(set_led.__name__)\n")
    assert run_micropython(path) == "set_led\n"
    path.write_text(block)
    assert check(path, options=["--check-untyped-defs"]) == []
    path.write_text(block.replace("r.json()", "r.jsn()"))
    assert [kind for *_, kind in check(path)] == ["attr-defined"]


# -- another checker


@pytest.fixture(scope="module")
def pyright(built, tmp_path_factory):
    """A function that has Pyright check some files as the stubs' README has them installed, and
    returns its complaints: [(file, line, rule, text)]."""
    assert PYRIGHT.exists(), f"make {PYRIGHT.relative_to(ROOT)}"
    folder = tmp_path_factory.mktemp("pyright")
    shutil.copytree(TYPINGS, folder / "typings")
    install = "install -q --no-index --no-deps --disable-pip-version-check --target".split()
    command = [sys.executable, "-m", "pip", *install, folder / "typings", *built.glob("*.whl")]
    subprocess.run(command, check=True)

    def pyright(*files):
        for file in files:
            copy = shutil.copytree if file.is_dir() else shutil.copy
            copy(file, folder / file.name)
        names = [file.name for file in files]
        # as each folder that goes onto a board would be opened in an editor
        roots = ["examples/device", "examples/testing", "."]
        config = {"include": names, "executionEnvironments": [{"root": root} for root in roots]}
        (folder / "pyrightconfig.json").write_text(json.dumps(config))
        done = subprocess.run(
            ["node", PYRIGHT, "--outputjson"], cwd=folder, capture_output=True, text=True
        )
        found = json.loads(done.stdout)["generalDiagnostics"]
        return [
            (
                Path(each["file"]).name,
                each["range"]["start"]["line"] + 1,
                each.get("rule"),
                each["message"].split("\n")[0],
            )
            for each in found
            if each["severity"] == "error"
        ]

    return pyright


def test_pyright_takes_the_examples_and_what_is_right(pyright):
    found = pyright(EXAMPLES, TYPED / "right.py")
    print(*found, sep="\n")  # XX
    assert {(name, text) for name, _, _, text in found} == OF_MICROPYTHON_FOR_PYRIGHT


def test_pyright_refuses_mistakes(pyright):
    lines = (TYPED / "wrong.py").read_text().splitlines()
    # comparisons that can't be true are its own affair only where all is strict
    only = [(n, line) for n, line in enumerate(lines, 1) if "comparison-overlap" not in line]
    marked = {n for n, line in only if "# error: " in line}
    assert {line for _, line, *_ in pyright(TYPED / "wrong.py")} == marked
