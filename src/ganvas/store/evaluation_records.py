"""``evaluations.jsonl``: the records that evaluations leave in a run, one figure a line.

A record is flat plain data, complete in itself: ``Evaluation.records`` says what stands in it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganvas.disk import explain

FILE = "evaluations.jsonl"


def append(records: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Add records to those of the run folder ``path``; returns their file.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    lines = "".join(json.dumps(record) + "\n" for record in records)
    file = path / FILE
    try:
        with open(file, "ab") as kept:  # one write: another process may be adding its own
            kept.write(lines.encode())
    except OSError as error:
        raise explain(error, str(file)) from None
    return file


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a run folder, oldest first; a damaged line is left out."""
    file = path / FILE
    if not file.exists():
        return []
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
            found.append(record) if {"metric", "value"} <= record.keys() else None
        except (ValueError, AttributeError):
            continue
    return found


def newest(path: Path) -> dict[str, dict[str, Any]]:
    """The newest record of each metric, of samples drawn without truncation."""
    return {r["metric"]: r for r in read(path) if r.get("truncation") is None}
