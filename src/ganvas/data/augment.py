"""Differentiable augmentation of everything a discriminator sees (Zhao et al. 2020, DiffAugment).

Reals and fakes alike pass through it and gradients flow back through it, so the generator does
not learn to imitate the augmentation. Each image has a draw of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Uniform = Callable[..., Tensor]


@dataclass(frozen=True)
class Augmentation:
    """How far each image may be moved; all draws are uniform.

    translate: largest shift, as a share of each side; the rim is filled with mid-grey (0 in
    [-1, 1]). cutout: side of a mid-grey square, as a share of each side. brightness: largest
    amount added. saturation, contrast: largest relative change around the image's grey, and around
    its mean.
    """

    translate: float = 0.125
    cutout: float = 0.5
    brightness: float = 0.5
    saturation: float = 1.0
    contrast: float = 0.5

    def __call__(self, images: Tensor, uniform: Uniform) -> Tensor:
        """Augment images [N, C, H, W]; ``uniform(name, *shape)`` is noise [N, *shape] in [0, 1)."""
        draws = uniform("augment", 7) * 2 - 1
        bright, saturate, contrast, *place = (draw.view(-1, 1, 1, 1) for draw in draws.unbind(1))
        images = images + bright * self.brightness
        if images.shape[1] == 3 and self.saturation:
            images = _around(images, images.mean(1, keepdim=True), 1 + saturate * self.saturation)
        if self.contrast:
            images = _around(images, images.mean((1, 2, 3), True), 1 + contrast * self.contrast)
        if self.translate:
            images = _translate(images, place[0] * self.translate, place[1] * self.translate)
        if self.cutout:
            images = images * _outside_square(images, place[2], place[3], self.cutout)
        return images


def _around(images: Tensor, centre: Tensor, factor: Tensor) -> Tensor:
    return centre + (images - centre) * factor


def _translate(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Shift by whole pixels, one shift an image, filling with zeros."""
    count, _, height, width = images.shape
    rows = torch.arange(height, device=images.device) - (down.view(-1, 1) * height).round().long()
    columns = torch.arange(width, device=images.device) - (right.view(-1, 1) * width).round().long()
    padded = F.pad(images, (1, 1, 1, 1))
    rows, columns = (rows + 1).clamp(0, height + 1), (columns + 1).clamp(0, width + 1)
    batch = torch.arange(count, device=images.device).view(-1, 1, 1)
    picked = padded.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2)


def _outside_square(images: Tensor, y: Tensor, x: Tensor, share: float) -> Tensor:
    """A mask [N, 1, H, W] that is 0 in a square centred anywhere on the image, 1 elsewhere."""
    height, width = images.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=images.device).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, width, device=images.device).view(1, 1, 1, -1)
    inside = ((rows - y).abs() < share) & ((columns - x).abs() < share)
    return (~inside).to(images.dtype)
