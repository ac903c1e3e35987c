"""Runs beside each other on a self-contained page: intervals, courses, samples, figures."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ganvas.disk import replace_file
from ganvas.report.charts import Dot, chart, dots
from ganvas.report.comparison import differences, gather, metrics_of, named_runs
from ganvas.report.evaluation_section import row
from ganvas.report.model import Records, metric_courses
from ganvas.report.page import figure, page, table
from ganvas.store.log import read_log

HEAD = ("run", "metric", "value", "95% interval", "floor", "better", "", "samples", "images")
"""Over the columns of the table: a run, and its ``row``."""


def write_page(runs: Sequence[str | Path], path: Path) -> Path:
    """Write a page of several runs; returns its path.

    Raises:
        UsageError: as ``gather``.
    """
    found, paths = gather(runs), named_runs(runs)
    plots = [dots(metric, *_dots(found, metric)) for metric in metrics_of(found)]
    warnings = "".join(f"<p><b>{escape(text)}</b></p>" for text in differences(found))
    parts = [
        "<h1>Runs compared</h1>",
        warnings,
        f'<h2>Newest figures</h2><div class="row">{"".join(plots)}</div>',
        f'<h2>Course</h2><div class="row">{_courses(paths)}</div>',
        _samples(paths),
        _tables(found),
    ]
    replace_file(path, page("Runs compared", parts))
    return path


def _dots(runs: Mapping[str, Records], metric: str) -> tuple[list[Dot], float | None]:
    records = {name: known[metric] for name, known in runs.items() if metric in known}
    rows = [Dot(name, r["value"], r["low"], r["high"]) for name, r in records.items()]
    return rows, next(iter(records.values()))["floor"]


def _courses(paths: Mapping[str, Path]) -> str:
    """A figure a metric that was followed during training, a line a run."""
    values: dict[str, dict[str, dict[int, float]]] = {}
    for run, path in paths.items():
        for course in metric_courses(read_log(path / "log.jsonl")):
            at = dict(zip(course.clock, course.values, strict=True))
            values.setdefault(course.name, {})[run] = at
    charts = []
    for metric, by_run in values.items():
        clock = sorted({moment for at in by_run.values() for moment in at})
        lines = {
            run: [at.get(moment, float("nan")) for moment in clock] for run, at in by_run.items()
        }
        charts.append(chart(metric, clock, lines))
    return "".join(charts)


def _samples(paths: Mapping[str, Path]) -> str:
    figures = [figure(path / "samples.png", name) for name, path in paths.items()]
    return f'<h2>Samples</h2><div class="row big">{"".join(figures)}</div>'


def _tables(runs: Mapping[str, Records]) -> str:
    rows = [
        (name, *row(known[metric]))
        for metric in metrics_of(runs)
        for name, known in runs.items()
        if metric in known
    ]
    return f"<h2>Figures</h2>{table(rows, HEAD)}"
