"""What handling a request costs, and that it stays within bench/budgets.yml."""

import bench_budgets
import bench_measures
import pytest
from bench_client import REQUESTS
from bench_servers import KEEPALIVE, SERVERS


@pytest.mark.parametrize("name", bench_budgets.BUDGETS)
def test_cost_is_within_the_budget(name):
    figure = bench_budgets.figure(name)
    assert figure.measured <= figure.most


def test_instructions_repeat():
    floor = SERVERS["raw_keepalive"]
    counts = [bench_measures.count(floor, KEEPALIVE, REQUESTS["hello"]) for _ in range(2)]
    assert max(counts) <= 1.005 * min(counts)
