"""A picture of samples beside the training items that are nearest to them."""

from pathlib import Path

import torch

from ganvas.domains.pictures import enlarged, save_png
from ganvas.evaluation.result import Evaluation
from ganvas.metrics.copying import Neighbours

PAIRS = 16
"""Pairs in either half of the picture."""


def save_neighbours(found: Evaluation, path: Path) -> bool:
    """A picture of samples (left, or first) beside their nearest training items.

    The upper half are the samples nearest to a training item, in that item's own terms; the
    lower half are the first ones drawn.

    Returns:
        Whether the evaluation looked for copies, and so the picture was written.
    """
    if found.samples is None or found.copy_candidates is None or "authenticity" not in found:
        return False
    neighbours: Neighbours = found["authenticity"].kept
    count = min(PAIRS, len(found.samples))
    closest = neighbours.closeness().argsort()[:count]
    rows = torch.cat([closest, torch.arange(count)])
    samples = found.samples.items[rows]
    nearest = found.copy_candidates.items[neighbours.position[rows]]
    domain = found.samples.domain
    assert domain is not None
    sheet = domain.pairs(*(domain.finish(domain.to_network(each)) for each in (samples, nearest)))
    save_png(enlarged(sheet, least=640), path)
    return True
