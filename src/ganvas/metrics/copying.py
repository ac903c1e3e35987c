"""Memory and repetition: duplicates, nearest training images, authenticity."""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor

from ganvas.metrics.distances import nearest, neighbours_within

CLOSE = 0.01
"""The share of reals that have another real as near as a duplicate."""


class Neighbours(NamedTuple):
    """The nearest training image of each of N samples.

    position: of that image in the training set, int64 [N].
    distance: to it, float64 [N].
    fellow: that image's own distance to the nearest other training image, float64 [N].
    """

    position: Tensor
    distance: Tensor
    fellow: Tensor

    def closeness(self) -> Tensor:
        """How near a sample is to its training image, in that image's own terms: float64 [N], from
        0, which is a copy."""
        return self.distance / self.fellow.clamp(min=1e-12)


def training_neighbours(samples: Tensor, training: Tensor) -> Neighbours:
    """The nearest of features training [M, d] to each of features samples [N, d]."""
    distance, position = nearest(samples, training)
    met, inverse = position.unique(return_inverse=True)
    fellow = neighbours_within(training, 1, met)[:, 0]
    return Neighbours(position, distance, fellow[inverse])


def authenticity(found: Neighbours) -> float:
    """Share of samples that lie farther from their nearest training image than that image from the
    nearest other one (Alaa et al. 2022, section 4.3): 0 to 1, higher is better.

    0: all are copies. Read it beside its value for real images that were not trained on.
    """
    return float((found.distance > found.fellow).double().mean())


def duplicates(samples: Tensor, reals: Tensor) -> float:
    """Share of samples with another sample nearer than all but 1% of reals have another real: 0 to
    1, lower is better.

    About 0.01 for a set as varied as the reals; features [N, d] each. Of the larger set as
    many are taken as the smaller has, since nearest distances depend on the number.
    """
    count = min(len(samples), len(reals))
    ours, theirs = (x[torch.arange(count) * len(x) // count] for x in (samples, reals))
    usual = neighbours_within(theirs, 1)[:, 0].quantile(CLOSE)
    return float((neighbours_within(ours, 1)[:, 0] <= usual).double().mean())


def repeated(items: Tensor) -> int:
    """How many of the stored items [N, ...] equal an earlier one in every number."""
    rows = {hashlib.blake2b(item.contiguous().numpy().data).digest() for item in items}
    return len(items) - len(rows)
