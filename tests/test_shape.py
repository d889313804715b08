"""The shape of the sources: how long files and functions are, and that what is said
twice is said alike. An exception that is none any more must go."""

import ast
import re

import pytest
from conftest import ROOT
from rooms import Rooms

FILE_LINES = 400
FUNCTION_LINES = 60
LONG_FILES = {
    "tests/device/api.py",
    "tests/device/own_tests.py",
    "tests/device/streams.py",
    "tests/test_api.py",
    "tests/test_docs.py",
    "tests/test_hostile.py",
    "tests/test_places.py",
    "tests/test_protocol.py",
    "tests/test_streams.py",
    "tools/emulators.py",
}
LONG_FUNCTIONS = {
    # every request of every connection: a call costs what it would save
    "pysrc/web/app.py: serving",
    # everything beside asyncio that the measured server needs, in the order of the bytes
    "bench/servers/raw_websocket.py: serve",
}
# Names that mean another thing in each module.
APART = {
    "_CHUNK": "bytes that are unpacked at once in deflate.py, of a message in the others",
    "_PIECE": "a kind of receiving in incoming.py and pieces.py, bytes in the others",
}
# What the C headers call otherwise: HTTP_..., WS_...
ALSO = {"EXPECT_CONTINUE": "_EXPECT", "VERSION_11": "_HTTP11"}


def sources():
    for folder in ("pysrc", "natmod", "tools", "tests", "bench", "examples", "stubs"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".pyi", ".c", ".h", ".sh"):
                yield str(file.relative_to(ROOT)), file.read_text()


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def c_functions(text):
    """clang-format has each begin at the left, with its `{` at a line's end."""
    body = re.compile(r"^[a-zA-Z_][^;={}#]*?(\w+)\([^;={}#()]*\) \{\n.*?^\}$", re.M | re.S)
    for found in body.finditer(text):
        yield found[1], found[0].count("\n") + 1


def functions(name, text):
    if name.endswith((".py", ".pyi")):
        return python_functions(text)
    return c_functions(text) if name.endswith((".c", ".h")) else ()


def test_files_are_short():
    long = {name for name, text in sources() if text.count("\n") > FILE_LINES}
    assert long == LONG_FILES


def test_functions_are_short():
    long = {
        f"{name}: {function}"
        for name, text in sources()
        for function, lines in functions(name, text)
        if lines > FUNCTION_LINES
    }
    assert long == LONG_FUNCTIONS


def test_functions_of_every_language_are_measured():
    http = dict(functions("http.c", (ROOT / "natmod/http.c").read_text()))
    assert {"take_field", "http_parse_head", "parse_fields"} <= set(http)
    assert list(functions("x.h", "static int f(\n    int n) {\n    return n;\n}\n")) == [("f", 4)]
    assert list(functions("x.py", "class A:\n    async def f(self):\n        pass\n")) == [("f", 2)]


# -- constants

CONSTANTS = {}
for module in Rooms().modules.values():
    for name, value in module.constants.items():
        CONSTANTS.setdefault(name, {})[module.name] = value
TWICE = {name: values for name, values in CONSTANTS.items() if len(values) > 1}


@pytest.mark.parametrize("name", TWICE)
def test_constants_of_one_name_have_one_value(name):
    alike = len(set(TWICE[name].values())) == 1
    assert alike or name in APART, f"{TWICE[name]}: give one of them another name"
    assert not alike or name not in APART, "it is alike: take it from the list"


def test_what_is_listed_stands_twice():
    assert set(APART) <= set(TWICE)


def test_states_of_connections_are_those_of_the_table():
    table = (ROOT / "pysrc/web/conn.py").read_text().partition("\n\n")[0]
    states = re.findall(r"^# (\d) (\w+)  ", table, re.M)
    assert len(states) == 4
    for number, name in states:
        assert set(CONSTANTS["_" + name.upper()].values()) == {int(number)}, name


def c_constants():
    """{name without its prefix: value} of what the C headers define as a number."""
    text = "\n".join((ROOT / "natmod" / f).read_text() for f in ("http.h", "ws.h"))
    found = re.findall(
        r"^(?:#define|   ) (?:HTTP|WS)_(\w+) (?:= )?\(?(-?\w+)\)?,?(?: |$)", text, re.M
    )
    return {name: int(value, 0) for name, value in found}


def test_constants_of_the_c_are_the_same_in_python():
    compared = set()
    for name, value in c_constants().items():
        for python in {"_" + name, ALSO.get(name, "_" + name)} & set(CONSTANTS):
            compared.add(python)
            assert set(CONSTANTS[python].values()) == {value}, python
    flags = {"_VERSION_11", "_HTTP11", "_KEEP_ALIVE", "_UPGRADE", "_CHUNKED", "_EXPECT"}
    assert flags | {"_METHOD_MAX", "_LENGTH_MAX", "_FIN", "_MASKED"} <= compared
