"""Measures what programs and requests cost: ours, its peers, and floors, side by side.

    python -m bench [--only MEASURE...] [--server SERVER...] [--write]
    python -m bench --budgets
    python -m bench --record

Prints tables; --write merges the figures into bench/results.json and writes
bench/results.md, the plots and the README's part from it. Instructions and bytes are exact counts.
--budgets measures only what bench/budgets.yml limits, and tells its goals; --record
makes what is measured now the limits, with a little slack.
"""

import argparse
import json
import re
import subprocess
import sys

from matrix import ROOT

from bench import (
    budgets,
    examples,
    handlers,
    holding,
    loading,
    measures,
    tables,
    transfers,
    websocket,
    whole,
)
from bench.staging import SERVERS, UNIX, WEBSOCKET

BENCH = ROOT / "bench"
MEASURES = {
    "instructions": measures.instructions,
    "allocated": measures.allocated,
    "ram": measures.ram,
    "throughput": measures.throughput,
    "websocket": websocket.websocket,
    "growth": measures.growth,
}
# of no single server
ALL = {
    "handlers": handlers.measure,
    "programs": whole.measure,
    "transfers": transfers.measure,
    "loading": loading.measure,
    "holding": holding.measure,
    "examples": examples.measure,
}
# each point takes two runs: only what the plots show
GROWING = ("raw_keepalive", "aioweb", "microdot")


def versions():
    script = "import sys; print(*sys.implementation[1][:3], sep='.')"
    done = subprocess.run([UNIX, "-c", script], capture_output=True, text=True, check=True)
    own = {s.name: s.version for s in SERVERS.values() if s.version and WEBSOCKET not in s.modes}
    return {"MicroPython": done.stdout.strip()} | own


def measure(names, servers):
    """{measure: {server, or what is measured: figures}}"""
    results = {}
    for name in names:
        if name in ALL:
            print(name, file=sys.stderr)
            results[name] = ALL[name]()
            continue
        results[name] = {}
        for server in servers:
            if name == "growth" and server not in GROWING:
                continue
            if (name == "websocket") != (WEBSOCKET in SERVERS[server].modes):
                continue
            print(f"{name}: {server}", file=sys.stderr)
            results[name][server] = MEASURES[name](SERVERS[server])
    return results


def merge(results):
    """Put new figures among the recorded ones, in the order of MEASURES and SERVERS."""
    path = BENCH / "results.json"
    recorded = json.loads(path.read_text()) if path.exists() else {}
    merged = {"versions": versions()}
    for name in ALL:
        merged[name] = results.get(name) or recorded.get(name, {})
    for name in MEASURES:
        figures = recorded.get(name, {}) | results.get(name, {})
        merged[name] = {s: figures[s] for s in SERVERS if s in figures}
    path.write_text(json.dumps(merged, indent=1) + "\n")
    return merged


def write(results):
    # it is installed by make bench alone
    from bench import plot

    merged = merge(results)
    (BENCH / "results.md").write_text(tables.document(merged))
    plot.write(merged["growth"], BENCH)
    path = ROOT / "README.md"
    part = re.compile(re.escape(tables.README_BEGIN) + ".*?" + tables.README_END, re.S)
    path.write_text(part.sub(lambda _: tables.readme(merged), path.read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[*ALL, *MEASURES], default=[*ALL, *MEASURES])
    parser.add_argument("--server", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--write", action="store_true", help="write bench/results.* and plots")
    parser.add_argument("--budgets", action="store_true", help="only what has a budget")
    parser.add_argument("--record", action="store_true", help="write bench/budgets.yml")
    options = parser.parse_args()
    if options.record:
        return budgets.record()
    if options.budgets:
        figures = budgets.figures()
        for f in figures:
            goal = f"{f.goal:>12,}" if f.goal else ""
            print(f"{f.name:28}{f.measured:>12,} of{f.most:>12,}{goal}")
        return any(f.measured > f.most for f in figures)
    results = measure(options.only, options.server)
    print("\n".join(tables.tables(results)))
    if options.write:
        write(results)
    return bool(measures.failures)


if __name__ == "__main__":
    sys.exit(main())
