"""Writes tests/vectors/*.json as files of one case a line, which a device reads
with a small heap.

    python tools/vectors.py FOLDER
"""

import json
import sys
from pathlib import Path

from matrix import ROOT

# file: {list in it: the runner's name for a case}; None where the file is a list
FILES = {
    "heads": {None: "heads"},
    "frames": {
        "parse": "frame",
        "build": "build",
        "build_long": "long",
        "mask": "mask",
        "accept": "accept",
    },
    "query": {"parse": "query", "unquote": "unquote"},
    "utf8": {None: "utf8"},
}
# frames that no device has the memory for
HOST_ONLY = ("long",)
_LONG = 500


def cases(name):
    """Yield the cases of a file, each with its kind."""
    content = json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_text())
    for part, kind in FILES[name].items():
        for case in content if part is None else content[part]:
            yield {**{k: v for k, v in case.items() if k != "why"}, "kind": kind}


def device_cases(name):
    return [case for case in cases(name) if case["kind"] not in HOST_ONLY]


def part(cases, every):
    """Of the cases of each kind, and so for each function, one of so many."""
    kinds = dict.fromkeys(case["kind"] for case in cases)
    return [c for kind in kinds for c in [c for c in cases if c["kind"] == kind][::every]]


def lines(cases):
    """The text of a file of cases."""
    return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


def write(folder, every=1):
    """Write the files, or of so many cases one, and no long ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        chosen = device_cases(name)
        if every > 1:
            chosen = [case for case in chosen if len(lines([case])) <= _LONG][::every]
        (folder / f"{name}.jsonl").write_text(lines(chosen))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
