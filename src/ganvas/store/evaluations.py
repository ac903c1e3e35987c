"""What evaluations leave in a run: records, a picture of nearest neighbours, a new report."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganvas.disk import explain
from ganvas.evaluation.evaluation import Evaluation
from ganvas.metrics.copying import Neighbours
from ganvas.sampling.pictures import enlarged, grid, save_png

RECORDS = "evaluations.jsonl"
PAIRS = 16


def keep(found: Evaluation, path: Path) -> None:
    """Append an evaluation's records to the run's.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    lines = "".join(json.dumps(record) + "\n" for record in found.records())
    file = path / RECORDS
    try:
        with open(file, "ab") as records:  # one write: another process may be adding its own
            records.write(lines.encode())
    except OSError as error:
        raise explain(error, str(file)) from None


def read(path: Path) -> list[dict[str, Any]]:
    """A run's records, oldest first; lines that are none are left out."""
    file = path / RECORDS
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


def save_neighbours(found: Evaluation, path: Path) -> bool:
    """A picture of samples (left) beside their nearest training images (right).

    The upper half are the samples nearest to a training image, in that image's own terms; the
    lower half are the first ones drawn.

    Returns:
        Whether the evaluation looked for copies, and so the picture was written.
    """
    if found.samples is None or found.searched is None or "authenticity" not in found:
        return False
    neighbours: Neighbours = found["authenticity"].kept
    count = min(PAIRS, len(found.samples))
    closest = neighbours.closeness().argsort()[:count]
    rows = torch.cat([closest, torch.arange(count)])
    ours = found.samples.pixels[rows]
    theirs = found.searched.pixels[neighbours.position[rows]]
    sheet = grid(_side_by_side(ours, theirs), columns=8)
    save_png(enlarged(sheet, least=640), path)
    return True


def _side_by_side(left: Tensor, right: Tensor) -> Tensor:
    """Pairs [N, C, H, W] as one image each, [N, H, 2W, C]."""
    return torch.cat([left, right], 3).permute(0, 2, 3, 1).contiguous()
