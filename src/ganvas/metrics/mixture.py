"""How well points in the plane follow the mixture that they were to learn.

A mixture is centres [M, 2], one deviation ``sigma``, and the mode int64 [M] that each centre
belongs to. Modes are equally likely. Each is a Gaussian (``directions`` 2), or a stretch of a curve
of many centres, of which only the deviation across is known (``directions`` 1).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ganvas.metrics.distances import row_blocks
from ganvas.metrics.figure import Figure

NEAR = 3.0
"""Deviations from the nearest centre that count as near (Srivastava et al. 2017, VEEGAN, 4.1)."""

FAR = 5.0
"""Deviations from which on a point is a stray: it tells nothing of how wide its mode is."""

SHARE = 0.2
"""The part of its fair share that a mode must have, near it, to count as covered."""


class Placed(NamedTuple):
    """Where each of N points lies.

    distance: to its nearest centre, in deviations: float64 [N].
    mode: the one that this centre belongs to: int64 [N].
    """

    distance: Tensor
    mode: Tensor


def place(points: Tensor, centres: Tensor, sigma: float, modes: Tensor) -> Placed:
    """Where each of points [N, 2] lies in a mixture (see above)."""
    centres = centres.double()
    found = []
    for rows in row_blocks(points, len(centres)):
        # Differences, not products: those would round away what is small beside the coordinates.
        block = points[rows].double()[:, None] - centres
        found.append(block.square().sum(2).min(1))
    distance = torch.cat([part.values for part in found]).sqrt() / sigma
    return Placed(distance, modes[torch.cat([part.indices for part in found])])


def near(distance: Tensor) -> float:
    """The share of points near a centre, by their distances [N]: 0 to 1, higher is better.

    A perfect sampler has 98.9% of Gaussians, 99.7% of curves.
    """
    return float((distance <= NEAR).double().mean())


def shares(mode: Tensor, count: int) -> Tensor:
    """Each mode's share of the points, of modes int64 [N]: float64 [count], 0 to 1."""
    return torch.bincount(mode, minlength=count).double() / max(1, len(mode))


def covered(placed: Placed, count: int) -> int:
    """Modes that have at least ``SHARE`` of their fair share of all points near them: 0 to
    ``count``, higher is better.

    Stricter than one point, which is usual: a mode of a few strays is not covered.
    """
    close = torch.bincount(placed.mode[placed.distance <= NEAR], minlength=count)
    return int((close >= SHARE * len(placed.mode) / count).sum())


def reverse_kl(shares: Tensor) -> float:
    """KL divergence of shares [K] from equal ones: 0 to log K nats, lower is better. A perfect
    sampler of N points has about (K - 1)/2N.

    Of no share at all it is log K, its largest value, as of one mode alone.
    """
    if not shares.sum():
        return math.log(len(shares))
    return float(torch.special.xlogy(shares, shares * len(shares)).sum())


def spreads(placed: Placed, count: int, directions: int) -> Tensor:
    """Each mode's deviation around its centres over the true one: float64 [count]; 0 where empty,
    the truth is 1.

    The root mean square distance, of the points of the mode's Voronoi cell within ``FAR``. Farther
    ones are strays between modes: one point in a hundred, ten deviations off, would make it 1.2.
    What that leaves out of a perfect sampler is 4 points of a million, and what it hides of a wide
    one is little: it shows a true 1.5 as 1.48, a true 2 as 1.85.
    """
    kept = placed.distance <= FAR
    squares = placed.distance[kept].square()
    zeros = torch.zeros(count, dtype=torch.float64)
    total = zeros.index_add(0, placed.mode[kept], squares)
    number = zeros.index_add(0, placed.mode[kept], torch.ones_like(squares))
    return (total / (directions * number).clamp(min=1)).sqrt()


def point_figures(
    points: Tensor, centres: Tensor, sigma: float, modes: Tensor, directions: int = 2
) -> list[Figure]:
    """The figures of points [N, 2] against a mixture (see above): ``modes``, ``near``,
    ``spread-least``, ``spread-most``, ``reverse-kl``.

    The last is of points near a mode alone: strays anywhere lie nearest to some mode too, about as
    many to each, and tell nothing of which modes are drawn.
    """
    count = int(modes.max()) + 1
    placed = place(points, centres, sigma, modes)
    found, close = covered(placed, count), placed.mode[placed.distance <= NEAR]
    parts = shares(close, count)
    wide = spreads(placed, count, directions)
    perfect = 1 - math.exp(-(NEAR**2) / 2) if directions == 2 else math.erf(NEAR / math.sqrt(2))
    details = {
        "drawn": found,
        "kinds": count,
        "shares": [round(share, 5) for share in parts.tolist()],
        "spreads": [round(each, 4) for each in wide.tolist()],
    }
    note = f"within {NEAR:g} sigma; a perfect sampler {perfect:.1%}"
    return [
        Figure("modes", found, better="higher", note=f"of {count}", details=details),
        Figure("near", near(placed.distance), better="higher", note=note),
        Figure("spread-least", float(wide.min()), better="higher", note="narrowest mode; truth 1"),
        Figure("spread-most", float(wide.max()), note="widest mode; truth 1"),
        Figure("reverse-kl", reverse_kl(parts), note=f"of the {len(close):,} points near a mode"),
    ]
