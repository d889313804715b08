"""The shared vectors on the native modules, the portable twins and the host's C."""

import random
import re

import hostc
import pytest
import vectors
from conftest import BUILD, DEVICE, PARSERS, run_micropython

LEAST = {"heads": 150, "frames": 60, "query": 40, "utf8": 60}


@pytest.fixture(scope="module")
def folder():
    path = BUILD / "vectors"
    vectors.write(path)
    return path


def test_there_are_enough_and_names_are_unique():
    for file, least in LEAST.items():
        cases = list(vectors.cases(file))
        names = [(c["kind"], c["name"]) for c in cases if "name" in c]
        assert len(cases) >= least
        assert len(names) == len(set(names))


@pytest.mark.parametrize("which", PARSERS)
def test_under_micropython(which, folder):
    output = run_micropython(DEVICE / "vectors.py", which, folder, parser=which)
    total = sum(len(vectors.device_cases(name)) for name in vectors.FILES)
    assert output.strip() == f"{total} passed, 0 failed"


@pytest.mark.once
@pytest.mark.parametrize("compiler", hostc.COMPILERS)
def test_c_under_sanitizers(compiler):
    """Every input lies in memory of its exact size: a byte too far is caught."""
    answers, wanted = hostc.answers(hostc.build(compiler))
    assert len(answers) == len(wanted)
    wrong = [
        (command, answer, want)
        for (command, want), answer in zip(hostc.commands(), answers)
        if answer != want
    ]
    assert wrong == []


@pytest.mark.once
def test_c_is_reached():
    """By the vectors: every line, and nearly every branch both ways."""
    percent, missed = hostc.coverage()
    assert set(percent) == {"http.c", "syntax.h", "text.c", "ws.c"}
    assert missed == []
    assert {name: branches for name, (_, branches) in percent.items() if branches < 95} == {}


def test_bytes_beyond_ascii_change_no_framing():
    """Random targets on both parsers; a failure names its head, and the seed."""
    for seed in (1, random.randrange(1 << 30)):
        output = run_micropython(DEVICE / "targets.py", seed, 5000)
        found = re.fullmatch(r"accepted (\d+) refused (\d+) beyond ASCII (\d+)\n", output)
        assert found, f"seed {seed}: {output}"
        assert all(int(n) > 200 for n in found.groups()), output
