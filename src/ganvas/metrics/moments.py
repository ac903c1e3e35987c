"""Mean and covariance of features, accumulated batch by batch in float64."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 8192
"""Rows that are float64 at a time."""


@dataclass(frozen=True)
class Moments:
    """What a Gaussian is fitted with. Those of disjoint sets add up; a part may be taken away.

    count: rows seen.
    mean: float64 [d].
    scatter: float64 [d, d], the sum of outer products about the mean.
    """

    count: int
    mean: Tensor
    scatter: Tensor

    @property
    def covariance(self) -> Tensor:
        """[d, d], unbiased (over count - 1)."""
        return self.scatter / (self.count - 1)

    def __add__(self, other: "Moments") -> "Moments":
        """The moments of two disjoint sets together (Chan et al. 1983, equation 2.1)."""
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        between = torch.outer(gap, gap) * (self.count * other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + between)

    def __sub__(self, part: "Moments") -> "Moments":
        """The moments of what is left without ``part``, as ``__add__`` backwards."""
        count = self.count - part.count
        mean = (self.count * self.mean - part.count * part.mean) / count
        gap = part.mean - mean
        between = torch.outer(gap, gap) * (count * part.count / self.count)
        return Moments(count, mean, self.scatter - part.scatter - between)


def moments(features: Tensor) -> Moments:
    """The moments of rows [N, d], a block of which is float64 at a time."""
    return stream(features.split(BLOCK))


def stream(batches: Iterable[Tensor]) -> Moments:
    """The moments of batches [N, d], none of which is kept.

    Raises:
        ValueError: there is no batch.
    """
    total: Moments | None = None
    for batch in batches:
        part = _of_batch(batch)
        total = part if total is None else total + part
    if total is None:
        raise ValueError("no features")
    return total


def _of_batch(features: Tensor) -> Moments:
    rows = features.double()
    mean = rows.mean(0)
    centred = rows - mean
    return Moments(len(rows), mean, centred.T @ centred)
