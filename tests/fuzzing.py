"""Fuzz what reads bytes from outside:

    python tests/fuzzing.py SECONDS [--keep] [head|text|frame|heads|frames|twins ...]

Each part runs for so many seconds, after what tests/fuzz/ keeps for it. libFuzzer's targets
come first; then the parsers are compared with other people's, the native with the portable
one, and whole conversations of servers with both. What fails is left in findings/, where the
tests find it from then on, and --keep writes what is worth keeping to corpus/, with which
both begin.
"""

import sys

import conftest  # noqa: F401  it says where modules are
import fuzz
from fuzz import compare


def main():
    seconds = int(sys.argv[1])
    keep = "--keep" in sys.argv
    chosen = [name for name in sys.argv[2:] if name != "--keep"] or [*fuzz.TARGETS, *compare.PARTS]
    failed = []
    for name in chosen:
        if name in fuzz.TARGETS:
            done = fuzz.run(name, f"-max_total_time={seconds}")
            said = [line for line in done.stderr.splitlines() if "DONE" in line or "stat::" in line]
            print(name, *(said if done.returncode == 0 else [done.stderr[-3000:]]), sep="\n  ")
            if keep:
                fuzz.keep(name)
            if done.returncode:
                failed.append(name)
        else:
            report = compare.run(name, seconds)
            print(name, report, sep="\n  ")
            if report.findings:
                failed.append(name)
    sys.exit(f"found by {', '.join(failed)}: see tests/fuzz/findings/" if failed else 0)


main()
