"""Noise and cutout."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganvas.data.augment import outside_square
from ganvas.data.chance import Chances


@dataclass(frozen=True)
class Corruption:
    """Corruptions of an image (Karras et al. 2020, appendix B).

    noise: standard deviation of that of normal noise on each number. cutout: side of a mid-grey
    rectangle, centred anywhere on the image, as a share of each side.
    """

    noise: float = 0.1
    cutout: float = 0.5

    columns: ClassVar[int] = 5

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        deviation = self.noise * chances.normal().abs().view(-1, 1, 1, 1)
        images = images + deviation * chances.noise(*images.shape[1:])
        share = (self.cutout * chances.applied()).view(-1, 1, 1, 1)
        y, x = 2 * chances.uniform(2).view(2, -1, 1, 1, 1) - 1
        return images * outside_square(images, y, x, share)
