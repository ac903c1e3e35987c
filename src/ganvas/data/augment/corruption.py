"""Noise and cutout."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganvas.data.augment.chance import Chances
from ganvas.data.augment.cutout import Span, outside_square


@dataclass(frozen=True)
class Corruption:
    """Corruptions of an image (Karras et al. 2020, appendix B).

    noise: an image's noise has a standard deviation drawn for it, and this is the deviation of that
        draw.
    cutout: side of a mid-grey rectangle, centred anywhere on the image, as a share of each side.
    chance: multiplies the strength for this group; within 0 and 1.
    span: what is a whole side: from the first pixel's centre to the last one's (``centres``), or
        from rim to rim (``rims``), as the authors have it: half of 32 pixels is 16, not 15 or 16.
    """

    noise: float = 0.1
    cutout: float = 0.5
    chance: float = 1.0
    span: Span = "centres"

    columns: ClassVar[int] = 5

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        """Images [N, C, H, W], with noise and with a rectangle cut out."""
        deviation = self.noise * chances.normal().abs().view(-1, 1, 1, 1)
        if self.noise:
            images = images + deviation * chances.noise(*images.shape[1:])
        share = (self.cutout * chances.applied()).view(-1, 1, 1, 1)
        y, x = 2 * chances.uniform(2).view(2, -1, 1, 1, 1) - 1
        return images * outside_square(images, y, x, share, self.span)
