"""Faults of MicroPython that the package works around: which versions have them. When none of
those that are supported has one any more, its work-around can go.

tests/firmware/ has a program for each, which prints "present" or "absent", or dies or hangs
where the fault is just that.
"""

import re
import resource
import subprocess

import pytest
from conftest import FIRMWARE, MICROPYTHON, ROOT, environment

PROGRAMS = sorted((ROOT / "tests" / "firmware").glob("*.py"))
OURS = "1.25"
_SECONDS = 3  # of the processor; what takes more hangs


def shown(program, folder):
    def bounded():
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run(
        [MICROPYTHON, "-X", "heapsize=200k", program],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        preexec_fn=bounded,
    )
    if done.returncode < 0:  # a signal ended it
        return "present"
    assert done.returncode == 0 and done.stdout in ("present\n", "absent\n"), done
    return done.stdout.strip()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_fault(program, tmp_path):
    """It is where the program says, and nowhere else: a version without it is to be told."""
    versions = re.search(r"^# present: (.+)$", program.read_text(), re.M)[1].split()
    expected = "present" if (FIRMWARE or OURS) in versions else "absent"
    assert shown(program, tmp_path) == expected
