"""Brightness, contrast, luma, hue and saturation by one affine map of colours."""

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.data.augment.chance import Chances
from ganvas.errors import UsageError


@dataclass(frozen=True)
class Colour:
    """Colour transformations, all in one map (Karras et al. 2020, appendix B).

    Grey images are as colours on the axis of greys: hue and saturation do not move them.

    brightness: standard deviation of the amount added.
    contrast: standard deviation of the log2 of a factor of all colours.
    flip: whether light and dark may change places, while hues stay; if so, they do in half of the
        draws.
    hue: largest rotation about the axis of greys, as a share of half a turn; uniform.
    saturation: standard deviation of the log2 of a factor of the distance from that axis.
    chance: multiplies the strength for this group; within 0 and 1.

    Raises:
        UsageError: images of neither one channel nor three.
    """

    brightness: float = 0.2
    contrast: float = 0.5
    flip: bool = True
    hue: float = 1.0
    saturation: float = 1.0
    chance: float = 1.0

    columns: ClassVar[int] = 10

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        """Images [N, C, H, W] with C 1 or 3, each in other colours."""
        added = self.brightness * chances.normal()
        contrast = torch.exp2(self.contrast * chances.normal())
        luma = contrast * (1 - 2 * self.flip * chances.integer(2))
        hue = pi * self.hue * chances.signed()
        chroma = contrast * torch.exp2(self.saturation * chances.normal())
        offset = (luma * added).view(-1, 1, 1)
        pixels = images.flatten(2)
        if images.shape[1] == 1:
            changed = torch.addcmul(offset, luma.view(-1, 1, 1), pixels)
        elif images.shape[1] == 3:
            changed = torch.baddbmm(offset, colour_matrix(luma, chroma, hue), pixels)
        else:
            raise UsageError(
                f"colours of images with {images.shape[1]} channels cannot be augmented: "
                "set the augmentation's colour to null"
            )
        return changed.view(images.shape)


def colour_matrix(luma: Tensor, chroma: Tensor, hue: Tensor) -> Tensor:
    """Linear maps of RGB [N, 3, 3], from numbers [N] each.

    All of the transformations keep the axis of greys and the plane across it apart, so any product
    of them is one factor along the axis, ``luma``, and in the plane a factor, ``chroma``, and an
    angle, ``hue``; a third of a turn takes red to green.
    """
    luma, chroma, hue = (number.view(-1, 1, 1) for number in (luma, chroma, hue))
    unit = torch.eye(3, device=luma.device, dtype=luma.dtype)
    cycle = unit.roll(1, 0)
    along = chroma * hue.cos()
    cross = (cycle - cycle.T) / 3**0.5
    return along * unit + (luma - along) / 3 + chroma * hue.sin() * cross
