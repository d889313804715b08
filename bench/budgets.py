"""What bench/budgets.yml limits, measured anew."""

import math
import re
from typing import NamedTuple

import yaml
from matrix import PORTABLE

from bench import handlers, holding, loading, measures, websocket, whole
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


# With a floor these are called with its name, or its server, as well.
_KINDS = {
    "used": lambda case: lambda: handlers.used_bytes(OURS, case),
    "handler_names": lambda case: lambda: handlers.names(OURS, case),
    "instructions": lambda case: lambda framework=OURS: handlers.instructions(
        framework, case if framework == OURS else "str"
    ),
    "allocations": lambda case: lambda: handlers.allocations(OURS, case),
    "live": lambda name: lambda: whole.live(OURS, name),
    "program_names": lambda name: lambda: whole.names(OURS, name),
    "program_flash": lambda name: lambda: whole.flash(OURS, name),
    "loaded": lambda name: lambda: loading.room(name),
    "loaded_names": lambda name: lambda: loading.room_names(name),
    "connection_keeps": lambda kind: lambda: holding.connection(OURS, kind),
}
# the smallest takes many tries, so it is told whether the budget is enough
_HEAPS = {
    "heap": (
        lambda case, most: handlers.answers(OURS, case, most),
        lambda case: handlers.heap(OURS, case),
    ),
    "heap_portable": (
        lambda case, most: handlers.answers(OURS, case, most, PORTABLE),
        lambda case: handlers.heap(OURS, case, PORTABLE),
    ),
    "program_heap": (
        lambda name, most: whole.completes(OURS, name, most),
        lambda name: whole.heap(OURS, name),
    ),
}
_SINGLE = {
    "keepalive": _count(KEEPALIVE, BROWSER),
    "connection": _count(CONNECTION, BROWSER),
    "post_64k": _count(KEEPALIVE, LONG, (1, len(LONG)), n=20),
    "allocated": lambda: measures.allocated_in(SERVER, KEEPALIVE, BROWSER),
    "idle_connection": lambda: measures.idle_connection(SERVER),
    "import": lambda: measures.imported(SERVER),
    "import_on_board": lambda: measures.imported_on_board(SERVER),
    "flash": loading.flash,
    "websocket_long": _message("64 KB"),
    "websocket_into": _message("64 KB", SERVERS["aioweb_readinto"]),
    "websocket_short": _message("32 B, 32 at once"),
    "websocket_allocated": lambda: websocket.allocated(ECHO),
    "websocket_idle": lambda: measures.idle_connection(ECHO),
}


def names():
    """Of every budget; those of a kind have two words."""
    for name, budget in BUDGETS.items():
        if name in _SINGLE:
            yield name
        else:
            yield from (f"{name} {case}" for case in budget)


def _limits(budget, measure):
    """(most, goal), of which those beside a floor are so many times what it takes."""
    most, goal = budget.get("most"), budget.get("goal")
    if "floor" in budget:
        floor = budget["floor"]
        floor = measure(floor if budget.get("kind") else SERVERS[floor])
        times = int(floor * budget["times"])
        most = times if most is None else min(most, times)
        goal = goal and round(floor * goal)
    return most, goal


def figure(name):
    kind, _, case = name.partition(" ")
    budget = BUDGETS[kind][case] if case else BUDGETS[kind]
    if kind in _HEAPS:
        enough, smallest = _HEAPS[kind]
        most = budget["most"]
        measured = most if enough(case, most) else smallest(case)
        return Figure(name, measured, most, budget.get("goal"))
    measure = _KINDS[kind](case) if case else _SINGLE[kind]
    if case:
        budget = {**budget, "kind": kind}
    return Figure(name, measure(), *_limits(budget, measure))


def figures():
    return map(figure, names())


def _with_slack(name):
    """What is measured now, rounded up a little."""
    kind, _, case = name.partition(" ")
    if kind in _HEAPS:
        return _HEAPS[kind][1](case) + 1024
    measured = figure(name).measured
    # where holes lie in the heap makes a difference of so much
    most = math.ceil(measured * (1.02 if kind == "instructions" else 1.004))
    return most + 1 if most < 1000 else -(-most // 64) * 64


def record():
    """Write into bench/budgets.yml what is measured now; what stands beside a floor
    stays."""
    lines = []
    for line in PATH.read_text().splitlines():
        if found := re.match(r"(\w+):", line):
            kind = found[1]
        if found := re.match(r"( *)(\w+): \{most: ", line):
            name = f"{kind} {found[2]}" if found[1] else kind
            line = re.sub(r"most: \d+", f"most: {_with_slack(name)}", line)
        lines.append(line)
    PATH.write_text("\n".join(lines) + "\n")
