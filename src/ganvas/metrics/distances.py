"""Distances between many features, a block at a time: memory stays under a cap."""

from collections.abc import Iterator

import torch
from torch import Tensor

CAP = 4 << 20
"""Bytes of one block of a matrix [rows, M] in float64: what stays in a processor's cache."""
LEAST = 16
"""Rows of a block, however wide the matrix."""
SAME = 1e-12
"""Squared distance of copies, as a share of their squared lengths: float32 tells no less."""


def row_blocks(a: Tensor, columns: int) -> Iterator[slice]:
    """Slices of ``a``'s rows, so that a float64 matrix [rows, columns] takes about ``CAP``."""
    rows = max(LEAST, CAP // (8 * max(1, columns)))
    for start in range(0, len(a), rows):
        yield slice(start, min(start + rows, len(a)))


def distances(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Euclidean distances of rows a [N, d] to b [M, d]: (slice, float64 [rows, M]) block by block.

    Both are centred first, which leaves distances as they are and their rounding small. What
    rounding alone may have left is 0, so that copies are at no distance.
    """
    centre = b.double().mean(0)
    a, b = a.double() - centre, b.double() - centre
    squares = b.square().sum(1)
    for part in row_blocks(a, len(b)):
        rows = a[part]
        scale = rows.square().sum(1)[:, None] + squares
        block = torch.addmm(scale, rows, b.T, alpha=-2)
        yield part, block.masked_fill_(block <= scale.mul_(SAME), 0).sqrt_()


def nearest(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """For each row of a [N, d], its nearest row of b [M, d]: distances and positions, [N] each."""
    found = [block.min(1) for _, block in distances(a, b)]
    return torch.cat([part.values for part in found]), torch.cat([part.indices for part in found])


def neighbours_within(a: Tensor, k: int, rows: Tensor | None = None) -> Tensor:
    """Distances of rows of a [N, d] to their k nearest others in a, ascending: [rows, k].

    Args:
        rows: positions in ``a``; all of them by default.

    Raises:
        ValueError: fewer than k others.
    """
    if len(a) <= k:
        raise ValueError(f"{len(a)} features have no {k} neighbours")
    rows = torch.arange(len(a)) if rows is None else rows
    found = []
    for part, block in distances(a[rows], a):
        block[torch.arange(len(block)), rows[part]] = torch.inf
        found.append(block.topk(k, dim=1, largest=False).values)
    return torch.cat(found)
