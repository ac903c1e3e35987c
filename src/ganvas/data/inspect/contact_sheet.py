"""A picture of some items of a data set, chosen at random."""

import torch
from PIL.Image import Image as Picture

from ganvas import keys
from ganvas.data.dataset import Dataset


def contact_sheet(dataset: Dataset, count: int = 64, columns: int = 8, seed: int = 0) -> Picture:
    """``count`` items chosen without repeats, in rows of ``columns``, as their domain shows them.

    With classes: a row for each of the first 32 classes, up to ``columns`` items of it. Points are
    shown where they lie, 10,000 of them, a colour a class.

    Raises:
        ValueError: ``count`` or ``columns`` is below 1.
    """
    if count < 1 or columns < 1:
        raise ValueError(f"count {count} and columns {columns} must be 1 or more")
    order = torch.randperm(len(dataset), generator=keys.generator(seed, "contact sheet"))
    domain = dataset.domain
    return domain.contact_sheet(dataset.pixels, dataset.labels, order, count, columns)
