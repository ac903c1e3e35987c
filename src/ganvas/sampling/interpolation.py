"""Ways from latent to latent: the frames of an animation. Plain functions of tensors."""

from collections.abc import Callable

import torch
from torch import Tensor

Between = Callable[[Tensor, Tensor, Tensor], Tensor]


def slerp(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Vectors [S, D] on the way from one [D] to another, at ``shares`` [S] of it, 0 to 1.

    The direction turns by equal angles for equal shares (Shoemake 1985, section 3.3), the length
    changes evenly: a straight line between normal latents would pass through short ones, of which a
    generator has learnt hardly anything. Opposite vectors have no nearest way: one half circle is
    taken.
    """
    first, last = start.double(), end.double()
    lengths = torch.stack([first.norm(), last.norm()])
    share = shares.double()[:, None]
    if not lengths.all():
        return lerp(start, end, shares)
    one, other = first / lengths[0], last / lengths[1]
    across = other - one * (one @ other)
    angle = torch.atan2(across.norm(), one @ other)
    if across.norm() < 1e-7:  # what is left is rounding: any direction across will do
        across = torch.zeros_like(one)
        across[one.abs().argmin()] = 1
        across -= one * (one @ across)
    across /= across.norm().clamp(min=1e-300)  # a single number has no direction across
    turned = one * torch.cos(share * angle) + across * torch.sin(share * angle)
    return (turned * torch.lerp(lengths[0], lengths[1], share)).to(start.dtype)


def lerp(start: Tensor, end: Tensor, shares: Tensor) -> Tensor:
    """Vectors [S, D] at ``shares`` [S] of the straight line between two [D].

    For conditions, whose embedding is linear.
    """
    return torch.lerp(start.double(), end.double(), shares.double()[:, None]).to(start.dtype)


def loop(stations: Tensor, steps: int, between: Between) -> Tensor:
    """From each of ``stations`` [M, D] to the next and from the last to the first: [M * steps, D].

    Row ``i * steps`` is station i.

    Args:
        stations: [M, D].
        steps: vectors from one station to the next, the station included; at least 1.
        between: ``slerp`` or ``lerp``.
    """
    shares = torch.arange(steps) / steps
    ends = stations.roll(-1, 0)
    return torch.cat([between(*pair, shares) for pair in zip(stations, ends, strict=True)])
