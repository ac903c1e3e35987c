"""Which samples a run makes again and again, to be looked at."""

from dataclasses import dataclass

from torch import Tensor

from ganvas.domains import Domain
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.generate import latents

MOST_CLASSES = 16
"""So many classes have a row each; of more, samples have random ones."""


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


def sheet(domain: Domain, seed: int, latent: int, conditions: Conditions | None) -> Sheet:
    """Fixed latents; where there are few classes, the same in a row for each of them.

    Args:
        domain: says how many items a sheet and a row of a class hold.
        seed: of latents and conditions.
        latent: L.
        conditions: those of the data; None without.
    """
    count, columns = domain.sheet_count, domain.class_columns
    if conditions is None:
        return Sheet(latents(seed, count, latent))
    kinds = len(conditions.names)
    if columns is None or not conditions.exclusive or kinds > MOST_CLASSES:
        return Sheet(latents(seed, count, latent), conditions.sample(seed, count))
    rows = conditions.rows.float().repeat_interleave(columns, 0)
    return Sheet(latents(seed, columns, latent).repeat(kinds, 1), rows, columns)
