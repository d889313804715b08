"""Builds tests/host/vectors.c with natmod's sources, and the commands for it."""

import re
import shutil
import subprocess
from pathlib import Path

import vectors
from conftest import BUILD, ROOT

SOURCES = ["tests/host/vectors.c", "natmod/http.c", "natmod/text.c", "natmod/ws.c"]
COMPILERS = ["gcc", "clang-14"]


def build(compiler):
    out = BUILD / "host" / f"vectors-{compiler}"
    out.parent.mkdir(parents=True, exist_ok=True)
    assert shutil.which(compiler), f"{compiler} is not installed"
    subprocess.run(
        [compiler, "-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-Inatmod"]
        + ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", out, *SOURCES],
        cwd=ROOT,
        check=True,
    )
    return out


def answers(program):
    """What the program says to every vector that the C alone decides, and what it should."""
    cases = commands()
    done = subprocess.run(
        [program],
        input="".join(command + "\n" for command, _ in cases),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), [answer for _, answer in cases]


def coverage():
    """{file of natmod/: (lines, branches)} that the vectors reach, in percent, and the lines
    that they don't (list of str), by gcov."""
    out = BUILD / "coverage"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    sources = [ROOT / source for source in SOURCES]
    flags = ["-std=c99", "-O0", "--coverage", "-I", ROOT / "natmod"]
    subprocess.run(["gcc", *flags, "-o", "vectors", *sources], cwd=out, check=True)
    answers(out / "vectors")
    report = subprocess.run(
        ["gcov", "-b", *out.glob("*.gcda")], cwd=out, capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for part in report.split("File '")[1:]:
        file = Path(part.partition("'")[0])
        if file.parent.name == "natmod":
            lines = re.search(r"Lines executed:([\d.]+)", part)
            branches = re.search(r"Taken at least once:([\d.]+)", part)
            found[file.name] = float(lines[1]), float(branches[1])
    missed = [
        f"{name}:{line.rstrip()}"
        for name in found
        for line in (out / f"{name}.gcov").read_text().splitlines()
        if "#####" in line
    ]
    return found, missed


def to_bytes(value):
    if isinstance(value, str):
        return value.encode("latin-1")
    return b"".join(to_bytes(v) if isinstance(v, str) else to_bytes(v[0]) * v[1] for v in value)


def hexed(data):
    return data.hex() or "-"


def head(case):
    data = to_bytes(case["in"])
    limits = case.get("limits", {})
    options = f"{limits.get('max_target', 1024)} {limits.get('max_fields', 32)}"
    if "expect" not in case:
        yield f"head {hexed(data)} {options}", str(-case.get("status", 0))
        return
    e = case["expect"]
    flags = (e["version"] == "1.1") * 1 + e["keep_alive"] * 2 + e["upgrade"] * 4
    flags += e["chunked"] * 8 + e["expect_continue"] * 16
    query = (e["query"] or "").encode().decode("latin-1")
    parts = [e["method"], e["target"], query, e["host"] or ""]
    fields = [part for field in e["fields"] for part in field]
    length = -1 if e["content_length"] is None else e["content_length"]
    answer = [hexed(to_bytes(p)) for p in parts] + [str(flags), str(length)]
    answer += [hexed(to_bytes(f)) for f in fields] + [str(len(data))]
    yield f"head {hexed(data)} {options}", " ".join(answer)


def frame(case):
    data = to_bytes(case["in"])
    frames = case["rsv"] | (128 if case["role"] == "server" else 0)
    answer = str(-case.get("close", 0))
    if e := case.get("expect"):
        first = e["opcode"] | e["rsv"] | (128 if e["fin"] else 0)
        answer = f"{first} {e['length']} {e['header']}"
    yield f"frame {hexed(data)} {frames}", answer


def frame_build(case):
    first = case["opcode"] | case["rsv"] | (128 if case["fin"] else 0)
    yield f"build - {first} {case['length']} 0 {case['key'] or '-'}", case["out"] + " "


def mask(case):
    out = case["out"] or "-"
    yield f"mask {case['in'] or '-'} {case['offset']} 0 0 {case['key']}", out + " "


def unquote(case):
    out = hexed(case["out"].encode())
    yield f"unquote {hexed(to_bytes(case['in']))} {int(case['plus'])}", out + " 0"


def utf8(case):
    bad = case.get("bad", -1)
    complete = int(case["valid"] and case["complete"])
    yield f"utf8 {case['in'] or '-'}", f"1 {bad} {complete}"


KINDS = {
    "heads": head,
    "frame": frame,
    "build": frame_build,
    "long": frame_build,
    "mask": mask,
    "unquote": unquote,
    "utf8": utf8,
}


def commands():
    """Every vector that the C alone decides, as (command, the answer wanted)."""
    return [
        pair
        for name in vectors.FILES
        for case in vectors.cases(name)
        if case["kind"] in KINDS
        for pair in KINDS[case["kind"]](case)
    ]


if __name__ == "__main__":
    percent, missed = coverage()
    for name, (lines, branches) in percent.items():
        print(f"{name:10} {lines:6.2f} % of lines {branches:6.2f} % of branches")
    print(*missed, sep="\n")
