"""Differentiable augmentation of everything a discriminator sees (Zhao et al. 2020, DiffAugment).

Reals and fakes alike pass through it and gradients flow back through it, so the generator does
not learn to imitate the augmentation. Each image has a draw of its own.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.data.chance import Uniform

PARTS = (0, 1, 2, 3, 3, 4, 4)
"""Which of the five transformations each of the seven draws belongs to."""


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

    def __call__(self, images: Tensor, uniform: Uniform, strength: float | Tensor = 1.0) -> Tensor:
        """Augment images [N, C, H, W].

        Args:
            uniform: ``uniform(name, *shape)`` is fresh noise [N, *shape] in [0, 1).
            strength: probability in [0, 1], a number or a tensor [], with which each of the five
                transformations is applied to each image.
        """
        draws = uniform("augment", 7) * 2 - 1
        cutout: float | Tensor = self.cutout
        if isinstance(strength, Tensor) or strength != 1:
            applied = uniform("augment.applied", 5) < strength
            draws = draws * torch.stack([applied[:, part] for part in PARTS], 1)
            cutout = self.cutout * applied[:, 4].view(-1, 1, 1, 1)
        bright, saturate, contrast, *place = (draw.view(-1, 1, 1, 1) for draw in draws.unbind(1))
        images = images + bright * self.brightness
        if images.shape[1] == 3 and self.saturation:
            images = _around(images, images.mean(1, keepdim=True), 1 + saturate * self.saturation)
        if self.contrast:
            images = _around(images, images.mean((1, 2, 3), True), 1 + contrast * self.contrast)
        if self.translate:
            images = _translate(images, place[0] * self.translate, place[1] * self.translate)
        if self.cutout:
            images = images * outside_square(images, place[2], place[3], cutout)
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


def outside_square(images: Tensor, y: Tensor, x: Tensor, share: float | Tensor) -> Tensor:
    """A mask [N, 1, H, W] that is 0 in a rectangle, 1 elsewhere.

    Args:
        y, x: its centre [N, 1, 1, 1]; the image reaches from -1 to 1.
        share: its sides, as a share of the image's; a number or [N, 1, 1, 1].
    """
    height, width = images.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=images.device).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, width, device=images.device).view(1, 1, 1, -1)
    inside = ((rows - y).abs() < share) & ((columns - x).abs() < share)
    return (~inside).to(images.dtype)
