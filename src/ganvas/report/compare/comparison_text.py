"""A comparison of runs as text: a column a run, as many beside each other as fit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ganvas.report.compare.compared_runs import ComparedRuns

ARROWS = {"lower": "↓", "higher": "↑"}
"""Which way a metric is better."""

GAP = "  "


class Row(NamedTuple):
    """A line of the table.

    name: of the setting or the metric; "" leaves a line empty.
    cells: of each run, by its name.
    baseline: the real baseline; "" where there is none.
    """

    name: str
    cells: Mapping[str, str]
    baseline: str = ""


def text(runs: ComparedRuns, width: int) -> str:
    """The table and what to beware of.

    Args:
        runs: what is compared.
        width: columns of the screen; a table is no wider, unless a single run is.
    """
    rows = [*setting_rows(runs), Row("images seen", _clocks(runs))]
    figures = figure_rows(runs)
    if figures:
        rows += [Row("", {}), *figures]
    lines = [] if runs.settings else ["no setting differs", ""]
    *before, last = _fitting(rows, list(runs.paths), width)
    plain = [row._replace(baseline="") for row in rows]  # real baselines stand once, at the end
    tables = [*(_table(plain, some) for some in before), _table(rows, last)]
    lines += ["\n\n".join(tables)]
    if figures:
        lines += [
            "",
            "↓ lower, ↑ higher is better; in brackets the 95% interval; floor: real items beside "
            "real ones",
        ]
    return "\n".join([*lines, *(f"warning: {each}" for each in runs.warnings)])


def setting_rows(runs: ComparedRuns) -> list[Row]:
    """A row a setting that differs."""
    return [
        Row(name, {run: value_text(value) for run, value in values.items()})
        for name, values in runs.settings.items()
    ]


def figure_rows(runs: ComparedRuns) -> list[Row]:
    """A row a metric."""
    rows = []
    for metric in runs.metrics:
        records = {run: known[metric] for run, known in runs.figures.items() if metric in known}
        first = next(iter(records.values()))
        baseline = "" if first["floor"] is None else f"{first['floor']:.4g}"
        cells = {run: figure_text(record) for run, record in records.items()}
        rows.append(Row(f"{metric} {ARROWS.get(first['better'], '')}".strip(), cells, baseline))
    return rows


def figure_text(record: Mapping[str, Any]) -> str:
    """A figure with its interval: ``0.0123 (0.0111 to 0.0134)``."""
    low, high = record["low"], record["high"]
    interval = "" if low is None else f" ({low:.4g} to {high:.4g})"
    return f"{record['value']:.4g}{interval}"


def value_text(value: Any) -> str:
    """The value of a setting as a recipe has it: ``64``, ``true``, ``null``, ``[1, 2]``."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clocks(runs: ComparedRuns) -> dict[str, str]:
    return {run: f"{images:,}" for run, images in runs.images.items()}


def _fitting(rows: Sequence[Row], runs: list[str], width: int) -> list[list[str]]:
    """The runs in groups whose tables fit a screen."""
    groups: list[list[str]] = []
    for run in runs:
        wider = [*groups[-1], run] if groups else [run]
        if groups and max(map(len, _table(rows, wider).splitlines())) <= width:
            groups[-1] = wider
        else:
            groups.append([run])
    return groups


def _table(rows: Sequence[Row], runs: Sequence[str]) -> str:
    """The rows, of these runs, below their names."""
    has_baselines = any(row.baseline for row in rows)
    lines = [["", *runs, "floor" if has_baselines else ""]]
    lines += [[row.name, *(row.cells.get(run, "") for run in runs), row.baseline] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        GAP.join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
