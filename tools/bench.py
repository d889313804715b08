"""Measures what handling a request costs: ours, its peers, and floors, side by side.

    python tools/bench.py [--only MEASURE...] [--server SERVER...] [--write]
    python tools/bench.py --budgets

Prints tables; --write merges the figures into bench/results.json and writes
bench/results.md, the plots and the README's part from it. Instructions and bytes are exact counts.
--budgets measures only what bench/budgets.yml limits.
"""

import argparse
import json
import re
import subprocess
import sys

import bench_budgets
import bench_measures
import bench_tables
import bench_websocket
from bench_servers import SERVERS, UNIX, WEBSOCKET
from matrix import ROOT

BENCH = ROOT / "bench"
MEASURES = {
    "instructions": bench_measures.instructions,
    "allocated": bench_measures.allocated,
    "ram": bench_measures.ram,
    "throughput": bench_measures.throughput,
    "websocket": bench_websocket.websocket,
    "growth": bench_measures.growth,
}
# each point takes two runs: only what the plots show
GROWING = ("raw_keepalive", "aioweb", "microdot")


def versions():
    script = "import sys; print(*sys.implementation[1][:3], sep='.')"
    done = subprocess.run([UNIX, "-c", script], capture_output=True, text=True, check=True)
    own = {s.name: s.version for s in SERVERS.values() if s.version and WEBSOCKET not in s.modes}
    return {"MicroPython": done.stdout.strip()} | own


def measure(names, servers):
    """{measure: {server: figures}}"""
    results = {}
    for name in names:
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
    for name in MEASURES:
        figures = recorded.get(name, {}) | results.get(name, {})
        merged[name] = {s: figures[s] for s in SERVERS if s in figures}
    path.write_text(json.dumps(merged, indent=1) + "\n")
    return merged


def write(results):
    # it is installed by make bench alone
    import bench_plot

    merged = merge(results)
    (BENCH / "results.md").write_text(bench_tables.document(merged))
    bench_plot.write(merged["growth"], BENCH)
    path = ROOT / "README.md"
    part = re.compile(re.escape(bench_tables.README_BEGIN) + ".*?" + bench_tables.README_END, re.S)
    path.write_text(part.sub(lambda _: bench_tables.readme(merged), path.read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--server", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--write", action="store_true", help="write bench/results.* and plots")
    parser.add_argument("--budgets", action="store_true", help="only what has a budget")
    options = parser.parse_args()
    if options.budgets:
        figures = bench_budgets.figures()
        print("\n".join(f"{f.name:24}{f.measured:>8,} of {f.most:>8,}" for f in figures))
        return any(f.measured > f.most for f in figures)
    results = measure(options.only, options.server)
    print("\n".join(bench_tables.tables(results)))
    if options.write:
        write(results)
    return bool(bench_measures.failures)


if __name__ == "__main__":
    sys.exit(main())
