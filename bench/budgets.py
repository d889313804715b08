"""What bench/budgets.yml limits, measured in seconds."""

from typing import NamedTuple

import yaml
from matrix import ROOT

from bench import measures, websocket
from bench.client import REQUESTS
from bench.staging import CONNECTION, KEEPALIVE, SERVERS

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
    return _instructions(name, OURS, measures.count, mode, BROWSER)


def _message(name, case, server=ECHO):
    return _instructions(name, server, websocket.instructions, case)


def _heap():
    most = BUDGETS["heap"]
    # the smallest takes many tries, so only when it is of interest
    return (most if measures.serves(OURS, most) else measures.heap(OURS)), most


MEASURED = {
    "keepalive": lambda: _request("keepalive", KEEPALIVE),
    "connection": lambda: _request("connection", CONNECTION),
    "allocated": lambda: (
        measures.allocated_in(OURS, KEEPALIVE, BROWSER),
        BUDGETS["allocated"],
    ),
    "idle_connection": lambda: (
        measures.idle_connection(OURS),
        BUDGETS["idle_connection"],
    ),
    "import": lambda: (measures.imported(OURS), BUDGETS["import"]),
    "import_on_board": lambda: (
        measures.imported_on_board(OURS),
        BUDGETS["import_on_board"],
    ),
    "heap": _heap,
    "websocket_long": lambda: _message("websocket_long", "64 KB"),
    "websocket_into": lambda: _message("websocket_into", "64 KB", SERVERS["aioweb_readinto"]),
    "websocket_short": lambda: _message("websocket_short", "32 B, 32 at once"),
    "websocket_allocated": lambda: (
        websocket.allocated(ECHO),
        BUDGETS["websocket_allocated"],
    ),
    "websocket_idle": lambda: (
        measures.idle_connection(ECHO),
        BUDGETS["websocket_idle"],
    ),
}


def figure(name):
    return Figure(name, *MEASURED[name]())


def figures():
    return [figure(name) for name in BUDGETS]
