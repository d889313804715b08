"""Makes dist/, which any web host can serve: what mip, mpremote and install.py fetch.

    python tools/dist.py                     write dist/
    python tools/dist.py --check             see that dist/ is what would be written
    python tools/dist.py --out DIR [ARCH...]  write folders to copy to a board's /lib

    file/12/12345678                    every file, once, under its SHA-256
    package/6/NAME/VERSION.json         mip's index: the packages of packages.yml, and
    package/6/NAME/latest.json          each as NAME-ARCH with its native files
    ARCH_6.3/web/                       everything, for one architecture: copied to a
                                        board's /lib it is installed
    ARCH_6.3/package.json               the same for mip
    portable/                           everything but native files, likewise
    bundle/package.json                 everything for every architecture, of which the
                                        board chooses when it imports
    install.py                          asks the board and installs what fits

The native files must have been built.
"""

import argparse
import ast
import collections
import functools
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import home
import names
from matrix import (
    ARCHITECTURES,
    BUNDLE,
    MATRIX,
    PORTABLE,
    ROOT,
    dist_dir,
    micropython,
    native_mpys,
    shipped,
    version,
)
from packages import ALL, BUNDLED, PACKAGES, installable, modules, own_files

SOURCES = ROOT / "pysrc"
DIST = ROOT / "dist"
ABI_MAJOR = MATRIX["abi"].partition(".")[0]


# -- what the sources leave for the build to fill in


def _firmware(text):
    return None if text == "never" else tuple(map(int, text.split(".")))


def _spelled(oldest):
    """The names also without their hyphens."""
    return [
        (spelled, version)
        for name, version in oldest.items()
        for spelled in sorted({name, name.replace("-", "")})
    ]


def _as_number(version):
    """12401 for 1.24.1, and a number that no version has for none."""
    major, minor, patch = (*(version or (9, 99, 99)), 0)[:3]
    return (major * 100 + minor) * 100 + patch


def best(archs):
    """For each number of a firmware's, the one of these architectures that fits best."""
    found = {}
    for arch, entry in ARCHITECTURES.items():
        fitting = [a for a in [arch, *entry.get("accepts", [])] if a in archs]
        if fitting:
            found[entry["mpy"]] = fitting[0]
    return found


def values(archs):
    """A line `NAME = ...  # make dist: KEY` gets the value of KEY, in the const() that
    may be there."""
    firmware = MATRIX["firmware"]
    numbers = "".join(f"{entry['mpy']}:{arch} " for arch, entry in ARCHITECTURES.items())
    return {
        "architectures": " " + numbers,
        "packages": " " + "".join(f"{m}:{name} " for m, name in modules().items()),
        "best architecture": best(archs),
        "home": None if home.read() == home.UNKNOWN else home.url(home.read()),
        "installable": installable(),
        "oldest firmware": _firmware(firmware["oldest"]),
        "oldest firmware for native files": tuple(
            (f" {name}", _firmware(oldest)) for name, oldest in _spelled(firmware["native"])
        ),
        "oldest firmware by name": " ".join(
            f"{name}:{_as_number(_firmware(oldest))}"
            for name, oldest in _spelled(firmware["native"])
        ),
    }


def fill(source, archs=tuple(ARCHITECTURES)):
    """The text of a source, with the build's values."""
    known = {}

    def line(match):
        if not known:  # most have no such line
            known.update(values(archs))
        value = json_like(known[match[3]])
        return f"{match[1]} = const({value})" if match[2] else f"{match[1]} = {value}"

    text = source.read_text().replace("\n# in dist/: ", "\n")
    return re.sub(r"^(\w+) = (const)?.*?  # make dist: (.*)$", line, text, flags=re.M)


def json_like(value):
    """Python's literal, with the quotes of the sources."""
    return repr(value).replace("'", '"')


# -- modules that are always loaded together

# {a module: another that it imports}. A board keeps 450 bytes less of the two as one, which
# goes by both names.
JOINED = {"app.py": "conn.py", "websocket.py": "incoming.py"}
USED_FIRST = 30  # names


def _constants(tree):
    return {
        node.targets[0].id: node
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("const(")
    }


def joined(text, first, module, other):
    """The text of a module with that of another before it, and what stands in place of that
    for who imports it sooner."""
    name = f"web.{other[:-3]}"
    tree, before = ast.parse(text), ast.parse(first)
    known = _constants(before)
    again = [node for constant, node in _constants(tree).items() if constant in known]
    for node in again:
        assert ast.unparse(node) == ast.unparse(known[node.targets[0].id])
    tree.body = [
        node
        for node in before.body + tree.body
        if node not in again and getattr(node, "module", None) != name
    ]
    end = f"import sys\n{name} = sys.modules[{name!r}] = sys.modules[__name__]\n"
    return f"{ast.unparse(tree)}\n{end}", f"from web.{module[:-3]} import *\n"


def used_first(text):
    """The text behind a loop that is never entered: what functions look up most often comes
    first in the file's table of names then, of which all but 128 take a byte more wherever
    they are used."""
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, names.FUNCTION))
    uses = collections.Counter(
        getattr(node, "attr", None) or node.arg
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute | ast.arg)
    )
    chain = ".".join(name for name, _ in uses.most_common(USED_FIRST))
    return f"for _ in ():\n    _.{chain}\n{text}"


def without_const(text):
    """The text without the import of const(), which the compiler resolves: at run time it would
    be a name of each module that nobody looks up."""
    text = re.sub(r"^from micropython import const\n", "", text, flags=re.M)
    return re.sub(r"^from micropython import const, ", "from micropython import ", text, flags=re.M)


# -- bytecode


def cross_compiler():
    """The command that compiles what we ship, up to the name of the source."""
    # -O3 leaves line numbers out, which cost 2.6 KB of RAM. Those of a program's own
    # files, which a fault's line on the console has, are not touched.
    return [micropython() / "mpy-cross/build/mpy-cross", "-O3", "-s"]


def compile_source(text):
    """Compile the text of a source, under one name for all, which each board keeps."""
    # in a folder of its own: two processes may compile at the same time
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.py"
        made = source.with_suffix(".mpy")
        source.write_text(text)
        subprocess.run([*cross_compiler(), "web/", "-o", made, source], check=True)
        return made.read_bytes()


@functools.cache
def texts(sources, bundle=False):
    """{file name: text} of a folder like pysrc, with the build's values, as it is compiled."""
    filled = {source.name: fill(source) for source in sources.glob("web/*.py")}
    if bundle:
        filled["_choose.py"] = filled["_choose.py"].replace("# in the bundle: ", "")
    for module, other in JOINED.items():
        filled[module], filled[other] = joined(filled[module], filled[other], module, other)
    short = names.shortened(filled)
    for module in JOINED:
        short[module] = used_first(short[module])
    return {name: without_const(text) for name, text in short.items()}


def compiled(source):
    """A file of pysrc/web as it is shipped."""
    return stamped(compile_source(texts(SOURCES)[source.name]))


def compile_bytecode():
    """Compile pysrc/web: {file to install: bytes}, the same for all."""
    return {
        source.relative_to(SOURCES).with_suffix(".mpy").as_posix(): compiled(source)
        for source in sorted(SOURCES.glob("web/*.py"))
    }


def stamped(data):
    """A .mpy with the version behind it, which the firmware's loader ignores: so
    web/__init__.py tells a file that was cut, on which that loader hangs, and one of
    another version."""
    return data + f"web {version()}".encode()


def bundle_choose():
    """The bundle's _choose.mpy, which chooses among the architectures' files, too."""
    theirs, ours = texts(SOURCES), texts(SOURCES, bundle=True)
    assert [name for name in ours if ours[name] != theirs[name]] == ["_choose.py"]
    return stamped(compile_source(ours["_choose.py"]))


# -- what each folder and package holds


def native_files(arch):
    return {f"web/{path.name}": path.read_bytes() for path in native_mpys(arch)}


def everything(arch, bytecode):
    """{file to install: bytes} of an architecture, of none, or of the bundle."""
    if arch == PORTABLE:
        return bytecode
    if arch != BUNDLE:
        return {**bytecode, **native_files(arch)}
    files = {**bytecode, "web/_choose.mpy": bundle_choose()}
    for each, entry in ARCHITECTURES.items():
        for name, data in native_files(each).items():
            files[name.replace(".mpy", f"_{entry['mpy']}.mpy")] = data
    return files


def implementation(arch):
    """What web.implementation says where such a package is installed."""
    return arch if arch in (PORTABLE, BUNDLE) else f"native {arch}"


def _as_json(value):
    """A list of pairs, a pair a line."""
    lines = json.dumps(value, indent=1)
    return re.sub(r"\[\n\s+(\"[^\"]+\"),\n\s+(\"[^\"]+\")\n\s+\]", r"[\1, \2]", lines) + "\n"


def short_hash(data):
    """What mip knows a file by."""
    return hashlib.sha256(data).hexdigest()[:8]


class Tree:
    """A folder to be served."""

    def __init__(self, out):
        self.out = out
        self.hashes = {}

    def write(self, name, text):
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def store(self, data):
        """Store a file's content once; its short hash."""
        short = short_hash(data)
        assert self.hashes.setdefault(short, data) == data
        path = self.out / "file" / short[:2] / short
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return short

    def folder(self, arch, files):
        """The files, which the bundle has of others, and their package.json. Its entries
        have two elements each: firmware v1.25 takes no third."""
        urls = []
        for name, data in sorted(files.items()):
            short = self.store(data)
            urls.append([name, f"../file/{short[:2]}/{short}" if arch == BUNDLE else name])
        if arch != BUNDLE:
            write_folder(files, self.out / dist_dir(arch).name)
        package = {"version": version(), "implementation": implementation(arch), "urls": urls}
        self.write(f"{dist_dir(arch).name}/package.json", _as_json(package))

    def package(self, name, arch, files, needs=()):
        """An entry of the index."""
        package = {
            "version": version(),
            "implementation": implementation(arch),
            "hashes": [[file, self.store(data)] for file, data in sorted(files.items())],
            "deps": [[need, version()] for need in needs],
        }
        for label in (version(), "latest"):
            self.write(f"package/{ABI_MAJOR}/{name}/{label}.json", _as_json(package))


def suffixed(name, arch):
    """The name in the index of a package for an architecture."""
    return name if arch == PORTABLE else f"{name}-{arch}"


def write_tree(out, archs=tuple(ARCHITECTURES)):
    """Lay out all that is served."""
    shutil.rmtree(out, ignore_errors=True)
    tree = Tree(out)
    bytecode = compile_bytecode()
    for arch in [*archs, PORTABLE]:
        files = everything(arch, bytecode)
        tree.folder(arch, files)
        tree.package(suffixed(ALL, arch), arch, files)
        for name, entry in PACKAGES.items():
            own = {file: files[file] for file in own_files(name, arch != PORTABLE)}
            needs = [suffixed(need, arch) for need in entry["needs"]]
            tree.package(suffixed(name, arch), arch, own, needs)
    bundle = everything(BUNDLE, bytecode)
    tree.folder(BUNDLE, bundle)
    tree.package(BUNDLED, BUNDLE, bundle)
    tree.write("install.py", fill(SOURCES / "install.py", archs))


def shipped_files(arch):
    """{file to install: bytes} of the package in dist/."""
    return {name: path.read_bytes() for name, path in shipped(arch).items()}


def write_folder(files, out):
    """A folder whose content goes to a board's /lib; out."""
    shutil.rmtree(out, ignore_errors=True)
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return out


def files_of(folder):
    """{path within it: bytes} of all files."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def differing():
    """What of dist/ is not what its sources give (list of paths)."""
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder))
        made, there = files_of(Path(folder)), files_of(DIST)
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="put folders of files here instead")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("arch", nargs="*", help="only these, default: all; with --out")
    options = parser.parse_args()
    if options.check:
        wrong = differing()
        sys.exit(f"not what the sources give: {', '.join(wrong)}" if wrong else 0)
    if options.out is None:
        write_tree(DIST)
        return
    bytecode = compile_bytecode()
    for arch in options.arch or [*ARCHITECTURES, PORTABLE, BUNDLE]:
        write_folder(everything(arch, bytecode), options.out / dist_dir(arch).name)


if __name__ == "__main__":
    main()
