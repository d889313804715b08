"""The fuzzed programs of this folder, what they begin with, and how they are run.

head.c, text.c and frame.c are libFuzzer's targets, for natmod/ under sanitizers. What one
of them, or a comparison in peers.py, once failed at stands in findings/, a file each, and
is tried first.
"""

import subprocess
import zlib

import hostc
import vectors
from conftest import BUILD, ROOT

HERE = ROOT / "tests" / "fuzz"
FINDINGS = HERE / "findings"
CORPUS = HERE / "corpus"  # what libFuzzer found worth keeping, packed
TARGETS = {
    "head": ["natmod/http.c", "natmod/text.c"],
    "text": ["natmod/text.c"],
    "frame": ["natmod/ws.c"],
}
_SANITIZERS = "-fsanitize=fuzzer,address,undefined"


def build(target):
    """Compile a target for libFuzzer and return its path."""
    out = BUILD / "fuzz" / target
    out.mkdir(parents=True, exist_ok=True)
    program = out / "fuzz"
    subprocess.run(
        ["clang-14", "-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-Inatmod"]
        + [_SANITIZERS, "-fno-sanitize-recover=all", "-o", program]
        + [HERE / f"{target}.c", *TARGETS[target]],
        cwd=ROOT,
        check=True,
    )
    return program


def _of_vectors(target):
    if target == "head":
        return [hostc.to_bytes(case["in"]) for case in vectors.cases("heads")]
    if target == "frame":
        cases = [case for case in vectors.cases("frames") if case["kind"] == "frame"]
        expect = [case["rsv"] | (128 if case["role"] == "server" else 0) for case in cases]
        return [bytes([e]) + hostc.to_bytes(case["in"]) for e, case in zip(expect, cases)]
    found = [hostc.to_bytes(case["in"]) for case in vectors.cases("query")]
    return found + [bytes.fromhex(case["in"]) for case in vectors.cases("utf8")]


def pack(inputs):
    """The inputs (bytes) as they are kept: a line each, in hex, compressed."""
    return zlib.compress("".join(data.hex() + "\n" for data in sorted(inputs)).encode(), 9)


def kept(target):
    """The inputs (list of bytes) that were kept for a target: its corpus and findings."""
    packed = CORPUS / f"{target}.hex.z"
    lines = zlib.decompress(packed.read_bytes()).decode().split() if packed.exists() else []
    findings = sorted(FINDINGS.glob(f"{target}-*"))
    return [bytes.fromhex(line) for line in lines] + [file.read_bytes() for file in findings]


def seeds(target):
    """All inputs that a target begins with: of the vectors, and what was kept."""
    return [data for data in _of_vectors(target) + kept(target) if len(data) <= 4096]


def write_seeds(target):
    """Write them into a folder, a file each, and return it."""
    folder = BUILD / "fuzz" / target / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        (folder / f"{zlib.crc32(data):08x}").write_bytes(data)
    return folder


def run(target, *options, artifacts=FINDINGS):
    """Run a target to its end. What it fails at is written to artifacts. Returns the
    completed process, whose stderr tells."""
    program = build(target)
    artifacts.mkdir(exist_ok=True)
    return subprocess.run(
        [program, "-max_len=4096", "-print_final_stats=1", "-close_fd_mask=1"]
        + [f"-artifact_prefix={artifacts}/{target}-", *options, write_seeds(target)],
        capture_output=True,
        text=True,
    )


def keep(target):
    """Keep what a run's corpus has, in as few inputs as reach the same."""
    program = BUILD / "fuzz" / target / "fuzz"
    least = BUILD / "fuzz" / target / "least"
    least.mkdir(exist_ok=True)
    for file in least.iterdir():
        file.unlink()
    folder = BUILD / "fuzz" / target / "corpus"
    subprocess.run([program, "-merge=1", least, folder], capture_output=True, check=True)
    CORPUS.mkdir(exist_ok=True)
    inputs = {file.read_bytes() for file in least.iterdir()} - {b""}
    (CORPUS / f"{target}.hex.z").write_bytes(pack(inputs))
