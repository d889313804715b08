"""Gives names that nothing but their own module reads short ones, which modules share.

A board keeps each name that its firmware does not know: 7 bytes and its length, and with
the 141st, 301st and 621st one, two and four kilobytes more. So in every compiled module
the first private function is _a, and the first argument of one `a`. What is public, or
is read by another module or by its name in a string, stays as it is, and so do the
sources and their tests.
"""

import ast
import string

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
LETTERS = string.ascii_lowercase + string.ascii_uppercase


def _is_private(name):
    return name.startswith("_") and not name.startswith("__")


def _is_const(node):
    """Whether it is `_NAME = const(...)`, of which the compiler leaves no name."""
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const"


def _defined(tree):
    """The private names that a module defines, and those of its classes' attributes."""
    names, attributes = set(), set()
    for node in tree.body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and not _is_const(node):
            names |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, FUNCTION):
                    attributes.add(item.name)
                elif isinstance(item, ast.Assign) and not _is_const(item):
                    attributes |= {t.id for t in item.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            attributes.add(node.attr)
    modules = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    of_modules = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) in modules
    }
    return set(filter(_is_private, names)), set(filter(_is_private, attributes)) - of_modules


def _read(tree):
    """All names that a module reads in ways that another module's names are read."""
    read = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            read.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            read |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            read.add(node.value)
    return read


def _strings(tree):
    return {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def _foreign_bases(tree):
    """Whether a class of the module has its attributes beside those of another module's."""
    own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    known = own | {"Exception", "dict"}
    return any(
        ast.unparse(base) not in known
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    )


class _Renaming(ast.NodeTransformer):
    """Renames the private names of a module, and of its private functions' arguments."""

    def __init__(self, names, attributes, kept):
        self.names = names
        self.attributes = attributes
        self.kept = kept  # arguments that cost nothing, or are given by name
        self.local = {}

    def _name(self, name):
        return self.local.get(name) or self.names.get(name, name)

    def visit_Name(self, node):
        node.id = self._name(node.id)
        return node

    def visit_Global(self, node):
        node.names = [self._name(name) for name in node.names]
        return node

    def visit_ExceptHandler(self, node):
        self.generic_visit(node)
        if node.name:
            node.name = self._name(node.name)
        return node

    def visit_alias(self, node):
        if node.asname:
            node.asname = self._name(node.asname)
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        node.attr = self.attributes.get(node.attr, node.attr)
        return node

    def visit_ClassDef(self, node):
        for item in node.body:
            if isinstance(item, ast.Assign):
                for target in item.targets:
                    if isinstance(target, ast.Name):
                        target.id = self.attributes.get(target.id, target.id)
            elif isinstance(item, FUNCTION):
                item.name = self.attributes.get(item.name, item.name)
        self.generic_visit(node)
        node.name = self._name(node.name)
        return node

    def _function(self, node):
        private = _is_private(node.name)
        before = self.local
        if private:
            used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            used |= {a.arg for n in ast.walk(node) if isinstance(n, ast.arguments) for a in n.args}
            free = iter([c for c in LETTERS if c not in used])
            nested = {
                a.arg
                for n in ast.walk(node)
                if isinstance(n, ast.arguments) and n is not node.args
                for a in n.args
            }
            self.local = dict(before)
            for argument in node.args.args:
                if argument.arg not in self.kept and argument.arg not in nested:
                    self.local[argument.arg] = next(free)
                    argument.arg = self.local[argument.arg]
        self.generic_visit(node)
        self.local = before
        node.name = self._name(node.name)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function


def shortened(texts):
    """{file name: text} of a package's sources, with short private names."""
    trees = {name: ast.parse(text) for name, text in texts.items()}
    read = {name: _read(tree) | _defined(tree)[1] for name, tree in trees.items()}
    keywords = {
        n.arg for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.keyword)
    }
    public = {a for names in read.values() for a in names if not _is_private(a)} | keywords
    done = {}
    for name, tree in trees.items():
        others = set().union(*(names for other, names in read.items() if other != name))
        strings = _strings(tree)
        names, attributes = _defined(tree)
        names = sorted(names - others - strings)
        attributes = sorted(attributes - others - strings)
        if _foreign_bases(tree):
            attributes = []
        table = dict(zip(names, ("_" + c for c in LETTERS), strict=False))
        fields = dict(zip(attributes, ("_" + c for c in LETTERS), strict=False))
        done[name] = ast.unparse(_Renaming(table, fields, public).visit(tree)) + "\n"
    return done
