"""Runs beside each other: a table of their newest figures, and a page of plots with intervals."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from shlex import quote
from typing import Any

from ganvas.disk import replace_file
from ganvas.errors import UsageError
from ganvas.report.curves import Dot, chart, dots
from ganvas.report.metrics_section import is_score, names, row
from ganvas.report.page import figure, page, table
from ganvas.store import evaluation_records, folder
from ganvas.store.log import read_log

Records = Mapping[str, dict[str, Any]]
SAME = {
    "feature network": lambda r: tuple(
        r["features"][k] for k in ("name", "version", "hash", "resize")
    ),
    "reference": lambda r: tuple(r["reference"][k] for k in ("fingerprint", "images", "part")),
    "number of samples": lambda r: r["samples"],
}
"""What must agree for two figures to be compared."""


def gather(runs: Iterable[str | Path]) -> dict[str, Records]:
    """Each run's newest record of every metric, by the run's name.

    Raises:
        UsageError: there is no run there, it was never evaluated, or there is but one.
    """
    paths = list(dict.fromkeys(folder.find(run) for run in runs))
    if len(paths) < 2:
        raise UsageError("name at least two different runs to compare")
    short = len({path.name for path in paths}) == len(paths)
    found = {}
    for path in paths:
        newest = evaluation_records.newest(path)
        if not newest:
            raise UsageError(f"{path} has no figures yet: `ganvas evaluate {quote(str(path))}`")
        found[path.name if short else str(path)] = newest
    return found


def metrics_of(runs: Mapping[str, Records]) -> list[str]:
    """Every metric that some run has, in the order of the first ones."""
    return list(dict.fromkeys(name for records in runs.values() for name in records))


def differences(runs: Mapping[str, Records]) -> list[str]:
    """Sentences on figures that must not be compared, because they were measured otherwise."""
    found: dict[str, list[str]] = {}
    for metric in metrics_of(runs):
        records = [known[metric] for known in runs.values() if metric in known]
        for what, of in SAME.items():
            if len({of(record) for record in records}) > 1:
                found.setdefault(what, []).append(metric)
    return [
        f"not comparable, measured with another {what}: {', '.join(metrics)}"
        for what, metrics in found.items()
    ]


def write_page(runs: Sequence[str | Path], path: Path) -> Path:
    """A self-contained page: intervals, courses, figures and samples of several runs.

    Raises:
        UsageError: as ``gather``.
    """
    found = gather(runs)
    plots = [dots(metric, *_dots(found, metric)) for metric in metrics_of(found)]
    warnings = "".join(f"<p><b>{escape(text)}</b></p>" for text in differences(found))
    paths = dict(zip(found, dict.fromkeys(map(folder.find, runs)), strict=True))
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
    logs = {
        name: [r for r in read_log(path / "log.jsonl") if is_score(r)]
        for name, path in paths.items()
    }
    charts = []
    for metric in names([record for log in logs.values() for record in log]):
        key = f"metric/{metric}"
        clock = sorted({r["images"] for log in logs.values() for r in log if key in r})
        lines = {}
        for name, log in logs.items():
            at = {r["images"]: r[key] for r in log if key in r}
            if at:
                lines[name] = [at.get(moment, float("nan")) for moment in clock]
        charts.append(chart(metric, clock, lines))
    return "".join(charts)


def _samples(paths: Mapping[str, Path]) -> str:
    figures = [figure(path / "samples.png", name) for name, path in paths.items()]
    return f'<h2>Samples</h2><div class="row big">{"".join(figures)}</div>'


def _tables(runs: Mapping[str, Records]) -> str:
    head = ("run", "metric", "value", "95% interval", "floor", "better", "", "samples", "images")
    rows = [
        (name, *row(known[metric]))
        for metric in metrics_of(runs)
        for name, known in runs.items()
        if metric in known
    ]
    return f"<h2>Figures</h2>{table(rows, head)}"
