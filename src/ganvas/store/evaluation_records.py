"""``evaluations.jsonl``: the records that evaluations leave in a run, one figure a line.

A record is flat plain data, complete in itself: ``Evaluation.records`` says what stands in it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganvas.disk import explain
from ganvas.store.json_lines import append_lines, read_lines

FILE = "evaluations.jsonl"


def append(records: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Add records to those of the run folder ``path``; returns their file.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    file = path / FILE
    try:
        append_lines(file, records)  # one write: another process may be adding its own
    except OSError as error:
        raise explain(error, str(file)) from None
    return file


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a run folder, oldest first; a damaged line is left out."""
    return [r for r in read_lines(path / FILE) if {"metric", "value"} <= r.keys()]


def newest(path: Path) -> dict[str, dict[str, Any]]:
    """The newest record of each metric, of samples drawn without truncation."""
    return {r["metric"]: r for r in read(path) if r.get("truncation") is None}
