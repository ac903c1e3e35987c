"""Where latents come from: their prior, each by a key of its own, and its truncation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys


@dataclass(frozen=True)
class LatentSpace:
    """Latents of standard normal numbers.

    size: numbers in a latent, L.
    """

    size: int

    def draw(self, seed: int, count: int, first: int = 0) -> Tensor:
        """Latents [count, L]; the i-th depends on (seed, first + i) alone."""
        latents = [
            torch.randn(self.size, generator=keys.generator(seed, "sample", first + index))
            for index in range(count)
        ]
        return torch.stack(latents)

    def truncated(self, latents: Tensor, most: float) -> Tensor:
        """Latents squeezed into [-most, most] as a truncated normal (Brock et al. 2019, 3.1).

        Each number keeps its quantile, so the map is smooth and the same latent stays recognisable.
        It is computed on the CPU, in float64, which some devices do not have.

        most: above 0.
        """
        edge = 0.5 * (1 + math.erf(-most / math.sqrt(2)))
        quantile = edge + torch.special.ndtr(latents.cpu().double()) * (1 - 2 * edge)
        return torch.special.ndtri(quantile).clamp(-most, most).to(latents)
