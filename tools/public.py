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
    "__init__.forget",
    "answers.Response.__init__",
    "answers.Response.begin",
    "answers.Response.redirected",
    "app.App.accept",
    "app.App.attend",
    "app.App.begin",
    "app.App.broken",
    "app.App.forget",
    "app.App.ready",
    "app.App.serving",
    "app.App.tick",
    "app.App.watching",
    "background.Beside",
    "broadcast.Broadcast.cancel",
    "chunked.Chunks",
    "client.HandshakeError.__init__",
    "conn.Connection",
    "conn.Queue",
    "conn.Request.__init__",
    "conn.Request.flags",
    "conn.Request.piece",
    "deflate.Deflate",
    "deflate.Inflater",
    "following.Event.__init__",
    "following.Events.__init__",
    "following.Opening.__init__",
    "following.Opening.__iter__",
    "forms.MultiDict.__init__",
    "guards.Guards",
    "headers.Headers.__init__",
    "jar.Cookies.__init__",
    "jar.Cookies.line",
    "jar.Cookies.take",
    "multipart.Part.__init__",
    "outside.Outside",
    "pieces.Pieces.__init__",
    "portal.Portal.__init__",
    "portal.Portal.abandon",
    "portal.Portal.begin",
    "portal.Portal.broken",
    "portal.Portal.end",
    "portal.Portal.ready",
    "portal.Portal.task",
    "raw.Writer.__init__",
    "sse.EventSource.__init__",
    "sse.EventSource.begun",
    "sse.EventSource.binary",
    "sse.EventSource.flush",
    "sse.EventSource.look",
    "sse.EventSource.open",
    "sse.EventSource.post",
    "streaming.Stream.__init__",
    "testing.Client.drop",
    "testing.Client.fields",
    "testing.Client.keep",
    "wires.Listener",
    "wires.Wire.__init__",
    "wires.Wire.connect",
    "wires.Wire.ioctl",
    "wires.Wire.read",
    "wires.Wire.readinto",
    "wires.Wire.setblocking",
    "wires.Wire.setsockopt",
    "wires.Wire.write",
    "wires.instead",
    "websocket.WebSocket.__init__",
    "websocket.WebSocket.attend",
    "websocket.WebSocket.begin",
    "websocket.WebSocket.begun",
    "websocket.WebSocket.binary",
    "websocket.WebSocket.collect",
    "websocket.WebSocket.control",
    "websocket.WebSocket.end",
    "websocket.WebSocket.flush",
    "websocket.WebSocket.lose",
    "websocket.WebSocket.send_frame",
    "websocket.WebSocket.sent",
}
# Where each __getattr__ finds what it returns: a dict of functions, of their rooms, or of
# places in a list, a string of "name:room" each, a function that compares names, or a whole module.
FOUND = {
    "app.App": ["setup.METHODS", "setup._ELSEWHERE"],
    "conn.Request": ["conn._IN_HEAD", "fields._METHODS", "fields.attribute"],
    "response.Response": ["cookies"],
    "websocket.WebSocket": ["websocket._ELSEWHERE"],
}
# The function that gives its first argument further attributes.
SET = {"app.App": "setup.begin"}
# What other modules set on objects of a class.
LENT = {"conn.Request": ["user", "session", "cors"]}
# Whose arguments are taken as *args, **kwargs or **options. The options are what has a
# default there, or what strings of "name:default" say.
PASSED_ON = {
    "app.App.__init__": ["setup._LIMITS", "setup._TIMES"],
    "app.App.run": ["app.App.start"],
    "app.App.start": ["setup._STARTING"],
    "app.App.serve": ["app.App.start"],
    **{
        f"setup.{name}": ["setup._OPTION"]
        for name in "add_handler delete get on patch post put route".split()
    },
    "setup.sse": ["setup._OPTION", "sse.EventSource.upgrade"],
    "setup.websocket": ["setup._OPTION", "websocket.WebSocket.upgrade"],
    "websocket.WebSocket.upgrade": ["handshake.accept"],
}
# Modules of which programs import functions by the module's name.
IMPORTED = {"testing"}
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


def arguments(name, function=None):
    """The arguments of a function, with those that it passes on."""
    own = copy.deepcopy((function or _lookup(name)).args)
    for place in PASSED_ON.get(name, ()):
        target = _lookup(place)
        if isinstance(target, ast.Constant):
            for option in target.value.split():
                keyword, default = option.split(":")
                own.kwonlyargs.append(ast.arg(keyword))
                own.kw_defaults.append(ast.parse(default, mode="eval").body)
        else:
            target = arguments(place)
            if own.vararg:
                return target
            n = len(target.defaults)
            own.kwonlyargs += (target.args[-n:] if n else []) + target.kwonlyargs
            own.kw_defaults += target.defaults + target.kw_defaults
        own.kwarg = None
    return own


def _default(node):
    """A default as a stub states it: '...' for one that is computed."""
    try:
        ast.literal_eval(node)
    except ValueError:
        return ast.Constant(...)
    return node


def _signature(name, function):
    own = arguments(name, function)
    for argument in [*own.posonlyargs, *own.args, *own.kwonlyargs, own.vararg, own.kwarg]:
        if argument:
            argument.annotation = None
    own.defaults = [_default(node) for node in own.defaults]
    own.kw_defaults = [node and _default(node) for node in own.kw_defaults]
    decorators = [d.id for d in function.decorator_list if isinstance(d, ast.Name)]
    if "property" in decorators:
        return ATTRIBUTE
    kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    if "classmethod" in decorators:
        kind = "classmethod " + kind
    return f"{kind}({ast.unparse(own)})", ast.get_docstring(function)


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
    names = "".join(ast.literal_eval(_lookup(f"{m}._LAZY")) for m in ("__init__", "_more"))
    return dict(item.split(":") for item in names.split())


def _strings(nodes):
    """All strings in some nodes."""
    constants = (n for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant))
    return [constant.value for constant in constants if isinstance(constant.value, str)]


def _compared(function):
    """The names that a function compares with one, and the places of their functions: in
    the room of which it returns an attribute. None if there is none."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and n.args]
    rooms = [
        call.args[0].attr
        for call in calls
        if ast.unparse(call.func) == "getattr" and isinstance(call.args[0], ast.Attribute)
    ]
    compared = [n for n in ast.walk(function) if isinstance(n, ast.Compare)]
    for names in _strings(c for n in compared for c in n.comparators):
        for name in names.split():
            yield name, f"{rooms[0]}.{name}" if rooms else None


def found(owner):
    """{member: the place of its function, or None for an attribute} of what __getattr__ of
    a class finds."""
    members = {}
    for place in FOUND[owner]:
        module = place.split(".")[0]
        node = _lookup(place)
        if isinstance(node, FUNCTION):
            members.update(_compared(node))
        elif isinstance(node, ast.Module):
            functions = [name for name in _members(node) if _is_public(name)]
            members.update({name: f"{module}.{name}" for name in functions})
        elif isinstance(node, ast.Constant):
            pairs = (pair.split(":") for pair in node.value.split())
            members.update({member: f"{room}.{member}" for member, room in pairs})
        else:
            for key, value in zip(node.keys, node.values):
                members[key.value] = None
                if isinstance(value, ast.Name):
                    members[key.value] = f"{module}.{value.id}"
                elif isinstance(value.value, str):
                    members[key.value] = f"{value.value}.{key.value}"
    return members


def _stored(node, owner):
    """The attributes that are set on what is called owner."""
    for item in ast.walk(node):
        if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store):
            if isinstance(item.value, ast.Name) and item.value.id == owner:
                yield item.attr


def _attributes(full, node):
    """The attributes of a class, but those that __getattr__ finds."""
    names = {name for name, item in _members(node).items() if not isinstance(item, FUNCTION)}
    names.update(_stored(node, "self"), LENT.get(full, ()))
    if full in SET:
        function = _lookup(SET[full])
        names.update(_stored(function, function.args.args[0].arg))
    return dict.fromkeys(names, ATTRIBUTE)


def _source_class(name, node):
    members = _attributes(name, node)
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
        for member, place in found(name).items():
            yield f"{name}.{member}", _method(place) if place else ATTRIBUTE


def of_source():
    init = _tree(SOURCE / "__init__.py")
    loaded = lazy()
    public = {"web": ("module", ast.get_docstring(init))}
    for name, node in _members(init).items():
        if _is_public(name) and f"__init__.{name}" not in INTERNAL:
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
            elif loaded.get(name) == module or module in IMPORTED and isinstance(node, FUNCTION):
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
    names = {*INTERNAL, *FOUND, *SET, *SET.values(), *PASSED_ON}
    for table in (FOUND, PASSED_ON):
        names.update(place for places in table.values() for place in places)
    gone = set()
    for name in names:
        try:
            _lookup(name)
        except (KeyError, AttributeError, OSError):
            owner = ".".join(name.split(".")[:-1])
            if owner not in FOUND or name.split(".")[-1] not in found(owner):
                gone.add(name)
    return gone
