"""The figures as Markdown."""

from bench.measures import GROWTH, LOADS, RATE
from bench.staging import KEEPALIVE, SERVERS
from bench.websocket import CASES

INTRODUCTION = """\
# What requests cost

{versions}. `make bench` writes this file, `results.json` and the plots; a part of it:
`python -m bench --only instructions --server aioweb`.

Every server answers `GET /` with `Hello`. The rows that begin with `raw_` are floors:
what sockets cost, without asyncio (`raw_poll`) and with its streams, to a server that
parses nothing. `seed` is the simplest server that parses, line by line.

"""
EXPLAINED = {
    "instructions": (
        "Instructions a request",
        "x64, exact counts of Valgrind, no garbage collection among them. `hello` has the "
        "field line Host, `browser` 15 field lines.",
    ),
    "allocated": (
        "Bytes allocated a request",
        "32-bit ARM, without what is freed at once. Each byte brings the next garbage "
        "collection nearer.",
    ),
    "ram": (
        "RAM in bytes",
        "32-bit ARM, after a garbage collection: what importing the compiled library takes, "
        "asyncio being there, from files, which go into the heap, and, machine code included, "
        "on a board (an emulated Cortex-M0) that executes bytecode where it is stored; its "
        "machine code, which boards load into the heap; what is in use once hello "
        "world, compiled where it runs, has answered a request; what a connection keeps "
        "between two requests; and the smallest heap under which hello world answers one, "
        "the machine code in it.",
    ),
    "throughput": (
        "Throughput",
        "**Not exact**: x64, the better of two runs of wrk; another day, or another machine, "
        "gives other figures. Requests a second, the time within which 99 % are answered, "
        "and the server's processor time a request, as multiples of the floor "
        "`raw_keepalive`, with 1, 8 and 64 connections.",
    ),
    "websocket": (
        "Echoed WebSocket messages",
        "Binary messages that the handler sends back, each once the one before has come "
        "back, or 32 sent at once. Instructions a message (x64, exact); the server's "
        "processor time a message, as multiples of the floor (**not exact**, the better of "
        "two runs); and, on 32-bit ARM, the bytes allocated by a message of 32 B and those "
        "that an idle WebSocket keeps. The floor `raw_websocket` has no streams either: it "
        "unmasks in one buffer for all connections, by our machine code, checks nothing, and "
        "answers all that one read brought with one write.",
    ),
}


def _cell(value):
    return "–" if value is None else f"{value:,}"


def _table(columns, rows):
    lines = ["| " + " | ".join(("", *columns)) + " |", "| --- |" + " ---: |" * len(columns)]
    lines += ["| " + " | ".join((name, *cells)) + " |" for name, cells in rows]
    return "\n".join(lines) + "\n"


def _by_request(figures):
    """A row for each server, and each way in which it uses connections."""
    rows = []
    for server, modes in figures.items():
        for mode, requests in modes.items():
            suffix = f", {mode}" if len(SERVERS[server].modes) > 1 else ""
            rows.append((server + suffix, [_cell(requests[r]) for r in ("hello", "browser")]))
    return _table(("hello", "browser"), rows)


def _ram(figures):
    columns = ("import", "on a board", "machine code", "serving", "idle connection", "heap")
    return _table(columns, [(s, [_cell(f[c]) for c in columns]) for s, f in figures.items()])


def _throughput(figures):
    floor = figures.get("raw_keepalive", {})
    kinds = {"requests": RATE, "99 %": "p99 ms", "CPU": "CPU us"}
    rows = []
    for server, loads in figures.items():
        cells = []
        for what in kinds.values():
            for n, load in loads.items():
                # without the floor in the same run there is no ratio
                base = floor.get(n)
                ratio = load and base and f"{load[what] / base[what]:.2f}"
                cells.append(ratio or _cell(load and load[what]))
        rows.append((server, cells))
    return _table([f"{what}, {n}" for what in kinds for n in LOADS], rows)


def _websocket(figures):
    floor = figures.get("raw_websocket", {}).get("CPU us", {})
    rows = []
    for server, measured in figures.items():
        cells = [_cell(measured["instructions"][case]) for case in CASES]
        for case, cpu in measured["CPU us"].items():
            base = floor.get(case)
            cells.append(f"{cpu / base:.2f}" if cpu and base else _cell(cpu))
        cells += [_cell(measured[what]) for what in ("allocated", "idle connection")]
        rows.append((server, cells))
    columns = [f"{what}, {case}" for what in ("instructions", "CPU") for case in CASES]
    return _table([*columns, "allocated", "idle"], rows)


def _growth(figures):
    for what, values in GROWTH.items():
        rows = [(s, [_cell(f[what][str(v)]) for v in values]) for s, f in figures.items()]
        yield f"### By {what}\n"
        yield _table([f"{v:,}" for v in values], rows)


# -- programs, beside Microdot's

OURS, PEER, FLOOR = "aioweb", "microdot", "raw_keepalive"
HANDLERS = """\
## Memory of a program with one handler

32-bit, files loaded from a file system into the heap, our machine code counted with the
bytes that it has on ARM. Bytes in use after three requests of a browser on one
connection, which has ended, without what `asyncio`, `select`, `socket` and `json` take;
the smallest heap that answers them, with our native files and without; and the names
that the firmware does not know (the 141st and the 301st of them cost a kilobyte and two
of their own).
"""
WORK = """\
## Work for a request to one handler

Instructions on x64 and searches for memory on 32 bits, both exact and with the server's
clock at rest; and, **not exact**, the processor time in a heap of 400 KB with its
collections, as multiples of the floor `raw_keepalive`.
"""
PROGRAMS = """\
## Whole programs

Of `bench/programs/`, the same for both, and a client's visit to each, which checks what
it gets. 32-bit, as above: bytes in use after the visit, all connections having ended; the
most at any time; the smallest heap under which the visit succeeds; the bytes of the
files that are installed for it; names. Then, **not exact**, the instructions of the visit
on x64 and its milliseconds of processor time on 32 bits, in a heap of 400 KB or on x64
twice as much.
"""
LOADING = """\
## Memory before it serves

32-bit, as above: after `import web` and an `App`; with all that HTTP may load; with
everything, WebSockets, event streams and the client too; and the bytes of all files of an
architecture.
"""
HOLDING = """\
## Memory of a connection

32-bit, bytes that each more keeps in use: after a browser's request, while its handler
waits, while nobody takes what a generator yields, and a WebSocket between messages.
"""


TRANSFERS = """\
## Files and uploads

A file that a browser gets by `app.static()`, from Microdot by `send_file()`, and by the floor
`raw_file`, which reads a block and writes it, again and again; and 1.5 MB that are saved to a
file, raw and as the part of a form. Instructions on x64, exact, the system's not among them;
and, **not exact**, the processor time on 32 bits, which is the system's for the most part.
"""


def _handlers(results):
    cases = {case: figures for case, figures in results.items() if case != "floor"}
    yield HANDLERS
    rows = []
    for case, figures in cases.items():
        ours, peer = figures[OURS], figures.get(PEER, {})
        cells = (
            *(ours["used"], peer.get("used"), ours.get("heap"), ours.get("heap, portable")),
            *(peer.get("heap"), ours["names"], peer.get("names")),
        )
        rows.append((case, [_cell(cell) for cell in cells]))
    columns = ("in use", "Microdot", "heap", "heap, portable", "Microdot", "names", "Microdot")
    yield _table(columns, rows)
    yield WORK
    floor = results["floor"][FLOOR]
    rows = [
        ("floor", [_cell(floor["instructions"]), "", _cell(floor["allocations"]), "", "1.00", ""])
    ]
    for case, figures in cases.items():
        both = [figures[OURS], figures.get(PEER, {})]
        cells = [_cell(f.get(what)) for what in ("instructions", "allocations") for f in both]
        for f in both:
            cpu = f.get("CPU us")
            cells.append(f"{cpu / floor['CPU us']:.2f}" if cpu and floor["CPU us"] else "–")
        rows.append((case, cells))
    columns = ("instructions", "Microdot", "allocations", "Microdot", "CPU", "Microdot")
    yield _table(columns, rows)


def _programs(results):
    yield PROGRAMS
    rows = []
    for name, figures in results.items():
        ours, peer = figures[OURS], figures[PEER]
        rows.append((f"{name}, aioweb", [_cell(figure) for figure in ours.values()]))
        rows.append((f"{name}, Microdot", [_cell(figure) for figure in peer.values()]))
        ratios = [f"{ours[c] / peer[c]:.2f}" if ours[c] and peer[c] else "–" for c in ours]
        rows.append(("ratio", ratios))
    yield _table(list(ours), rows)


def _transfers(results):
    yield TRANSFERS
    rows = []
    for case, figures in results.items():
        ours = figures[OURS]
        for name, found in figures.items():
            cells = [_cell(figure) for figure in found.values()]
            for what, figure in found.items():
                ratio = name != OURS and figure and ours[what] and f"{ours[what] / figure:.2f}"
                cells.append(ratio or "")
            rows.append((f"{case}, {name}", cells))
    columns = ("instructions", "CPU us", "instructions, aioweb's to it", "CPU, aioweb's to it")
    yield _table(columns, rows)


def _loading(results):
    yield LOADING
    yield _table(
        ("bytes", "names"),
        [(name, [_cell(f["bytes"]), _cell(f.get("names"))]) for name, f in results.items()],
    )


def _holding(results):
    yield HOLDING
    rows = [(kind, [_cell(f.get(OURS)), _cell(f.get(PEER))]) for kind, f in results.items()]
    yield _table(("aioweb", "Microdot"), rows)


def slug(what):
    return "growth-" + what.replace(" ", "-")


def small(heaps):
    """What the guide tells of boards with little memory."""
    return _table(("smallest heap",), [(f"`{name}.py`", [_cell(n)]) for name, n in heaps.items()])


def _examples(heaps):
    yield "## The examples on boards with little memory\n"
    yield "32 bits, the portable parser, files in the heap, compiled there.\n"
    yield small(heaps)


def tables(results, plots=False):
    """The tables of what was measured, as text."""
    for name, part in (
        ("handlers", _handlers),
        ("programs", _programs),
        ("transfers", _transfers),
        ("loading", _loading),
        ("holding", _holding),
        ("examples", _examples),
    ):
        if figures := results.get(name):
            yield from part(figures)
    shape = {"ram": _ram, "throughput": _throughput, "websocket": _websocket}
    for name, (title, explanation) in EXPLAINED.items():
        if figures := results.get(name):
            yield f"## {title}\n\n{explanation}\n"
            yield shape.get(name, _by_request)(figures)
    if figures := results.get("growth"):
        modes = (f"{s} {'keeps' if KEEPALIVE in SERVERS[s].modes else 'ends'}" for s in figures)
        yield "## How instructions a request grow\n"
        yield f"x64, hello world; of its connections {', '.join(modes)} each.\n"
        for part in _growth(figures):
            yield part
            if plots and part.startswith("### By "):
                what = part[len("### By ") :].strip()
                yield f"![Instructions a request by {what}]({slug(what)}.svg)\n"


README_BEGIN = "<!-- costs: make bench -->\n"
README_END = "<!-- end of costs -->"
README = """\
## What it costs

For a browser's request of 15 field lines, answered with `Hello`; exact counts, all in
one run. The floor is an asyncio stream server that parses nothing.

{table}
{websocket}

[Memory](docs/guides/memory.md) has what programs take, beside Microdot's, and
[bench/results.md](bench/results.md) the rest. `make bench` measures it anew, and the tests hold
ours to [budgets](bench/budgets.yml).
"""
README_WEBSOCKET = """\
A WebSocket message of 64 KB is echoed with {aioweb} instructions, by Microdot with
{microdot}, by a floor that checks nothing with {raw}. An idle WebSocket keeps {idle}
bytes."""
README_HANDLERS = {
    "str": "returns a str",
    "dict": "returns a dict",
    "param": "takes a parameter and a cookie, returns a dict",
    "hook": "stands behind a `before_request` hook",
    "form": "reads a form",
    "generator": "is a generator of three pieces",
    "raw": "writes its response itself",
}
README_PROGRAMS = {
    "dashboard": "a dashboard with files, events and a form",
    "updater": "an upload of 1.5 MB behind a password",
    "chat": "a chat with sign-in and three WebSockets",
    "api": "a REST API",
}
README_ROWS = {
    "raw_keepalive": "the floor, a connection kept",
    "aioweb": "aioweb, a connection kept",
    "raw_connection": "the floor, a connection each",
    "aioweb/connection": "aioweb, a connection each",
    "picoweb": "picoweb",
    "microdot": "Microdot",
}
README_ECHOING = ("raw", "aioweb", "microdot")


def memory(results):
    """What the guide tells of programs' memory."""
    rows = []
    for name, title in README_HANDLERS.items():
        both = results["handlers"][name]
        figures = [both.get(f, {}).get(k) for k in ("used", "heap") for f in ("aioweb", "microdot")]
        rows.append((f"a handler that {title}", figures))
    for name, title in README_PROGRAMS.items():
        both = results["programs"][name]
        figures = [both[f][key] for key in ("live", "heap") for f in ("aioweb", "microdot")]
        rows.append((title, figures))
    columns = ("in use", "Microdot", "smallest heap", "Microdot")
    return _table(columns, [(title, [_cell(n) for n in cells]) for title, cells in rows])


FEATURES = {
    "param": "a path with a parameter, a cookie that is read",
    "hook": "a `before_request` hook",
    "form": "a form",
    "generator": "a generator",
    "raw": "a raw handler",
}
KEEPING = {
    "waiting": "a client whose handler waits",
    "stalled": "a client that reads nothing of a long response",
    "websocket": "an idle WebSocket",
}


def features(results):
    """What the guide tells of single features: what they add to a handler that returns a str."""
    handlers = {
        name: both[OURS]["used"] for name, both in results["handlers"].items() if OURS in both
    }
    rows = [(title, [_cell(handlers[n] - handlers["str"])]) for n, title in FEATURES.items()]
    rows += [(title, [_cell(results["holding"][n][OURS])]) for n, title in KEEPING.items()]
    return _table(("bytes",), rows)


def readme(results):
    """The README's part."""
    columns = (
        "instructions, x64",
        "bytes allocated, 32-bit",
        "RAM of an idle connection",
        "smallest heap",
    )
    rows = []
    for key, title in README_ROWS.items():
        server, _, mode = key.partition("/")
        mode = mode or SERVERS[server].modes[0]
        ram = results["ram"][server] if "/" not in key else {}
        figures = [results[m][server][mode]["browser"] for m in ("instructions", "allocated")]
        figures += [ram.get("idle connection"), ram.get("heap")]
        rows.append((title, [_cell(figure) for figure in figures]))
    sockets = results["websocket"]
    echo = {s: sockets[f"{s}_websocket"]["instructions"]["64 KB"] for s in README_ECHOING}
    echo["idle"] = sockets["aioweb_websocket"]["idle connection"]
    websocket = README_WEBSOCKET.format(**{name: _cell(figure) for name, figure in echo.items()})
    text = README.format(table=_table(columns, rows), websocket=websocket)
    return README_BEGIN + text + README_END


def document(results):
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return INTRODUCTION.format(versions=versions) + "\n".join(tables(results, plots=True))
