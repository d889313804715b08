"""The measures: each returns figures of one server."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import emulators

from bench.client import CLIENTS, REQUESTS, SHORT, open_idle, post, with_fields
from bench.staging import (
    CONNECTION,
    KEEPALIVE,
    LIB,
    PROBE,
    TARGET,
    WEBSOCKET,
    emulated_command,
    end,
    environment,
    host_arch,
    native_code,
    running,
    stage,
    target_arch,
    unix_command,
    wait_idle,
)

# A collection costs as much as the heap is full, and comes as often as it is small:
# without any, what is counted is the work on the requests alone. What they allocate
# is a measure of its own.
BIG = "256M"
BIG_32 = "64M"
WARM_UP, COUNTED = 20, 100
IDLE = 8
LOADS = (1, 8, 64)  # connections
RATE = "requests a second"
SMALLEST, LARGEST = 2, 128  # KiB of heap
CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def _serve(server, mode, request, command, arguments, n, number, idle=0, script="main.py"):
    """Make n requests, end the server by a signal, and return what was printed."""
    folder = stage_once(server, command)
    with running(command, folder, *arguments, script=script) as (process, port):
        kept = open_idle(server, process, port, idle)
        client = CLIENTS[mode](server, process, port)
        for _ in range(n):
            client.exchange(request)
        wait_idle(process)
        printed = end(process, number)
        client.close()
        for other in kept:
            other.close()
    return printed


_staged = {}


def stage_once(server, command=(), arch=None):
    arch = arch or (target_arch() if "qemu" in str(command[0]) else host_arch())
    if (server, arch) not in _staged:
        if arch == target_arch():
            emulators.build(TARGET)
        _staged[server, arch] = stage(server, arch)
    return _staged[server, arch]


failures = []


def attempt(function, *arguments):
    """The figure, or None where the server fails: the others are still measured."""
    try:
        return function(*arguments)
    except (RuntimeError, OSError, AssertionError, subprocess.SubprocessError) as e:
        failures.append(e)
        of = [getattr(argument, "name", argument) for argument in arguments]
        print(f"{function.__name__}: {of}: {e!r}", file=sys.stderr)
        return None


def _by_request(function, server):
    """{mode: {request: figure}}"""
    return {
        mode: {name: attempt(function, server, mode, r) for name, r in REQUESTS.items()}
        for mode in server.modes
    }


# -- instructions


def _instructions(server, mode, request, arguments, n, idle):
    command = [*CALLGRIND, *unix_command(BIG)]
    _, log = _serve(server, mode, request, command, arguments, n, signal.SIGTERM, idle)
    return int(re.search(r"Collected : (\d+)", log)[1])


def count(server, mode, request, arguments=(), idle=0, n=COUNTED, warm_up=WARM_UP):
    """Instructions a request: the difference between two runs, exactly counted."""
    few = _instructions(server, mode, request, arguments, warm_up, idle)
    many = _instructions(server, mode, request, arguments, warm_up + n, idle)
    return round((many - few) / n)


def instructions(server):
    return _by_request(count, server)


# -- bytes


def _probe(server, mode, request, n, idle=0):
    """(bytes allocated, bytes in use after a collection) once n requests were served."""
    script = f"{PROBE.name} serve main.py"
    command = emulated_command(BIG_32)
    printed, log = _serve(server, mode, request, command, (), n, signal.SIGINT, idle, script)
    try:
        return tuple(map(int, printed.split()[-2:]))
    except ValueError:
        raise RuntimeError(f"no figures from {server.name}: {printed}{log}")


def allocated_in(server, mode, request):
    few = _probe(server, mode, request, WARM_UP)[0]
    return round((_probe(server, mode, request, WARM_UP + COUNTED)[0] - few) / COUNTED)


def allocated(server):
    return _by_request(allocated_in, server)


def idle_connection(server):
    """Bytes that a connection keeps in use between its requests."""
    if WEBSOCKET in server.modes:
        mode, request = WEBSOCKET, SHORT
    elif KEEPALIVE in server.modes:
        mode, request = KEEPALIVE, REQUESTS["hello"]
    else:
        return None
    few = _probe(server, mode, request, 1, 1)[1]
    return round((_probe(server, mode, request, 1, 1 + IDLE)[1] - few) / IDLE)


def imported(server):
    """Bytes in use by the library, without its machine code."""
    if not server.module:
        return None
    command = emulated_command(BIG_32)
    folder = stage_once(server, command)
    done = subprocess.run(
        [*command, PROBE.name, "import", server.module, server.attribute],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout)
    return int(done.stdout)


BOARD = "board-cortex-m0"
# The collector keeps what stale pointers on the stack point to: they are written over.
IMPORT = """
import asyncio, gc
asyncio.Event, asyncio.start_server, asyncio.wait_for
def overwrite(n):
    a = b = c = d = e = f = None
    if n:
        overwrite(n - 1)
def used():
    overwrite(25)
    gc.collect()
    return gc.mem_alloc()
before = used()
import {0}
used()
{1}
print(used() - before)
"""


def used_on_board(lib, module, loading):
    """Bytes in use by a module of the folder lib after a line that loads what is wanted
    of it, with its machine code, on a microcontroller that executes bytecode where it
    is stored."""
    emulators.build(BOARD)
    files = {p.relative_to(lib).as_posix(): p.read_bytes() for p in lib.rglob("*.mpy")}
    run = emulators.run_board(BOARD, IMPORT.format(module, loading), files)
    if run.exit:
        raise RuntimeError(run.output)
    return int(run.output)


def imported_on_board(server):
    """Bytes in use by the library, see used_on_board()."""
    if not server.module:
        return None
    lib = stage_once(server, arch=emulators.TARGETS[BOARD].arch) / LIB
    return used_on_board(lib, server.module, f"{server.module}.{server.attribute}")


def machine_code(server):
    """Bytes that the library's machine code takes.

    The unix port keeps it outside of the heap, boards load it into the heap.
    """
    return native_code(target_arch()) if server.name == "aioweb" else 0


def serving(server):
    """Bytes in use once hello world has answered a request."""
    return _probe(server, server.modes[-1], REQUESTS["hello"], 1)[1]


def serves(server, heap):
    """Whether hello world answers with that many bytes of heap."""
    command = emulated_command(heap - machine_code(server))
    try:
        mode = server.modes[-1]
        _serve(server, mode, REQUESTS["hello"], command, (), 1, signal.SIGTERM)
    except (RuntimeError, OSError):
        return False
    return True


def heap(server):
    """The smallest heap in bytes, of whole KiB, under which hello world answers."""
    low, high = SMALLEST, LARGEST
    while low < high:
        middle = (low + high) // 2
        if serves(server, middle * 1024):
            high = middle
        else:
            low = middle + 1
    return low * 1024


def ram(server):
    return {
        "import": attempt(imported, server),
        "on a board": attempt(imported_on_board, server),
        "machine code": machine_code(server),
        "serving": attempt(serving, server),
        "idle connection": attempt(idle_connection, server),
        "heap": attempt(heap, server),
    }


# -- requests a second, which no two runs measure alike


def throughput(server):
    folder = stage_once(server, unix_command(BIG))
    return {str(n): attempt(_load, server, folder, n) for n in LOADS}


def _load(server, folder, n):
    """The better of two runs: what else the machine does only makes a run worse."""
    runs = []
    for _ in range(2):
        # a new server: wrk's abrupt end is too much for some
        with running(unix_command("4M"), folder) as (process, port):
            runs.append(_wrk(process, port, n))
    return {key: (max if key == RATE else min)(run[key] for run in runs) for key in runs[0]}


def cpu_seconds(process):
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


def _wrk(process, port, n):
    before = cpu_seconds(process)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{n}", "-d1s", "--latency", f"http://127.0.0.1:{port}/"],
        capture_output=True,
        text=True,
        check=True,
    )
    cpu = cpu_seconds(process) - before
    rate = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
    served = re.search(r"(\d+) requests in", done.stdout)
    p99 = re.search(r"99% +([\d.]+)(us|ms|s)", done.stdout)
    if not (rate and p99 and served and int(served[1])):
        raise RuntimeError(done.stdout + done.stderr)
    milliseconds = float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]
    return {
        RATE: round(float(rate[1])),
        "p99 ms": round(milliseconds, 3),
        "CPU us": round(cpu / int(served[1]) * 1e6, 1),
    }


# -- growth

GROWTH = {
    "field lines": (1, 5, 10, 15, 30),
    "routes": (1, 10, 100),
    "bytes posted": (0, 1024, 16384, 65536),
    "connections open": (1, 8, 32),
}


def _growth_point(server, mode, what, value):
    # the points are many, so each is of fewer requests
    request, arguments, idle, n = REQUESTS["hello"], (), 0, 20
    if what == "field lines":
        request = with_fields(value)
    elif what == "routes":
        arguments = (value,)
        path = f"/page/{value - 2}" if value > 1 else "/"  # the last one
        request = request.replace(b" / ", f" {path} ".encode())
    elif what == "bytes posted":
        request = post(value)
        arguments = (1, len(request))
    else:
        idle = value
    return count(server, mode, request, arguments, idle, n)


def growth(server):
    """Instructions a request, by what makes them more; kept alive where possible."""
    mode = KEEPALIVE if KEEPALIVE in server.modes else CONNECTION
    return {
        what: {str(value): attempt(_growth_point, server, mode, what, value) for value in values}
        for what, values in GROWTH.items()
    }
