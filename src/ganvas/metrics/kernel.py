"""Kernel distance: KID, the squared maximum mean discrepancy under a cubic kernel."""

import math

import torch
from torch import Tensor

from ganvas.metrics.distances import row_blocks
from ganvas.metrics.figure import Estimate, squared_distance

LEAST = 4
"""Features of either set that the estimate of its error needs."""


def kid(a: Tensor, b: Tensor) -> Estimate:
    """KID of features [N, d] and [M, d], and its 95% interval; see ``kid_and_error``."""
    return squared_distance(*kid_and_error(a, b))


def kid_and_error(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Unbiased KID of features [N, d] and [M, d], and its standard error (Bińkowski et al. 2018,
    section 4): 0 for equal distributions; lower is better. An estimate may be below 0 by chance.

    The kernel is (x·y / d + 1)^3, over all pairs and no subsets. The variance has the part that
    single images carry, and the part that pairs carry, which is all there is between equal
    distributions; the jackknife's count of the latter is twice too large (Efron and Stein 1981).

    Raises:
        ValueError: fewer than four features on a side.
    """
    if min(len(a), len(b)) < LEAST:
        raise ValueError(f"KID needs at least {LEAST} features on either side")
    aa, bb, ab = Sums(a, a), Sums(b, b), Sums(a, b)
    n, m = len(a), len(b)
    within_a = (aa.rows - aa.diagonal) / (n - 1)
    within_b = (bb.rows - bb.diagonal) / (m - 1)
    of_a, of_b = within_a - ab.rows / m, within_b - ab.columns / n
    value = float(of_a.mean() + of_b.mean())
    jackknife = 4 * float(of_a.var()) / n + 4 * float(of_b.var()) / m
    pairs = 2 * aa.spread() / (n * (n - 1)) + 2 * bb.spread() / (m * (m - 1))
    pairs += 4 * ab.spread() / (n * m)
    return value, math.sqrt(max(jackknife - pairs, pairs))


class Sums:
    """Sums over the kernel matrix [N, M] of features a [N, d] and b [M, d], without holding it.

    rows: sums over b, [N].
    columns: sums over a, [M].
    squares: the sum of all its squares.
    diagonal: [N], each feature with itself, where a is b; else zeros.
    """

    def __init__(self, a: Tensor, b: Tensor) -> None:
        self.same = a is b  # before the conversion, which makes two of one
        a, b = a.double(), b.double()
        self.rows = torch.empty(len(a), dtype=torch.float64)
        self.columns = torch.zeros(len(b), dtype=torch.float64)
        self.squares = 0.0
        for part in row_blocks(a, len(b)):
            kernel = (a[part] @ b.T).div_(a.shape[1]).add_(1).pow_(3)
            self.rows[part] = kernel.sum(1)
            self.columns += kernel.sum(0)
            self.squares += float(kernel.square().sum())
        own = a.square().sum(1).div(a.shape[1]).add(1).pow(3)
        self.diagonal = own if self.same else torch.zeros_like(own)

    def spread(self) -> float:
        """Variance of what a pair adds beyond its two images, without bias: the mean square of the
        matrix with its rows' and columns' means taken away. Images paired with themselves, whose
        kernel is far larger, do not count (the U-centred matrix of Székely and Rizzo 2014)."""
        n, m = len(self.rows), len(self.columns)
        if self.same:
            rows = self.rows - self.diagonal
            squares = self.squares - float(self.diagonal.square().sum())
            means = 2 * rows.square().sum() / (n - 2) - rows.sum() ** 2 / ((n - 1) * (n - 2))
            return max(0.0, squares - float(means)) / (n * (n - 3))
        of_rows, of_columns = self.rows.square().sum() / m, self.columns.square().sum() / n
        means = of_rows + of_columns - self.rows.sum() ** 2 / (n * m)
        return max(0.0, self.squares - float(means)) / ((n - 1) * (m - 1))
