"""Builds the type stubs, and the plugin of pytest, into build/stubs/: a wheel and a source
distribution.

python tools/stubs.py

stubs/web-stubs/ has the types alone. The docstrings, which editors show, are those of
pysrc/web, and are put in here: there is no second text to keep right. So are the files of
dist/ by which the plugin runs tests.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import public
from matrix import BUILD, PORTABLE, ROOT, shipped, version

OUT = BUILD / "stubs"
PLUGIN = "pytest_aioweb"
PACKAGES = ("x64", PORTABLE)  # what runs on computers


def own_version():
    """That of the distribution: the package's, and a number of its own behind that."""
    text = (public.STUBS.parent / "pyproject.toml").read_text()
    own = re.search(r'^version = "(.*)"$', text, re.M)[1]
    assert own.startswith(f"{version()}.post"), f"{own} is not of {version()}"
    return own


def _describe(node, name, docs, depth):
    """Put docstrings into a class or function, and into what a class has."""
    if isinstance(node, ast.ClassDef):
        for item in node.body:
            if isinstance(item, (ast.ClassDef, *public.FUNCTION)):
                _describe(item, f"{name}.{item.name}", docs, depth + 1)
    doc = docs.get(name)
    if doc:
        indent = "    " * depth
        text = textwrap.indent(doc, indent).strip()
        quoted = ast.Expr(ast.Constant(text + (f"\n{indent}" if "\n" in text else "")))
        node.body = [quoted, *(node.body if isinstance(node, ast.ClassDef) else [])]


def described(path, docs):
    """The text of a stub, with docstrings: {'web.app.App.get': text}."""
    module = "web" if path.stem == "__init__" else f"web.{path.stem}"
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, *public.FUNCTION)):
            _describe(node, f"{module}.{node.name}", docs, 1)
    head = f'"""{docs[module]}\n"""\n\n' if docs.get(module) else ""
    return head + ast.unparse(tree) + "\n"


def write_tree(folder):
    """Write what the distributions are built from."""
    docs = {name: doc for name, (_, doc) in public.of_source().items()}
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(public.STUBS.parent, folder, ignore=ignored)
    shutil.copy(ROOT / "LICENSE", folder)
    for path in (folder / public.STUBS.name).glob("*.pyi"):
        path.write_text(described(path, docs))
    for arch in PACKAGES:
        for name, path in shipped(arch).items():
            target = folder / PLUGIN / "lib" / arch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def main(out=OUT):
    shutil.rmtree(out, ignore_errors=True)
    own_version()
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "stubs"
        write_tree(tree)
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
        subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
