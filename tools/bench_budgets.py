"""What bench/budgets.yml limits, measured in seconds."""

from typing import NamedTuple

import bench_measures
import yaml
from bench_client import REQUESTS
from bench_servers import CONNECTION, KEEPALIVE, SERVERS
from matrix import ROOT

BUDGETS = yaml.safe_load((ROOT / "bench" / "budgets.yml").read_text())
OURS = SERVERS["aioweb"]
BROWSER = REQUESTS["browser"]


class Figure(NamedTuple):
    name: str
    measured: int
    most: int


def _instructions(name, mode):
    """Ours beside the floor, both measured now; and below a number, if there is one."""
    budget = BUDGETS[name]
    most = [budget["most"]] if "most" in budget else []
    if "floor" in budget:
        floor = bench_measures.count(SERVERS[budget["floor"]], mode, BROWSER)
        most.append(int(floor * budget["times"]))
    return bench_measures.count(OURS, mode, BROWSER), min(most)


def _heap():
    most = BUDGETS["heap"]
    # the smallest takes many tries, so only when it is of interest
    return (most if bench_measures.serves(OURS, most) else bench_measures.heap(OURS)), most


MEASURED = {
    "keepalive": lambda: _instructions("keepalive", KEEPALIVE),
    "connection": lambda: _instructions("connection", CONNECTION),
    "allocated": lambda: (
        bench_measures.allocated_in(OURS, KEEPALIVE, BROWSER),
        BUDGETS["allocated"],
    ),
    "idle_connection": lambda: (
        bench_measures.idle_connection(OURS),
        BUDGETS["idle_connection"],
    ),
    "import": lambda: (bench_measures.imported(OURS), BUDGETS["import"]),
    "import_on_board": lambda: (
        bench_measures.imported_on_board(OURS),
        BUDGETS["import_on_board"],
    ),
    "heap": _heap,
}


def figure(name):
    return Figure(name, *MEASURED[name]())


def figures():
    return [figure(name) for name in BUDGETS]
