"""Has Griffe, which reads pysrc/web for the reference, see the names where users do.

`web.App` is loaded from web.app when it is first used, `app.put` is a function in
web.setup and `r.json` one in web.decoding. Here they become members of what they are
used through: public.py tells which these are, and what is not for applications. Docstrings
are plain text; their lists of names become lists.
"""

import ast
import re
import sys
from itertools import count
from pathlib import Path

import griffe

sys.path.insert(0, str(Path(__file__).parent))  # griffe loads this file by its path
import public  # noqa: E402

CODE = re.compile(r"(`[^`]*`|\b[\w.]+\(\d*\))")
# `name, name  what it is`, with what follows indented
ENTRIES = re.compile(r"[a-z_]+(, [a-z_]+)*  +\S")
ENTRY = re.compile(r"([a-z_]+(?:, [a-z_]+)*) +(.*)")


# -- names


def parameters(arguments):
    """Griffe's for an ast.arguments without annotations."""
    found = []
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
    for kind, names, values in (
        (griffe.ParameterKind.positional_or_keyword, arguments.args, defaults),
        (griffe.ParameterKind.keyword_only, arguments.kwonlyargs, arguments.kw_defaults),
    ):
        for name, value in zip(names, values, strict=True):
            default = None if value is None else ast.unparse(value)
            found.append(griffe.Parameter(name.arg, kind=kind, default=default))
    return griffe.Parameters(*found)


def complete(package):
    """Give classes the methods that they find elsewhere, and functions the parameters that
    they pass on, without what is internal."""
    for name in public.PASSED_ON:
        package[name].parameters = parameters(public.arguments(name))
    for owner in public.FOUND:
        for member, place in public.found(owner).items():
            if place:
                package[place].parameters[0].name = "self"
                package[owner].set_member(member, package[place])
    for name in public.INTERNAL:
        owner, _, member = name.replace("__init__.", "", 1).rpartition(".")
        (package[owner] if owner else package).members.pop(member, None)


def in_order(package):
    """Number members as they come: their lines are of several files."""
    line = count(1)
    owners = [package, *(c for module in package.modules.values() for c in module.classes.values())]
    for owner in owners:
        for member in owner.members.values():
            if not member.is_alias and not member.is_module:
                member.lineno = next(line)


# -- docstrings


def escaped(text):
    """Plain text as Markdown; `code` stays, and calls() become code."""
    parts = CODE.split(text)
    parts[::2] = [re.sub(r"([<>*_\[\]\\])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"`{part.strip('`')}`" for part in parts[1::2]]
    return "".join(parts)


def listed(paragraph):
    """A paragraph of entries as a list in Markdown."""
    out = []
    for line in paragraph.split("\n"):
        if line.startswith(" "):
            out[-1] += "\n    " + escaped(line.strip())
        else:
            names, text = ENTRY.match(line).groups()
            out.append(f"- `{names.replace(', ', '`, `')}`: {escaped(text)}")
    return "\n".join(out)


def markdown(text):
    """A docstring as Markdown."""
    paragraphs = []
    for paragraph in text.split("\n\n"):
        if ENTRIES.match(paragraph):
            paragraph = listed(paragraph)
        elif not paragraph.startswith("    "):  # code is as it should be
            paragraph = escaped(paragraph)
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs)


def docstrings(obj, seen):
    """The docstrings of an object and all that is in it."""
    if id(obj) in seen or obj.is_alias:
        return
    seen.add(id(obj))
    if obj.docstring:
        yield obj.docstring
    for member in obj.members.values():
        yield from docstrings(member, seen)


class Names(griffe.Extension):
    def on_package(self, *, pkg, **kwargs):
        if pkg.path != "web":
            return
        complete(pkg)
        for name, module in public.lazy().items():
            pkg.set_member(name, pkg[module][name])
        in_order(pkg)
        for docstring in docstrings(pkg, set()):
            docstring.value = markdown(docstring.value)
