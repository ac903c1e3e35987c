"""Which samples a run makes again and again, to be looked at."""

from dataclasses import dataclass

from torch import Tensor

from ganvas.sampling.conditions import Conditions
from ganvas.sampling.generate import latents

GRID = 64
"""Samples of a sheet, unless each class has a row."""

MOST_CLASSES = 16
"""So many classes have a row each; of more, 64 samples have random ones."""


@dataclass(frozen=True)
class Sheet:
    """The inputs of a generator for a sheet of samples.

    latents: [N, L].
    conditions: [N, K], or None without.
    columns: of the picture; None makes it as square as can be.
    """

    latents: Tensor
    conditions: Tensor | None = None
    columns: int | None = None


def sheet(seed: int, latent: int, conditions: Conditions | None) -> Sheet:
    """Fixed latents; where there are few classes, the same eight in a row for each of them.

    Args:
        seed: of latents and conditions.
        latent: L.
        conditions: those of the data; None without.
    """
    if conditions is None:
        return Sheet(latents(seed, GRID, latent))
    kinds = len(conditions.names)
    if not conditions.exclusive or kinds > MOST_CLASSES:
        return Sheet(latents(seed, GRID, latent), conditions.sample(seed, GRID))
    columns = GRID // 8
    rows = conditions.rows.float().repeat_interleave(columns, 0)
    return Sheet(latents(seed, columns, latent).repeat(kinds, 1), rows, columns)
