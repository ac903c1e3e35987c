"""Sliced Wasserstein distance of pixels: no network at all."""

import math

import torch
from torch import Tensor

from ganvas import keys
from ganvas.metrics.figure import Z95, Estimate

DIRECTIONS = 512
"""Random directions of a distance."""

CHUNK = 64
"""Directions that images are projected on at a time."""

BLOCK = 1 << 22
"""Pixels that are floats at a time."""


def sliced_wasserstein(a: Tensor, b: Tensor, *, seed: int = 0) -> Estimate:
    """The distance of images uint8 [N, C, H, W] and [M, C, H, W]: 0 to 255 grey levels, lower is
    better.

    The root mean square, over random directions of unit length, of the Wasserstein-2 distance of
    the projected sets (Bonneel et al. 2015): brightening every pixel by c grey levels makes it c.
    The interval is that of drawing directions, and of nothing else.

    Raises:
        ValueError: images of different shapes.
    """
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(f"images of {tuple(a.shape[1:])} and of {tuple(b.shape[1:])}")
    size = a[0].numel()
    generator = keys.generator(seed, "directions")
    ranks_a, ranks_b, shares = _pairs(len(a), len(b))
    squares = []
    for _ in range(DIRECTIONS // CHUNK):
        directions = torch.randn(size, CHUNK, generator=generator)
        directions /= directions.norm(dim=0)
        first, second = (_project(images, directions).sort(0).values for images in (a, b))
        squares.append(shares @ (first[ranks_a] - second[ranks_b]).square().double())
    each = torch.cat(squares)
    mean, error = float(each.mean()), float(each.std()) / math.sqrt(DIRECTIONS)
    bounds = (mean, mean - Z95 * error, mean + Z95 * error)
    return Estimate(*(math.sqrt(max(0.0, value)) for value in bounds))


def _project(images: Tensor, directions: Tensor) -> Tensor:
    """Images uint8 [N, C, H, W] along directions [size, k]: [N, k]."""
    count = max(1, BLOCK // len(directions))
    parts = [part.flatten(1).float() @ directions for part in images.split(count)]
    return torch.cat(parts)


def _pairs(n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """How n equal weights in order move to m others: ranks on either side, and the share moved."""
    ends = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]).unique()
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    return starts // m, starts // n, (ends - starts).double() / (n * m)
