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


def write(folder, every=1):
    """Write the files, or of so many cases one, and no long ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        lines = [json.dumps(case, ensure_ascii=False) for case in device_cases(name)]
        if every > 1:
            lines = [line for line in lines if len(line) < _LONG][::every]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
