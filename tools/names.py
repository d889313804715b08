"""Gives the names that are the package's own affair others, which cost a board less.

A board keeps each name that its firmware does not know: 7 bytes and its length, and with
the 141st, 301st and 621st one, two and four kilobytes more. So what is compiled has, in
place of a name that no program can have a use for, one that every firmware knows:

- a private function, class or variable that only its module reads has one of PRIVATE, and
  so has a private attribute: the first ones of all modules are named alike,
- what several modules read has one of SHARED to itself,
- the arguments of functions have those of ARGUMENTS, in their order, and a function
  within another is INNER, if programs have no use for its name.

What stays: what the stubs declare, what a string finds ("name:room" in a table, too), what
is passed by name, modules, what the firmware has as well, and what tests look at. Sources
and tests are not touched. What the console tells of a fault in the package has the new
names; `python tools/names.py` lists them.
"""

import ast
import functools
import re

from matrix import ROOT

STUBS = ROOT / "stubs" / "web-stubs"
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# What tests on the device look at.
WATCHED = set(
    """accept_key backlog begin Connection connections forget frames listener most_connections
    most_streams Queue queue send_now sent sock""".split()
)
# What objects of the firmware have as well. It calls some of ours by these names, and we
# some of its: those must not be renamed along with ours.
FOREIGN = set(
    """accept add bind cancel clock collect connect digest end fill flush getaddrinfo idle ioctl
    listen map match open poller read readinto register setblocking setsockopt SO_REUSEADDR
    SOCK_STREAM socket SOL_SOCKET split state step tell unpack update verify_mode wait
    wait_io_event""".split()
)
# Names that firmware has for modules and types of its own. One that it lacks costs what
# the name costs that it stands for. The package may use none itself, but as an attribute
# one of ARGUMENTS.
# Modules whose functions are methods of classes elsewhere.
METHODS = {
    f"{room}.py"
    for room in (
        "background body closing cookies decoding fields folders forms multipart outside pieces"
        " reading saving setup waiting"
    ).split()
}
INNER = "closure"  # a function within another
ARGUMENTS = """
    count insert sort reverse rfind rindex rsplit upper sep isalpha islower isspace isupper
""".split()
PRIVATE = """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1
    fabs factorial floor fmod frexp gamma isclose isfinite isinf isnan ldexp lgamma log10
    log2 modf phase pi polar radians sin sinh sqrt tan tanh tau trunc
""".split()
SHARED = """
    abs_tol addressof AF_INET6 appendleft argv ArithmeticError ARRAY atexit AUTO BF_LEN
    BF_POS BFINT16 BFINT32 BFINT8 BFUINT16 BFUINT32 BFUINT8 BIG_ENDIAN blit bound_method
    buffering bytearray_at byteorder bytes_at calcsize center chdir complex current_task
    delattr deleter deque dict_view difference difference_update disable divmod doc EACCES
    EBADF EEXIST EINVAL EIO EISDIR ellipse enable endswith ENOBUFS ENODEV ENOENT ENOMEM
    EPERM errorcode eval exc_info exec execfile executable exit fileno fill_rect filter
    FLOAT32 FLOAT64 FrameBuffer fromhex fromkeys GeneratorExit get_event_loop getcwd
    getrandbits getter group GS2_HMSB GS4_HMSB GS8 heap_lock heap_unlock heapify heappop
    heappush hex hexlify hline imag IndentationError indices inet_ntop inet_pton INT INT16
    INT32 INT64 INT8 intersection intersection_update invert isdisjoint isenabled issubset
    issuperset kbd_intr keepends libc_ver LITTLE_ENDIAN localtime Lock LONG LONGLONG
    lookahead LookupError makefile maxsize mem mem16 mem32 mem8 mem_info mkdir mkfs mktime
    MONO_HLSB MONO_HMSB MONO_VLSB mtime MVLSB namedtuple NATIVE newline oct open_connection
    opt_level OrderedDict OverflowError pack_into pend_throw pixel POLLERR POLLHUP poly
    popitem popleft pow ps1 ps2 PTR ptr ptr16 ptr32 ptr8 python_compiler qstr_info randint
    randrange readlines readonly readsize real rect rel_tol RGB565 rmdir scroll search seed
    separators setter settimeout SHORT sizeof sleep_us SOCK_RAW sockaddr soft_reset
    splitlines stack_use staticmethod statvfs stderr stdin stdout StreamReader StreamWriter
    sub symmetric_difference symmetric_difference_update sync ThreadSafeFlag threshold
    ticks_cpu ticks_us time_ns time_pulse_us UINT uint UINT16 UINT32 UINT64 UINT8 ULONG
    ULONGLONG umount uniform union unlink unpack_from USHORT version_info VfsFat VfsLfs2
    viper ViperTypeError vline VOID wait_for_ms ZeroDivisionError ZLIB""".split()
# Those among them that a program may give to a request, or to an object of a class that it
# derives from one of the package's: none becomes an attribute's.
WORDS = set(
    """buffering center deleter difference disable doc ellipse enable executable group imag
    indices intersection invert lookahead mem newline pixel poly readonly real rect schedule
    scroll search seed setter sub sync threshold uniform union""".split()
)


# -- what a module has


def _is_private(name):
    return name.startswith("_") and not name.startswith("__")


def _is_const(node):
    """Whether it is `_NAME = const(...)`, of which the compiler leaves no name."""
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const"


def _walk(tree, *kinds):
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def _targets(node):
    names = (n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name))
    return [n.id for n in names if isinstance(n.ctx, ast.Store)]


def _globals(tree):
    """The names that a module defines."""
    names = {node.name for node in tree.body if isinstance(node, (*FUNCTION, ast.ClassDef))}
    for node in tree.body:
        if isinstance(node, ast.Assign) and not _is_const(node):
            names |= set(_targets(node))
    return names


def _attributes(tree):
    """The attributes that a module gives to objects, but not to modules."""
    names = set()
    for node in _walk(tree, ast.ClassDef):
        for item in node.body:
            if isinstance(item, FUNCTION):
                names.add(item.name)
            elif isinstance(item, ast.Assign) and not _is_const(item):
                names |= set(_targets(item))
    names |= {n.attr for n in _walk(tree, ast.Attribute) if isinstance(n.ctx, ast.Store)}
    modules = {
        (alias.asname or alias.name).split(".")[0]
        for node in _walk(tree, ast.Import, ast.ImportFrom)
        for alias in node.names
    }
    read = _walk(tree, ast.Attribute)
    return names - {n.attr for n in read if getattr(n.value, "id", None) in modules}


def _declared(path):
    """All names that a stub has."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        for field in ("name", "arg", "id", "attr", "asname"):
            found.add(getattr(node, field, None))
    return found


def _constructed(path):
    """The classes that programs make objects of by themselves, of which a stub says how."""
    return {
        node.name
        for node in _walk(ast.parse(path.read_text()), ast.ClassDef)
        if any(getattr(item, "name", None) == "__init__" for item in node.body)
    }


@functools.cache
def _all_constructed():
    return set().union(*map(_constructed, STUBS.rglob("*.pyi")))


def _strings(tree):
    """The names that are found by strings: a whole one, or in a table as "name:room"."""
    found = set()
    for node in _walk(tree, ast.Constant):
        if isinstance(node.value, str):
            found |= {node.value, *re.findall(r"\w+(?=:\w)", node.value)}
    return found


def _imported(tree):
    """What a module has from others than the package's."""
    nodes = _walk(tree, ast.ImportFrom)
    return {a.name for n in nodes if not n.module.startswith("web") for a in n.names}


def _mentioned(tree, attributes):
    """The names that another module may have a use for; attributes are its _attributes()."""
    names = {node.attr for node in _walk(tree, ast.Attribute)} | attributes
    return names | {a.name for node in _walk(tree, ast.ImportFrom) for a in node.names}


def _foreign_bases(tree):
    """Whether a class of the module has its attributes beside those of another module's."""
    known = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    known |= {"Exception", "dict"}
    bases = (base for node in _walk(tree, ast.ClassDef) for base in node.bases)
    return any(ast.unparse(base) not in known for base in bases)


# -- renaming


class Renaming(ast.NodeTransformer):
    """Renames in a module, by the tables names {of a variable: the new one} and attributes.
    So it does the arguments of functions, but of those that are declared, for programs may
    pass theirs by name, and but for those that are kept. Functions that are internal are
    declared under another roof."""

    def __init__(self, names, attributes, declared, kept, internal=()):
        self.names = names
        self.attributes = attributes
        self.declared = declared
        self.kept = kept
        self.internal = internal
        self.constructed = _all_constructed()
        self.owner = None  # the class that is visited
        self.local = {}  # {argument: its new name} of the function that is visited

    def _name(self, name):
        return self.local.get(name) or self.names.get(name, name)

    def visit_Name(self, node):
        node.id = self._name(node.id)
        return node

    def visit_arg(self, node):
        node.arg = self._name(node.arg)
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
        if "." not in node.name:
            node.name = self.names.get(node.name, node.name)
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
        self.owner = node.name
        self.generic_visit(node)
        node.name = self._name(node.name)
        return node

    def _function(self, node):
        before = self.local
        self.local = dict(before)
        own = {a.arg for a in node.args.args + node.args.kwonlyargs}
        for name in own & set(before):
            del self.local[name]  # another one of the same name
        declared = node.name in self.declared and node not in self.internal
        declared = declared or node.name.startswith("__")
        if node.name == "__init__":
            declared = self.owner in self.constructed
        if not declared:
            # an argument that a function inside has as well keeps its name, and no new name
            # is one that this function or one around it uses
            inner = {
                a.arg for n in _walk(node, ast.arguments) if n is not node.args for a in n.args
            }
            taken = inner | {n.id for n in _walk(node, ast.Name)} | set(before.values())
            free = (name for name in ARGUMENTS if name not in taken)
            for argument in node.args.args:
                if argument.arg not in self.kept and argument.arg not in inner:
                    new = next(free, argument.arg)
                    self.local[argument.arg] = argument.arg = new
        for child in [child for child in node.body if isinstance(child, FUNCTION)][:1]:
            if child.name not in self.declared:  # else it is in memory anyway
                self.local[child.name] = INNER
        self.generic_visit(node)
        self.local = before
        node.name = self._name(node.name)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function


class Names:
    """The tables for a package of trees {file name: ast.Module}: .shared {name: the one for
    it} of all modules, and .private(module), of one alone; .fixed is what stays."""

    def __init__(self, trees):
        self.trees = trees
        self.declared = set().union(*map(_declared, STUBS.rglob("*.pyi")))
        self.attributes = {name: _attributes(tree) for name, tree in trees.items()}
        self.mentioned = {n: _mentioned(tree, self.attributes[n]) for n, tree in trees.items()}
        self.fixed = self.declared | WATCHED | FOREIGN | {name[:-3] for name in trees}
        twins = [name for name in trees if name.startswith("_portable")]
        for name, tree in trees.items():
            self.fixed |= _strings(tree) | _imported(tree)
            self.fixed |= {n.arg for n in _walk(tree, ast.keyword) if n.arg}
            if name in twins:
                self.fixed |= {n for n in _globals(tree) if not _is_private(n)}
        self.shared = self._share()

    def _share(self):
        # what most modules read comes first: there may be more names than SHARED has
        found = {}
        for module, tree in self.trees.items():
            beside = self.attributes[module] if _foreign_bases(tree) else ()
            for name in _globals(tree) | self.attributes[module]:
                if name not in self.fixed and not name.startswith("__"):
                    users = [m for m, names in self.mentioned.items() if name in names]
                    if len(users) > 1 or not _is_private(name) or name in beside:
                        found[name] = len(users)
        ranked = sorted(found, key=lambda name: (-found[name], name))
        attributes = set().union(*self.attributes.values())
        free = list(SHARED)
        table = {}
        for name in ranked:
            fit = [new for new in free if name not in attributes or new not in WORDS]
            if fit:
                table[name] = fit[0]
                free.remove(fit[0])
        return table

    def private(self, module):
        """{name: the new one} of what no other module has a use for: of its functions,
        classes and variables, and of its attributes."""
        tree = self.trees[module]
        others = (names for m, names in self.mentioned.items() if m != module)
        fixed = self.fixed.union(set(self.shared), *others)
        names = sorted(n for n in _globals(tree) - fixed if _is_private(n))
        attributes = sorted(n for n in self.attributes[module] - fixed if _is_private(n))
        if _foreign_bases(tree):
            attributes = []  # the base may have those of its module: they are shared
        return (
            dict(zip(names, PRIVATE, strict=False)),
            dict(zip(attributes, PRIVATE, strict=False)),
        )

    def _internal(self, module):
        """The functions of a module that only have the name of what is declared."""
        if module in METHODS:
            return []
        stub = STUBS / (module + "i")
        known = _globals(ast.parse(stub.read_text())) if stub.exists() else ()
        functions = (node for node in self.trees[module].body if isinstance(node, FUNCTION))
        return [node for node in functions if node.name not in known]

    def renamed(self, module):
        """The text of a module with its new names."""
        names, attributes = self.private(module)
        renaming = Renaming(
            self.shared | names,
            self.shared | attributes,
            self.declared,
            self.fixed,
            self._internal(module),
        )
        return ast.unparse(renaming.visit(self.trees[module])) + "\n"


def shortened(texts):
    """{file name: text} of a package's sources, with its new names."""
    names = Names({name: ast.parse(text) for name, text in texts.items()})
    return {name: names.renamed(name) for name in texts}


def main():
    sources = ROOT.glob("pysrc/web/*.py")
    names = Names({path.name: ast.parse(path.read_text()) for path in sources})
    for name, new in sorted(names.shared.items()):
        print(f"{name:20} {new}")
    for module in names.trees:
        for name, new in sorted({**names.private(module)[0], **names.private(module)[1]}.items()):
            print(f"{module:20} {name:20} {new}")


if __name__ == "__main__":
    main()
