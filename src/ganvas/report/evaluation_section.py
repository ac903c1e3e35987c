"""The metrics of a run for its page: newest figures, their course, the nearest neighbours."""

from collections.abc import Mapping
from html import escape
from typing import Any

from ganvas.evaluation.in_words import compared_with, in_words
from ganvas.report.charts import chart
from ganvas.report.model import MetricCourse, RunModel
from ganvas.report.page import figure, table

HEAD = ("metric", "value", "95% interval", "floor", "better", "", "samples", "images seen")
"""Over the columns of ``row``."""


def evaluation_section(model: RunModel) -> str:
    """The metrics of a run as HTML; empty where nothing was measured."""
    if not model.newest and not model.courses:
        return ""
    parts = ["<h2>Metrics</h2>"]
    alike: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, record in model.newest.items():
        alike.setdefault(compared_with(record), {})[name] = record
    for how, records in alike.items():
        text = in_words(records)
        parts.append(f"<p><b>{escape(text)}</b></p>" if text else "")
        parts.append(f'<p class="facts">{escape(how)}</p>')
        parts.append(table([row(record) for record in records.values()], HEAD))
    charts = "".join(course_chart(course) for course in model.courses)
    pairs = figure(
        model.path / "neighbours.png",
        "samples (left of each pair, or above) and their nearest training items; upper half: the "
        "closest pairs of all, lower half: the first samples",
    )
    return f'{"".join(parts)}<div class="row">{charts}</div>{pairs}'


def row(record: Mapping[str, Any]) -> tuple[str, ...]:
    """A record as cells under ``HEAD``."""
    low, high, baseline, clock = (record[k] for k in ("low", "high", "floor", "images_seen"))
    return (
        record["metric"],
        f"{record['value']:.4g}",
        "" if low is None else f"{low:.4g} to {high:.4g}",
        "" if baseline is None else f"{baseline:.4g}",
        record["better"],
        record["note"],
        f"{record['samples']:,}",
        "" if clock is None else f"{clock:,}",
    )


def course_chart(course: MetricCourse) -> str:
    """One metric against images seen, with its interval (shaded) and its baseline (dashed)."""
    lines = {course.name: course.values}
    return chart(course.name, course.clock, lines, course.interval, course.real_baseline)
