"""Scaling, rotation, stretching and shifts of images by one affine resampling."""

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.data.augment.bilinear import bilinear
from ganvas.data.augment.chance import Chances
from ganvas.data.augment.wavelets import MARGIN, downsampling, upsampling


@dataclass(frozen=True)
class Geometry:
    """Geometric transformations, all in one resampling (Karras et al. 2020, appendix B).

    Beyond the rim lies the image's reflection. An image that nothing is applied to comes back as it
    is, not resampled.

    scale: standard deviation of the log2 of a zoom of both sides.
    stretch: standard deviation of the log2 of a zoom of one side, by which the other one shrinks.
    rotate: largest angle before the stretching, and again after it, as a share of half a turn;
        uniform.
    translate: standard deviation of a shift, as a share of each side.
    chance: multiplies the strength for this group; within 0 and 1.
    """

    scale: float = 0.2
    stretch: float = 0.2
    rotate: float = 1.0
    translate: float = 0.125
    chance: float = 1.0

    columns: ClassVar[int] = 11

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        """Images [N, C, H, W], each moved by its own affine map."""
        # An image is rotated before, after or both: with this each, with the strength in all.
        either = 1 - (1 - chances.strength) ** 0.5
        zoom = torch.exp2(self.scale * chances.normal())
        before = pi * self.rotate * chances.signed(strength=either)
        stretch = torch.exp2(self.stretch * chances.normal())
        after = pi * self.rotate * chances.signed(strength=either)
        shift = self.translate * chances.normal(2)
        shrink = torch.stack([1 / (zoom * stretch), stretch / zoom], 1)
        inverse = (_rotation(-before) * shrink[:, None, :]) @ _rotation(-after)
        still = (inverse == torch.eye(2, device=images.device)).all(2).all(1) & (shift == 0).all(0)
        moved = resample(images, inverse, shift)
        return torch.where(still.view(-1, 1, 1, 1), images, moved)


def resample(images: Tensor, inverse: Tensor, shift: Tensor) -> Tensor:
    """Move images [N, C, H, W]: what was at p is at M p + t, in pixels (x, y) from the centre.

    Twice as fine by an orthogonal wavelet, bilinear there, and back by the same wavelet: with
    nothing between, these two undo each other, and what a rotation makes too fine for pixels is
    taken away (Karras et al. 2020, appendix B). The paper reflects the pixels, by a rim as wide as
    a batch needs; here the fine grid is reflected, whose size no draw decides. As the wavelet is
    not quite symmetric, the finest detail at the very rim is then not quite restored.

    Args:
        inverse: M^-1 [N, 2, 2].
        shift: t [2, N], as a share of each side.
    """
    height, width = images.shape[-2:]
    place = images.device, images.dtype
    fine = upsampling(height, *place) @ (images @ upsampling(width, *place).T)
    grid = _sources(inverse, shift, height, width)
    moved = bilinear(fine, grid)
    return downsampling(height, *place) @ (moved @ downsampling(width, *place).T)


def _sources(inverse: Tensor, shift: Tensor, height: int, width: int) -> Tensor:
    """Where each place of the fine grid comes from [N, H', W', 2]; end pixels lie at -1 and 1."""
    right, down = shift[..., None, None]
    x = (_fine_places(width, shift) - right * width).view(-1, 1, 2 * width - 1 + 2 * MARGIN)
    y = (_fine_places(height, shift) - down * height).view(-1, 2 * height - 1 + 2 * MARGIN, 1)
    places = []
    for row, side in zip(inverse.unbind(1), (width, height), strict=True):
        by_x, by_y = (row * 2 / max(1, side - 1)).T[..., None, None]
        places.append(torch.addcmul(by_x * x, by_y, y))
    return torch.stack(places).permute(1, 2, 3, 0)


def _fine_places(side: int, like: Tensor) -> Tensor:
    """The places of the fine grid, in pixels from the centre."""
    reach = side - 1 + MARGIN
    return torch.arange(-reach, reach + 1, device=like.device, dtype=like.dtype) / 2


def _rotation(angle: Tensor) -> Tensor:
    """Rotations [N, 2, 2] of (x, y); y points down, so positive angles [N] turn clockwise."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
