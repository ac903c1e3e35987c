"""The metrics of a run for a page: newest figures, their course, the nearest neighbours."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ganvas.evaluation.evaluation import words
from ganvas.report.curves import chart
from ganvas.report.page import figure, table
from ganvas.store import evaluation_records

HEAD = ("metric", "value", "95% interval", "floor", "better", "", "samples", "images seen")


def scorecard(path: Path, log: Sequence[Mapping[str, Any]]) -> str:
    """A section of a report; empty where nothing was measured.

    Args:
        path: the run folder.
        log: its log records that are scores.
    """
    newest = evaluation_records.newest(path)
    if not newest and not log:
        return ""
    parts = ["<h2>Metrics</h2>"]
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for name, record in newest.items():
        groups.setdefault(_facts(record), {})[name] = record
    for facts, records in groups.items():
        said = f"<p><b>{escape(words(records))}</b></p>" if words(records) else ""
        parts += [said, facts, table([row(record) for record in records.values()], HEAD)]
    charts = [course(log, name) for name in names(log)]
    pairs = figure(
        path / "neighbours.png",
        "samples (left of each pair) and their nearest training images; upper half: the closest "
        "pairs of all, lower half: the first samples",
    )
    return f'{"".join(parts)}<div class="row">{"".join(charts)}</div>{pairs}'


def _facts(record: Mapping[str, Any]) -> str:
    reference, network = record["reference"], record["features"]
    if network["name"] == "points":
        text = f"Against the mixture {reference['data']}. The floor is {reference['floor']}."
        return f'<p class="facts">{escape(text)}</p>'
    text = (
        f"Against {reference['images']:,} {reference['part']} images of {reference['data']}, in "
        f"the features {network['name']} {network['version']} ({network['hash'][:15]}). The floor "
        f"is {reference['floor']}."
    )
    return f'<p class="facts">{escape(text)}</p>'


def row(record: Mapping[str, Any]) -> tuple[str, ...]:
    """A record as cells under ``HEAD``."""
    low, high, floor, clock = (record[k] for k in ("low", "high", "floor", "images_seen"))
    return (
        record["metric"],
        f"{record['value']:.4g}",
        "" if low is None else f"{low:.4g} to {high:.4g}",
        "" if floor is None else f"{floor:.4g}",
        record["better"],
        record["note"],
        f"{record['samples']:,}",
        "" if clock is None else f"{clock:,}",
    )


def is_score(record: Mapping[str, Any]) -> bool:
    """Whether a log record is one of an evaluation."""
    return any(name.startswith("metric/") for name in record)


def names(log: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics in a log's scores."""
    found = [key.split("/") for record in log for key in record if key.startswith("metric/")]
    return list(dict.fromkeys(parts[1] for parts in found if len(parts) == 2))


def course(log: Sequence[Mapping[str, Any]], name: str) -> str:
    """One metric against images seen, with its interval (shaded) and its floor (dashed)."""
    key = f"metric/{name}"
    log = [record for record in log if key in record]
    band = None
    if log and f"{key}/low" in log[0]:
        band = ([r[f"{key}/low"] for r in log], [r[f"{key}/high"] for r in log])
    clock, values = [r["images"] for r in log], [r[key] for r in log]
    return chart(name, clock, {name: values}, band, log[-1].get(f"floor/{name}"))
