"""What bench/budgets.yml limits, measured in seconds."""

from typing import NamedTuple

import bench_measures
import bench_websocket
import yaml
from bench_client import REQUESTS
from bench_servers import CONNECTION, KEEPALIVE, SERVERS
from matrix import ROOT

BUDGETS = yaml.safe_load((ROOT / "bench" / "budgets.yml").read_text())
OURS = SERVERS["aioweb"]
ECHO = SERVERS["aioweb_websocket"]
BROWSER = REQUESTS["browser"]


class Figure(NamedTuple):
    name: str
    measured: int
    most: int


def _instructions(name, server, count, *arguments):
    """Ours beside the floor, both measured now; and below a number, if there is one."""
    budget = BUDGETS[name]
    most = [budget["most"]] if "most" in budget else []
    if "floor" in budget:
        floor = count(SERVERS[budget["floor"]], *arguments)
        most.append(int(floor * budget["times"]))
    return count(server, *arguments), min(most)


def _request(name, mode):
    return _instructions(name, OURS, bench_measures.count, mode, BROWSER)


def _message(name, case, server=ECHO):
    return _instructions(name, server, bench_websocket.instructions, case)


def _heap():
    most = BUDGETS["heap"]
    # the smallest takes many tries, so only when it is of interest
    return (most if bench_measures.serves(OURS, most) else bench_measures.heap(OURS)), most


MEASURED = {
    "keepalive": lambda: _request("keepalive", KEEPALIVE),
    "connection": lambda: _request("connection", CONNECTION),
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
    "websocket_long": lambda: _message("websocket_long", "64 KB"),
    "websocket_into": lambda: _message("websocket_into", "64 KB", SERVERS["aioweb_readinto"]),
    "websocket_short": lambda: _message("websocket_short", "32 B, 32 at once"),
    "websocket_allocated": lambda: (
        bench_websocket.allocated(ECHO),
        BUDGETS["websocket_allocated"],
    ),
    "websocket_idle": lambda: (
        bench_measures.idle_connection(ECHO),
        BUDGETS["websocket_idle"],
    ),
}


def figure(name):
    return Figure(name, *MEASURED[name]())


def figures():
    return [figure(name) for name in BUDGETS]
