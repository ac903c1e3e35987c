"""Perceptual path length: how evenly images change along the latent space."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganvas.metrics.figure import Z95, Estimate

EPSILON = 1e-2
"""Step along the way between two latents, whose whole is 1."""

Read = Callable[[Tensor], Tensor]


@torch.no_grad()
def path_length(
    generate: Read, read: Read, starts: Tensor, ends: Tensor, places: Tensor, chunk: int = 50
) -> Estimate:
    """Mean squared change of features per squared step along great circles between latents: from 0,
    lower is better.

    E[|f(G(slerp(z1, z2, t))) - f(G(slerp(z1, z2, t + e)))|^2 / e^2] (Karras et al. 2019, section
    4.1), each pair's features scaled by their mean length, over all pairs; 1% of the pairs at
    either end are left out, as there. Theirs measures LPIPS with e = 1e-4; in float32 a step of
    1e-2 keeps rounding out of the difference.

    Args:
        generate: latents [N, latent] to images in [-1, 1].
        read: images to features [N, d].
        starts, ends: latents [N, latent].
        places: where on the way between them, [N] in [0, 1].
        chunk: pairs at a time.
    """
    found = []
    for start, end, place in zip(*(x.split(chunk) for x in (starts, ends, places)), strict=True):
        here, there = (
            read(generate(slerp(start, end, t))).double() for t in (place, place + EPSILON)
        )
        length = (here.square().sum(1) + there.square().sum(1)) / 2
        found.append((here - there).square().sum(1) / length.clamp(min=1e-12) / EPSILON**2)
    each = torch.cat(found).cpu()
    low, high = each.quantile(0.01), each.quantile(0.99)
    kept = each[(each >= low) & (each <= high)]
    mean, error = float(kept.mean()), float(kept.std()) / math.sqrt(len(kept))
    return Estimate(mean, mean - Z95 * error, mean + Z95 * error)


def slerp(start: Tensor, end: Tensor, place: Tensor) -> Tensor:
    """Along the great circle from ``start`` to ``end`` [N, d], at ``place`` [N] (Shoemake 1985).

    Lengths go linearly from one to the other's, so that normal latents stay typical.
    """
    lengths = (1 - place) * start.norm(dim=1) + place * end.norm(dim=1)
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (start, end))
    angle = (a * b).sum(1).clamp(-1, 1).acos()
    straight = angle < 1e-3  # sines of nothing would be divided by nothing
    first = torch.where(straight, 1 - place, torch.sin((1 - place) * angle))
    second = torch.where(straight, place, torch.sin(place * angle))
    mixed = first[:, None] * a + second[:, None] * b
    return mixed / mixed.norm(dim=1, keepdim=True) * lengths[:, None]
