"""The clock gives each label what it took itself, and all of them together the whole."""

import torch

from ganvas.bench.clock import REST, Clock, Gauge, median_lap, seconds


def counting() -> tuple[list[int], Clock]:
    """A clock on a counter that the test moves by hand."""
    moment = [0]
    return moment, Clock(Gauge(lambda: moment[0], lambda a, b: b - a))


def test_a_span_does_not_count_what_lies_within_it() -> None:
    moment, clock = counting()
    clock.begin()
    moment[0] += 1
    clock.push(("a", "outer"))
    moment[0] += 10
    clock.push(("b", "inner"))
    moment[0] += 100
    clock.pop()
    moment[0] += 20
    clock.pop()
    moment[0] += 2
    assert clock.end() == {REST: 3, ("a", "outer"): 30, ("b", "inner"): 100}


def test_the_median_lap_is_a_lap_as_it_was() -> None:
    moment, clock = counting()
    steps = iter([5, 1, 3])

    def play() -> None:
        moment[0] += next(steps)

    assert median_lap(clock, play, limit=0.0, least=3) == {REST: 3}


def test_time_goes_forward() -> None:
    clock = Clock(seconds(torch.device("cpu")))
    clock.begin()
    assert clock.end()[REST] >= 0
