"""Builds the type stubs into build/stubs/: a wheel and a source distribution.

python tools/stubs.py

stubs/web-stubs/ has the types alone. The docstrings, which editors show, are those of
pysrc/web, and are put in here: there is no second text to keep right.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import public
from matrix import BUILD, ROOT, version

OUT = BUILD / "stubs"
VERSION = 'dynamic = ["version"]'  # in pyproject.toml


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
    shutil.copytree(public.STUBS.parent, folder)
    shutil.copy(ROOT / "LICENSE", folder)
    for path in (folder / public.STUBS.name).glob("*.pyi"):
        path.write_text(described(path, docs))
    project = folder / "pyproject.toml"
    text = project.read_text()
    assert text.count(VERSION) == 1
    project.write_text(text.replace(VERSION, f'version = "{version()}"'))


def main(out=OUT):
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "stubs"
        write_tree(tree)
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
        subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
