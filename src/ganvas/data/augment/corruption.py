"""Noise and cutout."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganvas.data.augment.chance import Chances
from ganvas.data.augment.cutout import Span, outside_square


@dataclass(frozen=True)
class Corruption:
    """Corruptions of an image (Karras et al. 2020, appendix B).

    noise: standard deviation of that of normal noise on each number. cutout: side of a mid-grey
    rectangle, centred anywhere on the image, as a share of each side. chance: see ``ADA``. span:
    what is a whole side of that: from the first pixel's centre to the last one's (``centres``), or
    from rim to rim (``rims``), as the authors have it: of 32 pixels half is 16, not 15 or 16.
    """

    noise: float = 0.1
    cutout: float = 0.5
    chance: float = 1.0
    span: Span = "centres"

    columns: ClassVar[int] = 5

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        deviation = self.noise * chances.normal().abs().view(-1, 1, 1, 1)
        if self.noise:
            images = images + deviation * chances.noise(*images.shape[1:])
        share = (self.cutout * chances.applied()).view(-1, 1, 1, 1)
        y, x = 2 * chances.uniform(2).view(2, -1, 1, 1, 1) - 1
        return images * outside_square(images, y, x, share, self.span)
