"""Fréchet distance of Gaussians fitted to features; its value at infinitely many images."""

import math

import torch
from torch import Tensor

from ganvas import keys
from ganvas.metrics.figure import Estimate, squared_distance
from ganvas.metrics.moments import Moments, moments

PER_FEATURE = 2
"""Images a feature that a Fréchet distance needs, for their covariance to mean anything."""


def frechet(a: Moments, b: Moments) -> float:
    """|m_a - m_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2) (Dowson and Landau 1982): from 0, in the
    features' unit squared; lower is better.

    With an Inception network's features it is the FID (Heusel et al. 2017, equation 6). Of finite
    samples it is too large by about a constant over their number (Chong and Forsyth 2020).
    """
    root = _power(a.covariance, 0.5)
    inner = torch.linalg.eigvalsh(root @ b.covariance @ root)
    cross = inner.clamp(min=0).sqrt().sum()
    traces = a.covariance.trace() + b.covariance.trace()
    return float((a.mean - b.mean).square().sum() + traces - 2 * cross)


def frechet_infinite(a: Tensor, b: Tensor, *, seed: int = 0) -> Estimate:
    """The Fréchet distance of the distributions behind features [N, d] and [M, d], with its 95%
    interval; unbiased up to terms of order 1/N^2.

    Both sets are halved at random, keyed by ``seed``, again and again. By how much the halves'
    distances exceed the whole's is the whole's own bias (both fall as one over the number), and the
    spread of that excess is the variance of the distance's quadratic part. The linear part's
    variance is that of the influence of single images (Hampel 1974; the jackknife with
    infinitesimal weights). It counts the quadratic part twice (Efron and Stein 1981, theorem 2), so
    that is taken away once.
    """
    whole_a, whole_b = moments(a), moments(b)
    value = frechet(whole_a, whole_b)
    excess = _excess_of_halves(a, b, whole_a, whole_b, seed) - value
    linear = influence(a, whole_a, whole_b).var() / len(a)
    linear += influence(b, whole_b, whole_a).var() / len(b)
    quadratic = excess.var()
    variance = max(linear - quadratic, quadratic) + quadratic / len(excess)
    return squared_distance(value - float(excess.mean()), math.sqrt(float(variance)))


def influence(rows: Tensor, own: Moments, other: Moments) -> Tensor:
    """First-order change of the distance, [N], as weight moves to each of ``rows`` [N, d] (up to a
    constant): 2 (m - m')·(x - m) + (x - m)ᵀ (I - T) (x - m), where T is the optimal transport map
    from ``own`` to ``other`` (the gradient of Bures' distance: Bhatia et al. 2019)."""
    root, back = _power(own.covariance, 0.5), _power(own.covariance, -0.5)
    transport = back @ _power(root @ other.covariance @ root, 0.5) @ back
    centred = rows.double() - own.mean
    change = centred.square().sum(1) - (centred @ transport * centred).sum(1)
    return change + 2 * centred @ (own.mean - other.mean)


def _excess_of_halves(
    a: Tensor, b: Tensor, whole_a: Moments, whole_b: Moments, seed: int
) -> Tensor:
    """Mean distance of the two pairs of halves, at each of several random splits: [splits]."""
    generator = keys.generator(seed, "halves")
    splits = max(4, min(32, 32 * 256**2 // a.shape[1] ** 2))  # eigenvalues cost d^3
    found = []
    for _ in range(splits):
        half_a = moments(a[torch.randperm(len(a), generator=generator)[: len(a) // 2]])
        half_b = moments(b[torch.randperm(len(b), generator=generator)[: len(b) // 2]])
        first, second = frechet(half_a, half_b), frechet(whole_a - half_a, whole_b - half_b)
        found.append((first + second) / 2)
    return torch.tensor(found, dtype=torch.float64)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """The power of a positive semi-definite matrix [d, d]; its zero eigenvalues stay 0."""
    values, vectors = torch.linalg.eigh(matrix)
    least = values[-1].clamp(min=0) * len(values) * torch.finfo(values.dtype).eps
    powers = torch.where(values > least, values.clamp(min=0) ** exponent, 0.0)
    return (vectors * powers) @ vectors.T
