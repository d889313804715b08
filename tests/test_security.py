"""What SECURITY.md promises is held by tests that exist."""

import ast
import re

import pytest
from conftest import ROOT

PROMISES = (ROOT / "SECURITY.md").read_text().partition("## What is promised")[2]
ROWS = re.findall(r"^\| (?!Promise|---)(.+?) \| (.+) \|$", PROMISES.partition("## ")[0], re.M)


def test_there_are_promises():
    assert len(ROWS) >= 15


@pytest.mark.parametrize("promise,tests", ROWS, ids=[promise for promise, _ in ROWS])
def test_promise_has_its_tests(promise, tests):
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", tests)
    assert named and len(named) == tests.count("`") / 2
    for file, name in named:
        tree = ast.parse((ROOT / "tests" / file).read_text())
        assert name in [part.name for part in tree.body if isinstance(part, ast.FunctionDef)]
