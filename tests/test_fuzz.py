"""A short run of what `make fuzz` does for as long as one likes, from what it has found so
far on; always the same inputs, so that a failure comes again."""

import fuzz
import pytest
from fuzz import compare

RUNS = {"head": 2000, "text": 10000, "frame": 20000}
COUNTS = {"heads": 4000, "frames": 1000, "twins": 900, "conversations": 400}


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_c_under_sanitizers(target, tmp_path):
    done = fuzz.run(target, "-seed=1", f"-runs={RUNS[target]}", artifacts=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("part", compare.PARTS)
def test_parsers_agree(part, tmp_path):
    report = compare.run(part, count=COUNTS[part], seed=1, artifacts=tmp_path)
    assert report.tried == COUNTS[part]
    assert report.findings == []
