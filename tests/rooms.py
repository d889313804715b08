"""What the modules of pysrc/web import, read and define, lazy imports included.

    python tests/rooms.py

draws the import graph. "web" is the package's own file; a name in brackets is
loaded when it is first needed, as web.room.name.
"""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "pysrc" / "web"
PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*")
ASK = {"getattr", "hasattr", "setattr", "delattr"}  # with an attribute's name
PAIRS = re.compile(r"\s*(\w+:[a-z_]\w*\s+)+")  # "name:room", of what is found by name
# Whose attributes a variable's are, all over the package.
CALLED = {"r": "conn", "conn": "conn", "server": "app", "app": "app", "ws": "websocket"}
ASYNCIO = {"_dequeue"}  # what its queue has, which the package's own is derived from


def called(node):
    """The name of the function that a call names, or None."""
    return node.func.id if isinstance(node, ast.Call) and hasattr(node.func, "id") else None


def strings(nodes):
    """The values of those nodes that are strings, None for each other."""
    return [getattr(n, "value", None) if isinstance(n, ast.Constant) else None for n in nodes]


class Module:
    """One file: .edges {name of a module: whether it is imported at once}, .lent
    [(module, name)] what it has from others, as in `from web.room import name`,
    web.room.name, or a table of "name:room"; .globals what it defines itself, .attributes
    those that its classes have, .read {(owner, name)} what it uses of others that is
    private, .constants {name: value}."""

    def __init__(self, name, tree, rooms):
        self.name = name
        self.rooms = rooms
        self.edges = {}
        self.lent = []
        self.globals = set()
        self.attributes = set()
        self.read = set()
        self.constants = {}
        self.aliases = {}  # what names a module here
        self.tree = tree
        self.selves = {"self"} | {
            node.targets[0].id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and called(node.value) == "cls"
        }
        self._own(tree, self.globals)
        self._find(tree, True)

    # -- what is defined

    def _own(self, node, names):
        for child in ast.iter_child_nodes(node):
            inner = names
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(child.name)
                inner = self.attributes if isinstance(child, ast.ClassDef) else set()
            elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                names.add(child.id)
            elif isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store):
                if getattr(child.value, "id", None) in self.selves:
                    self.attributes.add(child.attr)
            if isinstance(child, ast.Assign) and called(child.value) == "const":
                value = ast.unparse(child.value.args[0])
                self.constants[child.targets[0].id] = eval(value, {}, dict(self.constants))
            else:
                self._own(child, inner)

    # -- what is imported

    def _find(self, node, at_once):
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    self._import(alias, at_once)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    self._import_from(child.module, alias.name, at_once)
            elif isinstance(child, ast.Call):
                self._call(child, at_once)
            elif isinstance(child, ast.Attribute):
                self._attribute(child, at_once)
            elif isinstance(child, ast.Constant):
                self._table(child.value)
            self._find(child, at_once and not inside)

    def _edge(self, module, at_once):
        assert module in self.rooms.names, f"{self.name} imports {module}, which is not there"
        if module != self.name:
            self.edges[module] = self.edges.get(module, False) or at_once

    def _import(self, alias, at_once):
        if alias.name.startswith("web."):
            self._edge(alias.name[4:], at_once)
        elif alias.name != "web":
            self.aliases[alias.asname or alias.name] = alias.name

    def _import_from(self, module, name, at_once):
        if not (module + ".").startswith("web."):
            self.aliases[name] = f"{module}.{name}"
            return
        assert module != "web", f"{self.name}: it is web.{name} where it is needed"
        self._edge(module[4:], at_once)
        self.lent.append((module[4:], name))
        if PRIVATE.fullmatch(name):
            self.read.add((module[4:], name))

    def _attribute(self, node, at_once):
        value = node.value
        if getattr(value, "id", "") == "web":
            self._door(node.attr, at_once)
        elif isinstance(value, ast.Attribute) and getattr(value.value, "id", "") == "web":
            if value.attr in self.rooms.names:
                self.lent.append((value.attr, node.attr))

    def _door(self, name, at_once):
        """`web.name`: a room, what the package has from one, or the package's own."""
        if name in self.rooms.names:
            self._edge(name, at_once)
        elif name in self.rooms.doors:
            self._edge(self.rooms.doors[name], at_once)
        elif not name.startswith("__") and self.name != "web":
            self.lent.append(("web", name))

    def _table(self, value):
        if self.name != "web" and isinstance(value, str) and PAIRS.fullmatch(value + " "):
            for pair in value.split():
                name, room = pair.split(":")
                self._edge(room, False)
                self.lent.append((room, name))

    def _call(self, node, at_once):
        function, args = called(node), strings(node.args)
        if function == "choose":
            self._edge(args[1], at_once)  # the other is native
        elif function == "__import__":
            # the package's own names, or what choose() was given
            assert self.name in ("web", "_choose"), f"{self.name}: __import__"

    # -- what is used of others

    def find_read(self):
        """Fill in .read, once all modules know what is their own."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                self._read(node.value, node.attr)
            elif called(node) in ASK and len(node.args) > 1:
                self._read(node.args[0], strings(node.args)[1] or "")

    def _read(self, value, name):
        if PRIVATE.fullmatch(name):
            owner = self._owner(value, name)
            if owner != self.name:
                self.read.add((owner, name))

    def _owner(self, value, name):
        """Whose name it is: a module's, or the text that tells what it is read of."""
        modules = self.rooms.modules
        text = ast.unparse(value)
        if text in self.aliases:
            return self.aliases[text]
        if name in ASYNCIO:
            return "asyncio.core"
        if text == "web":
            return self.name if name in modules else "web"
        if text.startswith("web.") and text[4:] in modules:
            return text[4:]
        likely = CALLED.get(text.split(".")[-1].lstrip("_"), self.name)
        if likely in modules and name in modules[likely].attributes:
            return likely
        if name in self.attributes:
            return self.name
        owners = [m.name for m in modules.values() if name in m.attributes]
        return "|".join(owners) or text


class Rooms:
    """All modules of a folder: .modules {name: Module}, .doors {name of the package's:
    the module that it comes from}."""

    def __init__(self, folder=PACKAGE):
        files = {f.stem.replace("__init__", "web"): f for f in sorted(folder.glob("*.py"))}
        trees = {name: ast.parse(file.read_text()) for name, file in files.items()}
        self.names = set(files)
        found = [
            pair for name in ("web", "_more") if name in trees for pair in self._lazy(trees[name])
        ]
        self.doors = dict(pair.split(":") for pair in found)
        self.modules = {name: Module(name, tree, self) for name, tree in trees.items()}
        for module in self.modules.values():
            module.find_read()
        web = self.modules["web"]
        for module in self.doors.values():
            web.edges.setdefault(module, False)

    @staticmethod
    def _lazy(tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_LAZY":
                return ast.literal_eval(node.value).split()
        return []

    def edges(self):
        """Every (module, what it imports)."""
        return {(a, b) for a, module in self.modules.items() for b in module.edges}

    def lazy(self):
        """Those of which the module has no need until it first uses them."""
        modules = self.modules.items()
        return {(a, b) for a, module in modules for b, now in module.edges.items() if not now}

    def privates(self):
        """{owner: the private names of the owner's that other modules use}."""
        found = {}
        for module in self.modules.values():
            for owner, name in module.read:
                found.setdefault(owner, set()).add(name)
        return found

    def draw(self):
        """The graph as text: who imports nothing comes first, then who imports those."""
        left = {name: set(module.edges) for name, module in self.modules.items()}
        lines = []
        while left:
            free = sorted(name for name, edges in left.items() if not edges & set(left))
            circle = not free
            if circle:
                free = sorted(
                    set.union(*(set(p) for p in circles(self.edges_of(left)))) & set(left)
                )
            for name in free:
                edges = self.modules[name].edges.items()
                uses = " ".join(sorted(b if now else f"[{b}]" for b, now in edges))
                lines.append(f"{'*' if circle else ' '} {name:18} {uses}".rstrip())
                del left[name]
            lines.append("")
        return "\n".join(lines).rstrip() + "\n"

    def edges_of(self, names):
        return {(a, b) for a, b in self.edges() if a in names and b in names}


def circles(edges):
    """The groups of modules of which each reaches each other, as sorted lists."""
    reach = {a: {b for x, b in edges if x == a} for a, _ in edges}
    grown = True
    while grown:
        grown = False
        for a in reach:
            more = set().union(*(reach.get(b, ()) for b in reach[a])) - reach[a]
            if more:
                reach[a] |= more
                grown = True
    groups = {
        frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in reach if a in reach[a]
    }
    return sorted(sorted(group) for group in groups)


if __name__ == "__main__":
    print(Rooms().draw(), end="")
