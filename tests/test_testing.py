"""web.testing, and the plugin by which pytest runs tests under MicroPython."""

import shutil

import pytest
from conftest import DEVICE, MICROPYTHON, PARSERS, ROOT, packages, run_micropython
from pages import programs

PROGRAMS = programs()
pytest_plugins = "pytester"

EXAMPLE = ROOT / "examples" / "testing"


@pytest.fixture
def own(pytester):
    """Run pytest with the plugin where there are some files, under that MicroPython."""
    pytester.syspathinsert(ROOT / "stubs")

    def own(*args, parser="native", micropython=MICROPYTHON, **files):
        for name, text in files.items():
            (pytester.path / f"{name}.py").write_text(text)
        pytester.makeini("[pytest]\nmicropython_files = test_*.py\n")
        options = [f"--micropython={micropython}", f"--micropython-web={packages(parser)}"]
        plugins = ["-p", "pytest_aioweb", "-p", "no:cacheprovider"]
        return pytester.runpytest_inprocess(*plugins, *options, *args)

    return own


# -- the client


@pytest.mark.parametrize("parser", PARSERS)
def test_client(own, parser):
    text = (DEVICE / "own_tests.py").read_text()
    done = own(parser=parser, test_own=text)
    done.assert_outcomes(passed=text.count("\nasync def test_") + text.count("\ndef test_"))


@pytest.mark.parametrize("parser", PARSERS)
def test_example(own, pytester, parser):
    """The ten tests of examples/testing."""
    for file in EXAMPLE.iterdir():
        shutil.copy(file, pytester.path)
    own(parser=parser).assert_outcomes(passed=10)


def test_guide(own, tmp_path, pytester):
    """What docs/guides/testing.md shows, on a computer and as on a board."""
    program, tests, alone = (PROGRAMS[f"guides/testing.md {n}"].code for n in (1, 2, 3))
    done = own(main=program, test_main=tests)
    count = tests.count("def test_")
    done.assert_outcomes(passed=count)
    (pytester.path / "alone.py").write_text(alone)
    told = run_micropython(pytester.path / "alone.py")
    assert sum(line.endswith(" passed") for line in told.splitlines()) == count, told


# -- what the plugin tells


FAILING = """
import asyncio
from web.testing import run

def values():
    return [1, 2]

def test_right():
    assert values() == [1, 2]

def test_comparison():
    expected = [1, 3]
    assert values() == expected

def test_lines():
    assert (
        len(values())  # two
        > 2
    )

async def test_condition():
    await asyncio.sleep(0)
    print("on the console")
    assert values() and not values()

def test_message():
    assert not values(), "there are some"

def test_chain():
    assert 0 < len(values()) < 1

def test_elsewhere():
    values()[2]

def test_leaving():
    raise SystemExit(3)

def test_long():
    assert "x" * 5000 == ""

def test_fixture(tmp_path):
    pass
"""


@pytest.mark.once
def test_failures_are_told(own):
    done = own(test_it=FAILING)
    done.assert_outcomes(passed=1, failed=9)
    told = done.stdout
    told.fnmatch_lines(
        [
            "*_ test_comparison _*",
            "  def test_comparison():",
            "      expected = [[]1, 3[]]",
            ">     assert values() == expected",
            "E   AssertionError: assert [[]1, 2[]] == [[]1, 3[]]",
            "*test_it.py:13: in test_comparison",
            "*_ test_lines _*",
            "E   AssertionError: assert 2 > 2",
            "*_ test_condition _*",
            ">     assert values() and not values()",
            "E   AssertionError: assert values() and (not values()), which is False",
            "*Captured console call*",
            "on the console",
            "*_ test_message _*",
            "E   AssertionError: there are some",
            "*_ test_chain _*",
            "E   AssertionError: assert 0 < len(values()) < 1, which is False",
            "*_ test_elsewhere _*",
            "E   IndexError: *",
            "*_ test_leaving _*",
            "E   SystemExit: 3",
            "*_ test_long _*",
            "E   AssertionError: assert 'xxx*xxx... == ''",
            "*_ test_fixture _*",
            "test_fixture() wants tmp_path: there are no fixtures",
        ]
    )
    assert "device.py" not in str(told)


@pytest.mark.once
def test_one_of_many(own):
    done = own("-k", "right", test_it=FAILING)
    done.assert_outcomes(passed=1, deselected=9)


@pytest.mark.once
@pytest.mark.parametrize(
    "text,told",
    [
        (
            "import web\nimport missing_module\n\ndef test_a():\n    pass\n",
            "*ImportError: *missing*",
        ),
        ("def test_a():\n    pass\n\nassert False, 'when imported'\n", "*when imported"),
        ("def test_a(:\n    pass\n", "*SyntaxError: invalid syntax"),
        ("while True:\n    pass\n", "*importing test_it.py took more than 0.5 seconds*"),
    ],
)
def test_a_file_that_can_not_be_imported(own, text, told):
    done = own("-o", "micropython_timeout=0.5", test_it=text, test_other="def test_b(): pass")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*ERROR collecting test_it.py*", told])
    done = own("--continue-on-collection-errors", "-o", "micropython_timeout=2", test_it=text)
    done.assert_outcomes(errors=1, passed=1)


HANGING = """
import asyncio, os
from web.testing import run

def test_loop():
    while True:
        print("again")

async def test_await():
    await asyncio.sleep(1000)

async def test_nothing():
    await asyncio.Event().wait()

def test_run():
    run(asyncio.Event().wait())

def test_killed():
    print("last words")
    os.system("kill -9 $PPID")

def test_after():
    pass
"""


@pytest.mark.once
def test_a_test_that_hangs_or_dies(own):
    """It fails, where it was is told, and the next has a process of its own."""
    done = own("-o", "micropython_timeout=0.5", test_it=HANGING)
    done.assert_outcomes(failed=5, passed=1)
    done.stdout.fnmatch_lines(
        [
            "*_ test_loop _*",
            "> *",
            "E   KeyboardInterrupt: *",
            "E   test_loop() took more than 0.5 seconds",
            "*_ test_await _*",
            ">     await asyncio.sleep(1000)",
            "E   test_await() took more than 0.5 seconds",
            "AssertionError: test_nothing() waits for what nothing brings about",
            "*_ test_run _*",
            ">     run(asyncio.Event().wait())",
            "*_ test_killed _*",
            "MicroPython ended in test_killed(), with -9",
            "last words",
        ]
    )


@pytest.mark.once
def test_other_files_are_pythons(own):
    text = "import sys\n\ndef test_it():\n    assert sys.implementation.name == '{}'\n"
    files = {"test_it": text.format("micropython"), "other_test": text.format("cpython")}
    done = own(**files)
    done.assert_outcomes(passed=2)


@pytest.mark.once
def test_without_an_interpreter(own):
    done = own(test_it="def test_a(): pass", micropython="/nowhere/micropython")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["/nowhere/micropython: No such file or directory"])


# -- where sockets are used

PORT = """
import asyncio, socket, web

async def main():
    first, second = web.App("127.0.0.1", 0), web.App("127.0.0.1", port=0)
    await first.start()
    await second.start()
    assert first.port != second.port and first.port >= 49152
    for app in (first, second):
        app.get("/")(lambda r: "here")
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
        writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
        await writer.drain()
        print((await reader.read(15)).decode())

asyncio.run(main())
"""


def test_port_0_is_any_that_is_free(tmp_path):
    script = tmp_path / "port.py"
    script.write_text(PORT)
    assert run_micropython(script) == "HTTP/1.1 200 OK\n" * 2
