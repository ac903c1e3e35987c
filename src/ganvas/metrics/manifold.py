"""Precision and recall, density and coverage: overlap of manifolds drawn by nearest neighbours."""

from typing import NamedTuple

import torch
from torch import Tensor

from ganvas.metrics.distances import distances, neighbours_within

PRECISION_K = 3
DENSITY_K = 5
"""Which nearest neighbour draws a ball, as in the papers."""


class Overlap(NamedTuple):
    """How far the manifolds of samples and reals overlap; of all, higher is better.

    precision: 0 to 1, the share of samples that lie on the reals' manifold.
    recall: 0 to 1, the share of reals that lie on the samples' manifold.
    density: from 0, about 1 for equal distributions: in how many reals' balls a sample lies.
    coverage: 0 to 1, the share of reals with a sample in their ball.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def overlap(samples: Tensor, reals: Tensor) -> Overlap:
    """Precision, recall, density and coverage of features samples [N, d] and reals [M, d].

    An image lies on a set's manifold if it is nearer to some member than that member's k-th
    nearest neighbour in the set. Precision: samples on the reals' manifold; recall: reals on the
    samples' (Kynkäänniemi et al. 2019, equation 2; k = 3). Density: in how many reals' balls a
    sample lies, over k; coverage: reals with a sample in their ball (Naeem et al. 2020, equations
    3 and 4; k = 5).

    Raises:
        ValueError: a side has no more than five members.
    """
    of_reals = neighbours_within(reals, DENSITY_K)
    small, large = of_reals[:, PRECISION_K - 1], of_reals[:, DENSITY_K - 1]
    of_samples = neighbours_within(samples, PRECISION_K)[:, -1]
    precise = torch.zeros(len(samples), dtype=torch.bool)
    recalled = torch.zeros(len(reals), dtype=torch.bool)
    covered = torch.zeros(len(reals), dtype=torch.bool)
    inside = 0
    for part, block in distances(samples, reals):
        precise[part] = (block < small).any(1)
        recalled |= (block < of_samples[part, None]).any(0)
        in_ball = block < large
        covered |= in_ball.any(0)
        inside += int(in_ball.sum())
    return Overlap(
        precision=float(precise.double().mean()),
        recall=float(recalled.double().mean()),
        density=inside / (DENSITY_K * len(samples)),
        coverage=float(covered.double().mean()),
    )
