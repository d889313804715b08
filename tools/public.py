"""What of pysrc/web programs use, and what the stubs say of it, both read without
running them: {'web.app.App.get': (what it is, its docstring)}.

Public are the names that web loads, all classes, their methods, what __getattr__ finds,
and of the attributes those that begin a line of the class's docstring.
"""

import ast
import copy
import functools
import re

from matrix import ROOT

SOURCE = ROOT / "pysrc" / "web"
STUBS = ROOT / "stubs" / "web-stubs"

# What has a public name for the sake of other modules of web alone.
INTERNAL = {
    "app.App.__init__",
    "app.App.answer",
    "body.Headers.__init__",
    "broadcast.Broadcast.cancel",
    "chunked.Chunks",
    "client.HandshakeError.__init__",
    "conn.Connection",
    "conn.Queue",
    "deflate.Deflate",
    "deflate.Inflater",
    "forms.MultiDict.__init__",
    "hooks.Hooks",
    "pieces.Pieces.__init__",
    "request.Request.__init__",
    "request.Request.begin",
    "request.Request.drainable",
    "request.Request.flags",
    "request.Request.over",
    "request.Request.piece",
    "response.Stream.__init__",
    "router.Router",
    "server.Server.attend",
    "server.Server.begin",
    "server.Server.broken",
    "server.Server.go_on",
    "server.Server.ready",
    "sse.EventSource.__init__",
    "sse.EventSource.begun",
    "sse.EventSource.binary",
    "sse.EventSource.flush",
    "sse.EventSource.look",
    "sse.EventSource.open",
    "stream.Writer.__init__",
    "websocket.WebSocket.__init__",
    "websocket.WebSocket.attend",
    "websocket.WebSocket.begin",
    "websocket.WebSocket.begun",
    "websocket.WebSocket.binary",
    "websocket.WebSocket.control",
    "websocket.WebSocket.end",
    "websocket.WebSocket.finish_sending",
    "websocket.WebSocket.flush",
    "websocket.WebSocket.leave",
    "websocket.WebSocket.lose",
    "websocket.WebSocket.overdue",
    "websocket.WebSocket.send_frame",
    "websocket.WebSocket.send_parts",
    "websocket.WebSocket.sent",
}
# Where each __getattr__ finds what it returns: tables, and a function.
FOUND = {
    "app.App": ["hooks.METHODS"],
    "request.Request": [
        "request._IN_HEAD",
        "body._METHODS",
        "body.attribute",
        "content.METHODS",
        "content.VALUES",
    ],
    "websocket.WebSocket": ["pieces.METHODS"],
}
# Whose arguments are taken as *args, **kwargs or **options. The options are what has a
# default there.
PASSED_ON = {
    "server.Server.run": "server.Server.start",
    "server.Server.serve": "server.Server.start",
    "websocket.WebSocket.upgrade": "incoming.accept",
    "hooks.websocket": "websocket.WebSocket.upgrade",
    "hooks.sse": "sse.EventSource.upgrade",
}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
ATTRIBUTE = ("attribute", None)


@functools.cache
def _tree(path):
    return ast.parse(path.read_text())


def _members(node):
    """{name: node} of what a module or class defines; of overloads the first, which
    has the whole signature."""
    members = {}
    for item in node.body:
        if isinstance(item, (ast.ClassDef, *FUNCTION)):
            members.setdefault(item.name, item)
        elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            members[item.targets[0].id] = item.value
        elif isinstance(item, ast.AnnAssign):
            members[item.target.id] = item
    return members


def _is_public(name):
    return not name.startswith("_") or name.startswith("__") and name != "__getattr__"


# -- signatures


def _lookup(name):
    module, *names = name.split(".")
    node = _tree(SOURCE / f"{module}.py")
    for part in names:
        node = _members(node)[part]
    return node


def _passed_on(name, arguments):
    """The arguments of a function of that name, with those of the one it hands them to."""
    arguments = copy.deepcopy(arguments)
    if name not in PASSED_ON:
        return arguments
    target = _passed_on(PASSED_ON[name], _lookup(PASSED_ON[name]).args)
    if arguments.vararg:
        return target
    n = len(target.defaults)
    arguments.kwonlyargs += (target.args[-n:] if n else []) + target.kwonlyargs
    arguments.kw_defaults += target.defaults + target.kw_defaults
    arguments.kwarg = None
    return arguments


def _default(node):
    """A default as a stub states it: '...' for one that is computed."""
    try:
        ast.literal_eval(node)
    except ValueError:
        return ast.Constant(...)
    return node


def _signature(name, function):
    arguments = _passed_on(name, function.args)
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    for argument in (arguments.vararg, arguments.kwarg):
        if argument:
            argument.annotation = None
    arguments.defaults = [_default(node) for node in arguments.defaults]
    arguments.kw_defaults = [node and _default(node) for node in arguments.kw_defaults]
    decorators = [d.id for d in function.decorator_list if isinstance(d, ast.Name)]
    if "property" in decorators:
        return ATTRIBUTE
    kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    if "classmethod" in decorators:
        kind = "classmethod " + kind
    return f"{kind}({ast.unparse(arguments)})", ast.get_docstring(function)


def _method(name):
    """What __getattr__ makes of a function."""
    function = copy.deepcopy(_lookup(name))
    function.args.args[0].arg = "self"
    return _signature(name, function)


def _class(node):
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return f"class({', '.join(map(ast.unparse, bases))})", ast.get_docstring(node)


# -- the source


def lazy():
    """{name: module} of what web loads."""
    names = ast.literal_eval(_lookup("__init__._LAZY"))
    return dict(item.split(":") for item in names.split())


def _found(name):
    """The members of a class that its __getattr__ finds."""
    found = {}
    for place in FOUND[name]:
        module = place.split(".")[0]
        node = _lookup(place)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(getattr(value, "value", None), str):  # the module that it is in
                    found[key.value] = _method(f"{value.value}.{key.value}")
                elif isinstance(value, ast.Name) and value.id == key.value:
                    found[key.value] = _method(f"{module}.{value.id}")
                else:
                    found[key.value] = ATTRIBUTE
        else:
            compared = [n for n in ast.walk(node) if isinstance(n, ast.Compare)]
            for constant in (c for n in compared for c in n.comparators):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    found[constant.value] = ATTRIBUTE
    return found


def _attributes(node):
    """The attributes of a class, but those that __getattr__ finds."""
    names = {name for name, item in _members(node).items() if not isinstance(item, FUNCTION)}
    for item in ast.walk(node):
        if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store):
            if isinstance(item.value, ast.Name) and item.value.id == "self":
                names.add(item.attr)
    return dict.fromkeys(names, ATTRIBUTE)


def _source_class(name, node):
    members = _attributes(node)
    for member, item in _members(node).items():
        if isinstance(item, ast.Name):  # another name of a method
            item = _members(node).get(item.id)
        if isinstance(item, FUNCTION):
            members[member] = _signature(f"{name}.{member}", item)
    assert ("__getattr__" in members) == (name in FOUND), name
    listed = re.findall(r"^\w+(?:, \w+)*", ast.get_docstring(node) or "", re.M)
    listed = {word for words in listed for word in words.split(", ")}
    for member, what in members.items():
        if _is_public(member) and (what is not ATTRIBUTE or member in listed):
            yield f"{name}.{member}", what
    if name in FOUND:
        for member, what in _found(name).items():
            yield f"{name}.{member}", what


def of_source():
    init = _tree(SOURCE / "__init__.py")
    loaded = lazy()
    public = {"web": ("module", ast.get_docstring(init))}
    for name, node in _members(init).items():
        if _is_public(name):
            is_function = isinstance(node, FUNCTION)
            public[f"web.{name}"] = _signature(name, node) if is_function else ATTRIBUTE
    for name, module in loaded.items():
        private = module.startswith("_")
        public[f"web.{name}"] = ATTRIBUTE if private else (f"from web.{module}", None)
    for path in SOURCE.glob("[!_]*.py"):
        module = path.stem
        for name, node in _members(_tree(path)).items():
            full = f"{module}.{name}"
            if full in INTERNAL or not _is_public(name):
                continue
            if isinstance(node, ast.ClassDef):
                public[f"web.{full}"] = _class(node)
                for member, what in _source_class(full, node):
                    if member not in INTERNAL:
                        public[f"web.{member}"] = what
            elif loaded.get(name) == module:
                public[f"web.{full}"] = _signature(full, node)
    return public


# -- the stubs


def _stub(name, node):
    if isinstance(node, FUNCTION):
        yield name, _signature(name, node)
    elif isinstance(node, ast.AnnAssign):
        yield name, ATTRIBUTE
    elif isinstance(node, ast.ClassDef):
        yield name, _class(node)
        for member, item in _members(node).items():
            if _is_public(member):
                yield from _stub(f"{name}.{member}", item)


def of_stubs():
    public = {"web": ("module", None)}
    for path in STUBS.glob("*.pyi"):
        tree = _tree(path)
        module = "web" if path.stem == "__init__" else f"web.{path.stem}"
        if path.stem == "__init__":
            for item in (n for n in tree.body if isinstance(n, ast.ImportFrom)):
                for alias in item.names:
                    public[f"web.{alias.asname}"] = f"from {item.module}", None
        elif not _is_public(path.stem):
            continue
        for name, node in _members(tree).items():
            if _is_public(name):
                public.update(_stub(f"{module}.{name}", node))
    return public


def unused():
    """What the tables above name and the source has not."""
    names = {*INTERNAL, *FOUND, *PASSED_ON, *PASSED_ON.values()}
    gone = set()
    for name in names:
        try:
            _lookup(name)
        except (KeyError, AttributeError, OSError):
            owner = ".".join(name.split(".")[:-1])
            if owner not in FOUND or name.split(".")[-1] not in _found(owner):
                gone.add(name)
    return gone
