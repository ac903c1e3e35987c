"""Amplification of frequency bands."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.data.augment import wavelets
from ganvas.data.augment.chance import Chances

POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)
"""Expected share of an image's power in each band, the lowest first (Karras et al. 2020, B)."""


@dataclass(frozen=True)
class Bands:
    """Four frequency bands, each made stronger or weaker (Karras et al. 2020, appendix B).

    Beyond the rim lies the image's reflection.

    amplify: standard deviation of the log2 of a band's factor; what it adds to an image's expected
        power is taken from all bands alike.
    chance: multiplies the strength for this group; within 0 and 1.
    """

    amplify: float = 1.0
    chance: float = 1.0

    columns: ClassVar[int] = 8

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        """Images [N, C, H, W], each filtered by its own gains."""
        factors = [torch.exp2(self.amplify * chances.normal()) for _ in POWER]
        shares = zip(POWER, factors, strict=True)
        powers = [1 + share * (factor.square() - 1) for share, factor in shares]
        gains = torch.stack(factors, 1) / torch.stack(powers, 1).prod(1, keepdim=True).sqrt()
        height, width = (_filters(gains, side, images) for side in images.shape[-2:])
        return height @ images @ width.mT


def _filters(gains: Tensor, side: int, like: Tensor) -> Tensor:
    """Each image's own filter of one side [N, 1, side, side], from gains of the bands [N, 4]."""
    bands = wavelets.bands(side, like.device, like.dtype)
    unit = torch.eye(side, device=like.device, dtype=like.dtype)
    # The bands' sum is the unit matrix; written so, gains of 1 leave an image exactly as it is.
    return (unit + torch.einsum("nb,bij->nij", gains - 1, bands))[:, None]
