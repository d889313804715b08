"""What handling a request costs, and that it stays within bench/budgets.yml."""

import pytest

from bench import budgets, handlers, measures
from bench.client import REQUESTS
from bench.meter import OURS
from bench.staging import KEEPALIVE, SERVERS


@pytest.mark.parametrize("name", budgets.names())
def test_cost_is_within_the_budget(name):
    figure = budgets.figure(name)
    assert figure.measured <= figure.most


def test_instructions_repeat():
    floor = SERVERS["raw_keepalive"]
    counts = [measures.count(floor, KEEPALIVE, REQUESTS["hello"]) for _ in range(2)]
    assert max(counts) <= 1.005 * min(counts)


def test_bytes_and_names_repeat_exactly():
    assert handlers.used.__wrapped__(OURS, "param") == handlers.used(OURS, "param")
