"""What natmod's functions cost in instructions, and that it does not grow."""

import json

import emulators
import matrix
import pytest

from bench import cost

RECORDED = json.loads((cost.BENCH / "cost.json").read_text())


@pytest.fixture(scope="module", autouse=True)
def counter():
    emulators.build("icount")


def test_every_architecture_is_recorded():
    assert list(RECORDED) == list(matrix.ARCHITECTURES)


@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_no_case_costs_more_than_recorded(arch):
    """`make cost` records; committing a higher figure is a decision."""
    counts = cost.count(arch)
    assert list(counts) == list(RECORDED[arch])
    assert {n: c for n, c in counts.items() if c > RECORDED[arch][n]} == {}


def test_counts_repeat_exactly():
    assert cost.count("armv6m") == cost.count("armv6m")


def limits():
    for arch, entry in matrix.ARCHITECTURES.items():
        for case, most in entry.get("cost", {}).items():
            yield arch, case, most


@pytest.mark.parametrize("arch,case,most", limits())
def test_record_is_within_the_budget(arch, case, most):
    """Budgets are in instructions a byte."""
    size = len(dict(cost.cases())[case])
    assert RECORDED[arch][case] <= most * size
