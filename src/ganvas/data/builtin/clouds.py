"""Points in the plane: toy distributions on which every idea can be seen in seconds.

Each is a cloud: Gaussians of one deviation around centres. Where the centres lie close together
along a curve, the cloud is that curve, blurred. All lie within about [-1, 1].
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.data.readers.raw import Raw
from ganvas.domains import Points

COUNTS = {"train": 100_000, "test": 10_000}


@dataclass(frozen=True, eq=False)
class Cloud:
    """What a source of points is drawn from: an equal mixture of Gaussians.

    centres: float64 [M, 2].
    sigma: deviation of each Gaussian, in either direction.
    modes: int64 [M], to which mode each centre belongs.
    names: the names of the modes.
    directions: 2 where a mode is a Gaussian; 1 where it is a stretch of a curve, of which only the
        deviation across is known.
    """

    centres: Tensor
    sigma: float
    modes: Tensor
    names: tuple[str, ...]
    directions: int = 2

    def sample(self, count: int, *key: str | int) -> tuple[Tensor, Tensor]:
        """Points float32 [count, 2] and their modes int64 [count]; a function of ``key`` alone.

        They are quantiles in float64, rounded once: faster ways to normal numbers differ in their
        last bits between processors, and a fingerprint would show that.
        """
        generator = keys.generator("points", *key)
        which = torch.randint(len(self.centres), (count,), generator=generator)
        places = torch.rand(count, 2, dtype=torch.float64, generator=generator)
        # Half of the last bit keeps 0 out, whose quantile is infinite.
        normal = torch.special.ndtri(places + 2.0**-54)
        points = self.centres[which] + self.sigma * normal
        return points.to(torch.float32), self.modes[which]


def ring(count: int = 8, radius: float = 0.8, sigma: float = 0.008) -> Cloud:
    """Gaussians on a circle: radius 2 and deviation 0.02 of Metz et al. 2017 (appendix), by 2.5."""
    angles = torch.arange(count, dtype=torch.float64) * (2 * math.pi / count)
    centres = radius * torch.stack([angles.cos(), angles.sin()], 1)
    return _mixture(centres, sigma, [f"{360 * k / count:g}°" for k in range(count)])


def grid(side: int = 5, spacing: float = 0.4, sigma: float = 0.01) -> Cloud:
    """Gaussians on a square grid.

    Spacing 2 and deviation 0.05 of Lin et al. 2018 (PacGAN, section 4.1), divided by 5.
    """
    places = (torch.arange(side, dtype=torch.float64) - (side - 1) / 2) * spacing
    names = [f"column {x + 1}, row {y + 1}" for x in range(side) for y in range(side)]
    return _mixture(torch.cartesian_prod(places, places), sigma, names)


def spiral(arms: int = 2, turns: float = 1.25, sigma: float = 0.015, stretches: int = 8) -> Cloud:
    """Spiral arms of Archimedes from 0.15 to 0.9, points as dense along them as across.

    Each arm's modes are ``stretches`` of equal length.
    """
    fine = torch.linspace(0, 1, 20_001, dtype=torch.float64)
    steps = (_arm(fine, turns).diff(dim=0)).norm(dim=1)
    length = torch.cat([steps.new_zeros(1), steps.cumsum(0)])
    count = 128 * stretches
    # Centres at equal steps along the arm, each in the middle of its step.
    wanted = (torch.arange(count, dtype=torch.float64) + 0.5) / count * length[-1]
    after = torch.searchsorted(length, wanted)
    missing = (length[after] - wanted) / steps[after - 1]
    first = _arm(fine[after] - missing * fine[1], turns)
    angles = torch.arange(arms, dtype=torch.float64) * (2 * math.pi / arms)
    turned = [_turned(first, angle) for angle in angles]
    modes = torch.arange(arms * count) // 128
    names = [f"arm {a + 1}, part {k + 1}" for a in range(arms) for k in range(stretches)]
    return Cloud(torch.cat(turned), sigma, modes, tuple(names), directions=1)


CLOUDS: dict[str, Callable[[], Cloud]] = {"ring": ring, "grid": grid, "spiral": spiral}
"""Every source of points by name."""


def read_points(name: str, part: str) -> Raw:
    """The "train" or "test" part of a source of points: float32 [N, 2, 1, 1], labels, names."""
    cloud = CLOUDS[name]()
    points, modes = cloud.sample(COUNTS[part], name, part)
    plane = Points()
    return Raw(points.view(-1, *plane.shape), modes, cloud.names, domain=plane)


def _mixture(centres: Tensor, sigma: float, names: list[str]) -> Cloud:
    return Cloud(centres, sigma, torch.arange(len(centres)), tuple(names))


def _arm(place: Tensor, turns: float) -> Tensor:
    """The arm at ``place`` [N] from its inner end (0) to its outer one (1): [N, 2]."""
    angle = 2 * math.pi * turns * place
    return (0.15 + 0.75 * place)[:, None] * torch.stack([angle.cos(), angle.sin()], 1)


def _turned(points: Tensor, angle: Tensor) -> Tensor:
    rows = [torch.stack([angle.cos(), angle.sin()]), torch.stack([-angle.sin(), angle.cos()])]
    return points @ torch.stack(rows)
