"""What the names of the package become in what is compiled: tools/names.py."""

import ast
import re

import names
import pytest
from conftest import ROOT

FIRST, SECOND = names.PRIVATE[:2]
ARGUMENT, NEXT = names.ARGUMENTS[:2]
SHARED = names.SHARED[0]
TABLES = names.SHARED + names.PRIVATE + names.ARGUMENTS + [names.INNER]


def shortened(**files):
    """The texts of a package's modules with their new names, in the same order."""
    return list(names.shortened({f"{name}.py": text for name, text in files.items()}).values())


def one(text, **others):
    """The text of a module beside others."""
    return shortened(one=text, **others)[0]


# -- functions, attributes and what else is private or shared


def test_private_functions_of_all_modules_have_the_same_names():
    new = shortened(one="def _b(): pass\ndef _a(): _b()", two="def _c(): pass\n_c()")
    assert new[0] == f"def {SECOND}():\n    pass\n\ndef {FIRST}():\n    {SECOND}()\n"
    assert new[1] == f"def {FIRST}():\n    pass\n{FIRST}()\n"


def test_so_have_private_attributes():
    new = one("class _Frame:\n    _wide = 0\n    def _grow(self):\n        self._wide += 1")
    assert new == (
        f"class {FIRST}:\n    {SECOND} = 0\n\n    def {FIRST}(self):\n        self.{SECOND} += 1\n"
    )


def test_an_attribute_that_another_module_reads_has_one_name_in_both():
    for name in ("_wide", "wide"):
        owner, reader = shortened(
            owner=f"class _Frame:\n    def __init__(self):\n        self.{name} = 1",
            reader=f"def _of(frame):\n    return frame.{name}",
        )
        assert f"self.{SHARED} = 1\n" in owner
        assert reader == f"def {FIRST}({ARGUMENT}):\n    return {ARGUMENT}.{SHARED}\n"


def test_what_is_imported_has_one_name_in_both():
    owner, reader, door = shortened(
        owner="def parted(): pass",
        reader="from web.owner import parted\nparted()",
        door="import web\nweb.owner.parted()",
    )
    assert owner == f"def {SHARED}():\n    pass\n"
    assert reader == f"from web.owner import {SHARED}\n{SHARED}()\n"
    assert door == f"import web\nweb.owner.{SHARED}()\n"


def test_a_name_of_an_exception_and_of_a_global():
    new = one(
        "_wide = 1\ndef _f(e):\n    global _wide\n    try:\n        _wide = e\n"
        "    except OSError as e:\n        raise e"
    )
    assert new == (
        f"{SECOND} = 1\n\ndef {FIRST}({ARGUMENT}):\n    global {SECOND}\n    try:\n"
        f"        {SECOND} = {ARGUMENT}\n    except OSError as {ARGUMENT}:\n"
        f"        raise {ARGUMENT}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        'print(" parted:one ")\ndef parted(): pass',  # found by a table of "name:room"
        'def parted(): pass\ngetattr(web, "parted")',
        "def redirect(): pass",  # declared by a stub
        "class App:\n    def mount(self, other): pass",
        "class App:\n    def register(self): pass",  # which objects of the firmware have, too
        "def accept_key(): pass",  # what tests on the device look at
        "from time import ticks_ms\nticks_ms()",
        "import web\nweb.two.none()",
        "from micropython import const\n_MOST = const(8)\nprint(_MOST)",  # it leaves no name
    ],
)
def test_what_keeps_its_name(text):
    assert one(text, two="") == ast.unparse(ast.parse(text)) + "\n"


def test_a_class_derived_from_the_firmwares_has_no_name_of_its_bases():
    """The private names may be there already, of the base or of another class of ours."""
    new, *_ = shortened(
        one="from asyncio import core\nclass _Q(core.IOQueue):\n    def _mine(self): pass",
        two="class _R:\n    def _other(self): pass",
    )
    assert f"class {FIRST}(core.IOQueue):\n\n    def {SHARED}(self)" in new


def test_functions_of_a_native_modules_twin_keep_their_names():
    (twin,) = shortened(_portable="def masked(wide): return _of(wide)\ndef _of(wide): pass")
    assert twin.startswith(f"def masked({ARGUMENT}):\n    return {FIRST}({ARGUMENT})\n")


# -- arguments


def test_arguments_of_what_no_program_makes():
    text = "class {}:\n\n    def __init__(self, wide):\n        self.status = wide\n"
    assert one(text.format("Response")) == text.format("Response")
    renamed = text.format("Request").replace("wide", ARGUMENT)
    assert one(text.format("Request")) == renamed


def test_arguments():
    assert one("def _f(wide, *rest): return wide") == (
        f"def {FIRST}({ARGUMENT}, *rest):\n    return {ARGUMENT}\n"
    )


def test_an_argument_that_is_given_by_name_keeps_it():
    new = one("def _f(wide, deep): return wide\n_f(1, deep=2)")
    assert new == (f"def {FIRST}({ARGUMENT}, deep):\n    return {ARGUMENT}\n{FIRST}(1, deep=2)\n")


def test_what_programs_call_keeps_its_arguments():
    text = "def redirect(location, status=302):\n    return location\n"
    assert one(text) == text


def test_a_closure_sees_the_arguments_around_it():
    new = one("def _f(wide):\n    def _g(deep):\n        return wide + deep\n    return _g")
    assert new == (
        f"def {FIRST}({ARGUMENT}):\n\n    def closure({NEXT}):\n"
        f"        return {ARGUMENT} + {NEXT}\n    return closure\n"
    )


def test_two_closures_have_two_names():
    new = one("def _f():\n    def _g(): pass\n    def _h(): pass\n    return _g, _h")
    assert re.findall(r"def (\w+)", new) == [FIRST, "closure", "_h"]
    assert new.endswith("return (closure, _h)\n")


def test_an_argument_that_one_inside_is_named_as_keeps_it():
    new = one("def _f(wide):\n    return lambda wide: wide")
    assert new == f"def {FIRST}(wide):\n    return lambda wide: wide\n"


def test_an_argument_gets_no_name_that_the_function_uses():
    new = one(f"def _f(wide):\n    {ARGUMENT} = wide\n    return {ARGUMENT}")
    assert new == f"def {FIRST}({NEXT}):\n    {ARGUMENT} = {NEXT}\n    return {ARGUMENT}\n"


# -- the tables


def test_tables_have_no_name_twice():
    assert len(set(TABLES)) == len(TABLES)


def used(tree):
    """The names in a module: of variables and what is defined, of arguments, keywords and
    attributes, and what is in strings."""
    for node in ast.walk(tree):
        for field in ("name", "asname", "id", "arg", "attr"):
            yield getattr(node, field, None)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from re.findall(r"\w+(?=:\w)", node.value)


@pytest.mark.parametrize("path", sorted((ROOT / "pysrc/web").glob("*.py")), ids=lambda p: p.stem)
def test_sources_use_no_name_of_the_tables(path):
    tree = ast.parse(path.read_text())
    assert not set(used(tree)) & {names.INNER, *names.SHARED, *names.PRIVATE}
    # an argument may be named as an attribute of something else
    variables = {getattr(node, "id", None) or getattr(node, "arg", None) for node in ast.walk(tree)}
    assert not variables & set(names.ARGUMENTS)


def test_no_attribute_has_a_name_that_a_program_may_give_one():
    """Of the package as it is: `app.group = 1`, say, must not replace what is its own."""
    tables = names.Names(
        {path.name: ast.parse(path.read_text()) for path in ROOT.glob("pysrc/web/*.py")}
    )
    attributes = set().union(*map(names._attributes, tables.trees.values()))
    given = {tables.shared[name] for name in attributes & set(tables.shared)}
    assert {"group", "search", "real", "newline", "threshold"} <= names.WORDS
    assert not given & names.WORDS
    assert len(given) > 50
