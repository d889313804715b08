"""Has Griffe, which reads pysrc/web for the reference, see the names where users do.

`web.App` is loaded from web.app when it is first used, `app.put` is a function in
web.hooks and `r.json` one in web.decoding. Here they become members of what they are
used through: the tables that the code finds them in tell which these are. Docstrings are
plain text; their lists of names become lists.
"""

import ast
import re
from itertools import count

import griffe

# by class: the tables that its further methods are in
TABLES = {
    "app.App": ("hooks.METHODS",),
    "request.Request": ("body._METHODS", "content.METHODS"),
    "websocket.WebSocket": ("pieces.METHODS",),
}
# what other modules use, not applications
INTERNAL = {
    "app.App": ("answer",),
    "request.Request": ("begin", "over", "drainable", "piece"),
    "sse.EventSource": ("begin", "begun", "binary", "flush", "look", "open", "queue"),
    "websocket.WebSocket": (
        *("attend", "begin", "begun", "binary", "control", "end", "finish_sending", "flush"),
        *("leave", "lose", "overdue", "send_frame", "send_parts", "sent"),
    ),
}
# what no application makes by calling it
GIVEN = (
    *("request.Request", "body.Headers", "forms.MultiDict", "stream.Writer"),
    *("websocket.WebSocket", "pieces.Pieces", "sse.EventSource"),
)
CODE = re.compile(r"(`[^`]*`|\b[\w.]+\(\d*\))")
# `name, name  what it is`, with what follows indented
ENTRIES = re.compile(r"[a-z_]+(, [a-z_]+)*  +\S")
ENTRY = re.compile(r"([a-z_]+(?:, [a-z_]+)*) +(.*)")


# -- names


def public_names(package):
    """The names that users import from the package, each with its module's."""
    lazy = ast.literal_eval(str(package["_LAZY"].value))
    return [entry.split(":") for entry in lazy.split()]


def functions(package, path):
    """The functions in the dict at path."""
    module = path.partition(".")[0]
    table = ast.parse(str(package[path].value), mode="eval").body
    # of functions by name, or of the modules that they are in
    return [
        package[value.value][key.value]
        if isinstance(value, ast.Constant)
        else package[module][value.id]
        for key, value in zip(table.keys, table.values, strict=True)
    ]


def complete(package):
    """Give classes the methods that they find elsewhere, without what is internal."""
    app, server = package["app.App"], package["server.Server"]
    app["__init__"].parameters = server["__init__"].parameters
    app.docstring.value += "\n\n" + server.docstring.value.partition("\n\n")[2]
    for name in ("run", "serve", "start", "stop"):
        app.set_member(name, server[name])
    # what upgrade() hands on as **options
    upgrade, accept = package["websocket.WebSocket.upgrade"], package["incoming.accept"]
    options = [*accept.parameters][3:]
    upgrade.parameters = griffe.Parameters(*[*upgrade.parameters][:-1], *options)
    for owner, tables in TABLES.items():
        for function in [f for table in tables for f in functions(package, table)]:
            function.parameters[0].name = "self"
            package[owner].set_member(function.name, function)
    for owner, names in INTERNAL.items():
        for name in names:
            package[owner].members.pop(name, None)
    for owner in GIVEN:
        package[owner].members.pop("__init__", None)


def in_order(package):
    """Number members as they come: their lines are of several files."""
    line = count(1)
    for owner in [package, *(package[path] for path in [*TABLES, *INTERNAL])]:
        for member in owner.members.values():
            if not member.is_module:
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
        for name, module in public_names(pkg):
            pkg.set_member(name, pkg[module][name])
        in_order(pkg)
        for docstring in docstrings(pkg, set()):
            docstring.value = markdown(docstring.value)
