"""A picture of samples beside the training images that are nearest to them."""

from pathlib import Path

import torch
from torch import Tensor

from ganvas.domains.pictures import enlarged, grid, save_png
from ganvas.evaluation.result import Evaluation
from ganvas.metrics.copying import Neighbours

PAIRS = 16
"""Pairs in either half of the picture."""


def save_neighbours(found: Evaluation, path: Path) -> bool:
    """A picture of samples (left) beside their nearest training images (right).

    The upper half are the samples nearest to a training image, in that image's own terms; the
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
    samples = found.samples.pixels[rows]
    nearest = found.copy_candidates.pixels[neighbours.position[rows]]
    sheet = grid(_side_by_side(samples, nearest), columns=8)
    save_png(enlarged(sheet, least=640), path)
    return True


def _side_by_side(left: Tensor, right: Tensor) -> Tensor:
    """Pairs [N, C, H, W] as one image each, [N, H, 2W, C]."""
    return torch.cat([left, right], 3).permute(0, 2, 3, 1).contiguous()
