"""What echoing WebSocket messages costs a server."""

import time
from typing import NamedTuple

from bench.client import SHORT, Messages
from bench.client import WebSocket as Client
from bench.measures import (
    BIG,
    allocated_in,
    attempt,
    count,
    cpu_seconds,
    idle_connection,
    stage_once,
)
from bench.staging import WEBSOCKET, running, unix_command, wait_idle


class Case(NamedTuple):
    messages: Messages
    warm_up: int  # exchanges
    counted: int


# the longer a message, the fewer of them count the same
CASES = {
    "32 B": Case(SHORT, 20, 100),
    "32 B, 32 at once": Case(Messages(32, 32), 5, 20),
    "1 KB": Case(Messages(1024), 20, 50),
    "64 KB": Case(Messages(65536), 2, 5),
}


def instructions(server, name):
    """Instructions a message."""
    messages, warm_up, counted = CASES[name]
    figure = count(server, WEBSOCKET, messages, n=counted, warm_up=warm_up)
    return round(figure / messages.n)


def _echo(server, process, port, case):
    """Microseconds of the server's processor time a message."""
    client = Client(server, process, port)
    for _ in range(case.warm_up):
        client.echo(case.messages)
    wait_idle(process)
    before = cpu_seconds(process)
    exchanges = 0
    until = time.monotonic() + 1
    while time.monotonic() < until:
        client.echo(case.messages)
        exchanges += 1
    wait_idle(process)
    cpu = cpu_seconds(process) - before
    client.close()
    return cpu / (exchanges * case.messages.n) * 1e6


def cpu(server, name):
    """The better of two runs: what else the machine does only makes a run worse."""
    folder = stage_once(server, unix_command(BIG))
    runs = []
    for _ in range(2):
        with running(unix_command("4M"), folder) as (process, port):
            runs.append(_echo(server, process, port, CASES[name]))
    return round(min(runs), 1)


def allocated(server):
    return allocated_in(server, WEBSOCKET, SHORT)


def websocket(server):
    return {
        "instructions": {name: attempt(instructions, server, name) for name in CASES},
        "CPU us": {name: attempt(cpu, server, name) for name in CASES},
        "allocated": attempt(allocated, server),
        "idle connection": attempt(idle_connection, server),
    }
