"""The series of a run as plain data: what a log holds, and nothing else."""

import math

import pytest

from ganvas.evaluation.result import Evaluation
from ganvas.metrics.figure import Figure
from ganvas.report.model import POINTS, Curves, MetricCourse, metric_courses, training_curves

LOG = [
    {"images": 0, "metric/kid": 0.5, "metric/kid/low": 0.4, "metric/kid/high": 0.6, "seconds": 1},
    {"images": 10, "loss/generator": 1.0, "loss/discriminator": 2.0, "lr/generator": 0.1},
    {"images": 15, "total": 90, "seconds": 3.0},
    {"images": 20, "loss/generator": 1.5, "loss/discriminator": 2.5, "seconds": 4.0},
    {
        "images": 20, "metric/kid": 0.2, "metric/kid/low": 0.1, "metric/kid/high": 0.3,
        "floor/kid": 0.0,
    },
    {"images": 30, "metric/modes": 7.0, "floor/modes": 10.0},
]  # fmt: skip


def test_curves_are_of_training_alone_by_what_they_have_in_common() -> None:
    loss, rate = training_curves(LOG)
    assert loss == Curves("loss", [10, 20], {"generator": [1.0, 1.5], "discriminator": [2.0, 2.5]})
    assert (rate.name, rate.lines["generator"][0]) == ("lr", 0.1)
    assert math.isnan(rate.lines["generator"][1]), "it was not logged there"


def test_a_column_that_came_later_has_a_curve_too() -> None:
    log = [{"images": 1, "loss/a": 1.0}, {"images": 2, "loss/a": 1.0, "gradient/a": 3.0}]
    _, gradient = training_curves(log)
    assert gradient.name == "gradient" and gradient.clock == [1, 2]
    assert math.isnan(gradient.lines["a"][0]) and gradient.lines["a"][1] == 3.0


def test_a_course_has_its_interval_and_its_newest_baseline() -> None:
    kid, modes = metric_courses(LOG)
    assert kid == MetricCourse("kid", [0, 20], [0.5, 0.2], ([0.4, 0.1], [0.6, 0.3]), 0.0)
    assert modes == MetricCourse("modes", [30], [7.0], None, 10.0)


def test_a_long_log_is_thinned() -> None:
    log = [{"images": n, "loss/generator": float(n)} for n in range(3 * POINTS)]
    (curves,) = training_curves(log)
    assert curves.clock == list(range(0, 3 * POINTS, 3)) and len(curves.clock) == POINTS


@pytest.mark.parametrize("series", [training_curves, metric_courses])
def test_an_empty_log_has_no_series(series) -> None:
    assert series([]) == []


def test_what_an_evaluation_logs_is_what_its_course_reads() -> None:
    figures = [(Figure("kid", 0.2, (0.1, 0.3)), Figure("kid", 0.01)), (Figure("near", 0.9), None)]
    kid, near = metric_courses([{"images": 5, **Evaluation(figures, {}).log_numbers()}])
    assert kid == MetricCourse("kid", [5], [0.2], ([0.1], [0.3]), 0.01)
    assert near == MetricCourse("near", [5], [0.9], None, None)
