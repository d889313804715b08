"""Runs Autobahn|Testsuite's fuzzing client against our server.

    python tests/autobahn/run.py [--parser native|portable] [--cases 1-7,9,10]

Prints a table, and each case that is not OK. Exits with 1 unless all are. The suite's
own report goes to build/autobahn/PARSER/index.html.
"""

import argparse
import ast
import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conftest import BUILD, DEVICE, PARSERS, serving  # noqa: E402

WSTEST = BUILD / "autobahn" / "suite" / "wstest"
# What the suite says of a case, and of how its connection ended.
FIELDS = ("behavior", "behaviorClose")
VERDICTS = ("OK", "NON-STRICT", "INFORMATIONAL", "FAILED", "UNIMPLEMENTED")
# The suite says INFORMATIONAL of these whatever the server does: of a message of
# 256 KB with a close and a ping behind it, and of the close codes 5000 and 65535.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}
STALLED = 500  # seconds without another case; the suite's own limits are up to 480, and 1000


def patterns(cases):
    """The suite's patterns for numbers of chapters: 1.*, 2.*, 9.* for "1-2,9"."""
    chapters = []
    for part in cases.split(","):
        first, _, last = part.partition("-")
        chapters += range(int(first), int(last or first) + 1)
    return [f"{chapter}.*" for chapter in chapters]


def drive(folder, url, agent, cases):
    """Let the suite loose on a server; its output goes to a file in the folder. Returns
    the cases that it meant to run, and why it came to no end, else None."""
    spec = {
        "outdir": str(folder),
        "servers": [{"agent": agent, "url": url}],
        "cases": patterns(cases),
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    output = folder / "output.txt"
    command = [WSTEST, "-m", "fuzzingclient", "-s", folder / "spec.json"]
    with output.open("w") as f:
        process = subprocess.Popen(command, stdout=f, stderr=subprocess.STDOUT)
    try:
        size, since = 0, time.monotonic()
        while process.poll() is None and time.monotonic() < since + STALLED:
            if output.stat().st_size != size:
                size, since = output.stat().st_size, time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
        status = process.poll()
    finally:
        process.kill()
        process.wait()
    text = output.read_text(errors="replace")
    found = re.search(r"^Cases = (\[.*\])$", text, re.M)
    planned = ast.literal_eval(found[1]) if found else []
    if status == 0 and planned:
        return planned, None
    ended = f"stalled for {STALLED} s" if status is None else f"ended with status {status}"
    return planned, "\n".join([f"The suite {ended}:", *text.splitlines()[-10:]])


def is_ok(case, result):
    allowed = {"OK", "INFORMATIONAL"} if case in INFORMATIONAL else {"OK"}
    return all(result[field] in allowed for field in FIELDS)


def table(results):
    """How often each verdict was given, one line each."""
    counts = [Counter(result[field] for result in results.values()) for field in FIELDS]
    others = sorted(set().union(*counts) - set(VERDICTS))
    yield f"{'':16}  case  its end"
    for verdict in (*VERDICTS, *others):
        yield f"{verdict:16} {counts[0][verdict]:5} {counts[1][verdict]:8}"


def describe(case, result, folder):
    """What a case expected, and what it got."""
    report = json.loads((folder / result["reportfile"]).read_text(errors="replace"))
    text = {key: re.sub(r"<[^>]*>|\s+", " ", str(value)) for key, value in report.items()}
    yield f"{case}: {result['behavior']}; its end: {result['behaviorClose']}"
    yield f"    case:     {text['description']}"
    yield f"    expected: {text['expectation']}"
    yield f"    got:      {text['result']}"
    yield (
        f"    its end:  {text['resultClose']}; after {text['duration']} ms, "
        f"the server's close code {text['remoteCloseCode']}"
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--parser", choices=PARSERS, default="native")
    arguments.add_argument("--cases", default="1-7,9,10", help="chapters of the suite")
    options = arguments.parse_args()

    folder = BUILD / "autobahn" / options.parser
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = time.monotonic()
    with serving(options.parser, DEVICE / "autobahn.py", heap="256M") as server:
        planned, failure = drive(folder, server.url(scheme="ws"), options.parser, options.cases)
        if server.process.poll() is not None:
            failure = "The server ended. " + (failure or "")
        console = server.console
    seconds = time.monotonic() - start

    index = folder / "index.json"
    results = json.loads(index.read_text()).get(options.parser, {}) if index.exists() else {}
    bad = [case for case in planned if case in results and not is_ok(case, results[case])]
    missing = [case for case in planned if case not in results]
    for case in bad:
        print(*describe(case, results[case], folder), "", sep="\n")
    if missing:
        print("Not run:", *missing)
    if console:
        print("The server's console:", *console, sep="\n")
    if failure:
        print(failure)
    print(*table(results), sep="\n")
    print(
        f"{options.parser}, chapters {options.cases}: {len(planned)} cases in {seconds:.0f} s, "
        f"{len(planned) - len(bad) - len(missing)} passed, {len(bad) + len(missing)} failed"
    )
    return 1 if bad or missing or console or failure else 0


if __name__ == "__main__":
    sys.exit(main())
