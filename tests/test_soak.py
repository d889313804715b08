"""What a board does for months, in twenty seconds: `make soak` does it for longer."""

import pytest
import soak

SECONDS = 20
IN_TIME = 10  # seconds in which 99 % are answered, on however busy a machine
BUFFER = 1024  # bytes in one piece, which the next client needs
IN_ONE_PIECE = 10000  # of what is free once all is loaded, says the guide


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    report = soak.run(SECONDS, tmp_path_factory.mktemp("soak"))
    soak.tell(report)
    return report


def test_who_behaves_gets_what_is_asked_for(report):
    assert report.lost == []
    assert len(report.asked) > 15
    assert report.slowest(0.99) < IN_TIME
    # of little memory: those came again, and were served
    assert report.later < sum(report.asked.values()) / 20


def test_console_has_a_line_for_each_fault_of_the_program(report):
    assert report.console == []
    assert report.faults_untold == 0


def test_nothing_is_left(report):
    for left in report.rounds:
        for what in ("connections", "handlers", "members"):
            assert left[what] == 0, left
        for what in ("tasks", "descriptors"):
            assert left[what] == report.loaded[what], left
        assert left["largest"] >= BUFFER, left


def test_memory_does_not_grow(report):
    used = [left["used"] for left in report.rounds]
    half = len(used) // 2
    assert min(used[half:]) - min(used[:half]) <= soak.GROWTH, used


def test_what_is_free_is_mostly_in_one_piece(report):
    assert report.loaded["largest"] >= IN_ONE_PIECE, report.loaded
