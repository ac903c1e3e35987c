"""Items of a data set as what samples are made of."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.domains import Domain


@dataclass(frozen=True)
class ItemSpace:
    """Items, chosen with repeats.

    domain: what they are.
    stored: all of them in stored form [M, ...].
    """

    domain: Domain
    stored: Tensor

    def draw(self, seed: int, count: int, first: int = 0) -> Tensor:
        """Items in network form [count, ...]; the i-th depends on (seed, first + i) alone."""
        positions = [
            torch.randint(
                len(self.stored), (), generator=keys.generator(seed, "sample", first + index)
            )
            for index in range(count)
        ]
        return self.domain.to_network(self.stored[torch.stack(positions)])
