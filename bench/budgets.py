"""What bench/budgets.yml limits, measured anew."""

import math
import re
from functools import partial
from typing import NamedTuple

import yaml
from matrix import PORTABLE

from bench import examples, handlers, holding, loading, measures, transfers, websocket, whole
from bench.client import REQUESTS, post
from bench.meter import HERE, OURS
from bench.staging import CONNECTION, KEEPALIVE, SERVERS

PATH = HERE / "budgets.yml"
BUDGETS = yaml.safe_load(PATH.read_text())
SERVER = SERVERS[OURS]
ECHO = SERVERS["aioweb_websocket"]
BROWSER = REQUESTS["browser"]
LONG = post(65536)


class Figure(NamedTuple):
    name: str
    measured: float
    most: float
    goal: float | None


def _count(mode, request, *arguments, **options):
    return lambda server=SERVER: measures.count(server, mode, request, *arguments, **options)


def _message(case, ours=ECHO):
    return lambda server=ours: websocket.instructions(server, case)


# a budget for each case
_KINDS = {
    "used": partial(handlers.used_bytes, OURS),
    "handler_names": partial(handlers.names, OURS),
    "instructions": partial(handlers.instructions, OURS),
    "allocations": partial(handlers.allocations, OURS),
    "live": partial(whole.live, OURS),
    "program_names": partial(whole.names, OURS),
    "program_flash": partial(whole.flash, OURS),
    "loaded": loading.room,
    "loaded_names": loading.room_names,
    "connection_keeps": partial(holding.connection, OURS),
    "transfer": partial(transfers.instructions, OURS),
}
# the smallest takes many tries, so it is told whether the budget is enough
_HEAPS = {
    "heap": (partial(handlers.answers, OURS), partial(handlers.heap, OURS)),
    "heap_portable": (
        partial(handlers.answers, OURS, arch=PORTABLE),
        partial(handlers.heap, OURS, arch=PORTABLE),
    ),
    "example_heap": (examples.works, examples.heap),
    "program_heap": (partial(whole.completes, OURS), partial(whole.heap, OURS)),
}
# of the servers in bench/servers/; those that a floor stands beside take its server as well
_SINGLE = {
    "keepalive": _count(KEEPALIVE, BROWSER),
    "connection": _count(CONNECTION, BROWSER),
    "post_64k": _count(KEEPALIVE, LONG, (1, len(LONG)), n=20),
    "allocated": partial(measures.allocated_in, SERVER, KEEPALIVE, BROWSER),
    "idle_connection": partial(measures.idle_connection, SERVER),
    "import": partial(measures.imported, SERVER),
    "import_on_board": partial(measures.imported_on_board, SERVER),
    "flash": loading.flash,
    "websocket_long": _message("64 KB"),
    "websocket_into": _message("64 KB", SERVERS["aioweb_readinto"]),
    "websocket_short": _message("32 B, 32 at once"),
    "websocket_allocated": partial(websocket.allocated, ECHO),
    "websocket_idle": partial(measures.idle_connection, ECHO),
}


def names():
    """Of every budget; those of a kind have two words."""
    for name, budget in BUDGETS.items():
        if name in _SINGLE:
            yield name
        else:
            yield from (f"{name} {case}" for case in budget)


def _limits(name, budget):
    """(most, goal), of which those beside a floor are so many times what it takes."""
    most, goal = budget.get("most"), budget.get("goal")
    if floor := budget.get("floor"):
        if name in _SINGLE:
            measured = _SINGLE[name](SERVERS[floor])
        else:
            measured = handlers.instructions(floor, "str")
        most = int(measured * budget["times"])
        goal = goal and round(measured * goal)
    return most, goal


def figure(name):
    kind, _, case = name.partition(" ")
    budget = BUDGETS[kind][case] if case else BUDGETS[kind]
    most, goal = _limits(name, budget)
    if kind in _HEAPS:
        enough, smallest = _HEAPS[kind]
        measured = most if enough(case, most) else smallest(case)
    else:
        measured = _KINDS[kind](case) if case else _SINGLE[kind]()
    return Figure(name, measured, most, goal)


def figures():
    return map(figure, names())


def _with_slack(name):
    """What is measured now, rounded up a little."""
    kind, _, case = name.partition(" ")
    if kind in _HEAPS:
        return _HEAPS[kind][1](case) + 1024
    measured = figure(name).measured
    # where holes lie in the heap makes a difference of so much
    most = math.ceil(measured * (1.02 if kind == "instructions" else 1.01))
    return most + 1 if most < 1000 else -(-most // 64) * 64


def record():
    """Write into bench/budgets.yml what is measured now; what stands beside a floor
    stays."""
    lines = []
    for line in PATH.read_text().splitlines():
        if found := re.match(r"(\w+):", line):
            kind = found[1]
        if found := re.match(r"( *)([\w/]+): \{most: ", line):
            name = f"{kind} {found[2]}" if found[1] else kind
            line = re.sub(r"most: \d+", f"most: {_with_slack(name)}", line)
        lines.append(line)
    PATH.write_text("\n".join(lines) + "\n")
