"""A picture of some images of a data set, chosen at random."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from ganvas import keys
from ganvas.data.dataset import Dataset
from ganvas.data.plane import portrait

GAP = 2
"""Pixels between the images of a sheet."""

MOST_ROWS = 32
"""Classes that a sheet has rows for."""


def contact_sheet(
    dataset: Dataset, count: int = 64, columns: int = 8, seed: int = 0
) -> Image.Image:
    """``count`` images chosen without repeats, in rows of ``columns`` (mode L or RGB).

    With classes: a row for each of the first 32 classes, up to ``columns`` images of it. Of points:
    10,000 of them where they lie, a colour a class.

    Raises:
        ValueError: ``count`` or ``columns`` is below 1.
    """
    if count < 1 or columns < 1:
        raise ValueError(f"count {count} and columns {columns} must be 1 or more")
    if dataset.are_points:
        return portrait(dataset)
    order = torch.randperm(len(dataset), generator=keys.generator(seed, "contact sheet"))
    if dataset.labels is None:
        picked = order[:count].tolist()
        rows = [picked[start : start + columns] for start in range(0, len(picked), columns)]
    else:
        labels = dataset.labels[order]
        number = min(len(dataset.classes), MOST_ROWS)
        rows = [order[labels == index][:columns].tolist() for index in range(number)]
    return paste(dataset, [row for row in rows if row])


def paste(dataset: Dataset, rows: Sequence[Sequence[int]]) -> Image.Image:
    """Rows of images, given by their numbers, on white."""
    channels, height, width = dataset.shape
    wide = max(len(row) for row in rows) * (width + GAP) + GAP
    sheet = np.full((len(rows) * (height + GAP) + GAP, wide, channels), 255, np.uint8)
    for line, row in enumerate(rows):
        top = GAP + line * (height + GAP)
        for column, index in enumerate(row):
            left = GAP + column * (width + GAP)
            pixels = dataset.pixels[index].permute(1, 2, 0).numpy()
            sheet[top : top + height, left : left + width] = pixels
    return Image.fromarray(sheet[..., 0] if channels == 1 else sheet)
