"""Seconds and speeds of a session, on a clock of the test's own."""

import pytest

from ganvas.training import stopwatch
from ganvas.training.stopwatch import Stopwatch


def test_evaluations_are_no_part_of_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(stopwatch, "now", lambda: moment[0])
    watch = Stopwatch(images=0, before=5.0, longest_evaluation=1.0)

    def wait(seconds: float) -> None:
        moment[0] += seconds

    wait(7.0)
    watch.start(images=0)
    wait(2.0)
    with watch.evaluation():
        wait(3.0)
    wait(2.0)
    assert watch.speed(images=80) == 20.0  # four seconds, without the evaluation's three
    wait(1.0)
    assert watch.speed(images=90) == 10.0
    assert watch.evaluating == watch.longest_evaluation == 3.0
    assert watch.since_saved() == 8.0 and watch.seconds() == 20.0
    watch.saved()
    assert watch.since_saved() == 0.0
