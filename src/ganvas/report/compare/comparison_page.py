"""Runs beside each other on a page: settings, intervals, curves, samples, figures."""

import re
from collections.abc import Iterable, Mapping
from html import escape

from ganvas.report.charts import COLOURS, Dot, chart, dots
from ganvas.report.compare.compared_runs import ComparedRuns, Series
from ganvas.report.compare.comparison_text import Row, figure_rows, setting_rows
from ganvas.report.evaluation_section import row
from ganvas.report.page import figure, page, table

HEAD = ("run", "metric", "value", "95% interval", "floor", "better", "", "samples", "images")
"""Over the columns of the table: a run, and its ``row``."""

MOST_LINES = len(COLOURS)
"""Runs whose curves and samples are drawn, at most: each has a colour of its own."""

MOST_CURVES = 24
"""Logged numbers that are drawn, at most; losses come first."""


def page_of(runs: ComparedRuns) -> bytes:
    """The page of several runs."""
    plots = [dots(metric, *_dots(runs, metric)) for metric in runs.metrics]
    drawn = list(runs.paths)[:MOST_LINES]
    names = sorted(runs.curves, key=lambda name: not name.startswith("loss/"))
    curves = {name: runs.curves[name] for name in names[:MOST_CURVES]}
    parts = [
        "<h1>Runs compared</h1>",
        _facts(runs),
        _warnings(runs),
        f"<h2>Settings that differ</h2>{_settings(runs)}",
        _section("Newest figures", plots),
        _section("Metrics during training", _charts(runs.courses, drawn)),
        _section("Curves of training", _charts(curves, drawn)),
        _left_out(len(runs.paths) - len(drawn), len(names) - len(curves)),
        _samples(runs, drawn),
        f"<h2>Figures</h2>{table(_records(runs), HEAD)}" if runs.metrics else "",
    ]
    return page("Runs compared", parts)


def tables(runs: ComparedRuns) -> str:
    """The settings that differ and the figures, as HTML for a notebook."""
    names = list(runs.paths)
    clocks = Row("images seen", {run: f"{images:,}" for run, images in runs.images.items()})
    rows = [*setting_rows(runs), clocks, *figure_rows(runs)]
    cells = [(each.name, *(each.cells.get(n, "") for n in names), each.baseline) for each in rows]
    return table(cells, ("", *names, "floor" if runs.metrics else "")) + _warnings(runs)


def _facts(runs: ComparedRuns) -> str:
    text = " · ".join(f"{run}: {images:,} images seen" for run, images in runs.images.items())
    return f'<p class="facts">{escape(text)}</p>'


def _warnings(runs: ComparedRuns) -> str:
    texts = [re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)) for text in runs.warnings]
    return "".join(f"<p><b>{text}</b></p>" for text in texts)


def _settings(runs: ComparedRuns) -> str:
    if not runs.settings:
        return "<p>none</p>"
    names = list(runs.paths)
    rows = [(each.name, *(each.cells.get(n, "") for n in names)) for each in setting_rows(runs)]
    return table(rows, ("", *names))


def _section(title: str, figures: Iterable[str]) -> str:
    inside = "".join(figures)
    return f'<h2>{title}</h2><div class="row">{inside}</div>' if inside else ""


def _dots(runs: ComparedRuns, metric: str) -> tuple[list[Dot], float | None]:
    records = {name: known[metric] for name, known in runs.figures.items() if metric in known}
    rows = [Dot(name, r["value"], r["low"], r["high"]) for name, r in records.items()]
    return rows, next(iter(records.values()))["floor"]


def _charts(numbers: Mapping[str, Series], drawn: list[str]) -> list[str]:
    """A figure a number, a line a run, on the clock of all of them. A run that lacks a number has
    its name there all the same: so each has one colour in all figures."""
    charts = []
    for name, series in numbers.items():
        values = {run: dict(zip(*series.get(run, ((), ())), strict=True)) for run in drawn}
        clock = sorted({moment for line in values.values() for moment in line})
        lines = {
            run: [line.get(moment, float("nan")) for moment in clock]
            for run, line in values.items()
        }
        charts.append(chart(name, clock, lines))
    return charts


def _left_out(runs: int, curves: int) -> str:
    """A sentence on what is not drawn."""
    said = [f"{runs} further runs"] * (runs > 0) + [f"{curves} further numbers"] * (curves > 0)
    return f'<p class="facts">Not drawn: {" and ".join(said)}.</p>' if said else ""


def _samples(runs: ComparedRuns, drawn: list[str]) -> str:
    figures = [figure(runs.paths[name] / "samples.png", name) for name in drawn]
    return f'<h2>Samples</h2><div class="row big">{"".join(figures)}</div>'


def _records(runs: ComparedRuns) -> list[tuple[str, ...]]:
    return [
        (name, *row(known[metric]))
        for metric in runs.metrics
        for name, known in runs.figures.items()
        if metric in known
    ]
