"""Differentiable augmentation of all that a discriminator is given (Zhao et al. 2020, DiffAugment).

Reals and fakes alike pass through it and gradients flow back through it, so the generator does
not learn to imitate the augmentation. Each image has a draw of its own.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.data.augment.chance import Uniform
from ganvas.data.augment.cutout import outside_rectangle, outside_square

PARTS = (0, 1, 2, 3, 3, 4, 4)
"""Which of the five transformations each of the seven draws belongs to."""


@dataclass(frozen=True)
class DiffAugment:
    """How far each image may be moved; all draws are uniform.

    translate: largest shift, as a share of each side; the rim is filled with mid-grey (0 in
        [-1, 1]).
    cutout: side of a mid-grey square, as a share of each side.
    brightness: largest amount added.
    saturation: largest relative change around the image's grey.
    contrast: largest relative change around the image's mean.
    steps: how shifts and squares become whole pixels. ``rounded`` rounds what was drawn, so that
        the largest shift is half as likely as any other and often a pixel short (3 of 28, not 4);
        ``even`` draws pixels, all alike likely, as the authors' code does.
    """

    translate: float = 0.125
    cutout: float = 0.5
    brightness: float = 0.5
    saturation: float = 1.0
    contrast: float = 0.5
    steps: Literal["rounded", "even"] = "rounded"

    def __call__(self, images: Tensor, uniform: Uniform, strength: float | Tensor = 1.0) -> Tensor:
        """Augment images [N, C, H, W].

        Args:
            images: in [-1, 1].
            uniform: ``uniform(name, *shape)`` is fresh noise [N, *shape] in [0, 1).
            strength: the probability in [0, 1] with which each of the five transformations is
                applied to each image; a number or a tensor [].
        """
        draws = uniform("augment", 7) * 2 - 1
        cut: float | Tensor = 1.0
        if isinstance(strength, Tensor) or strength != 1:
            applied = uniform("augment.applied", 5) < strength
            draws = draws * torch.stack([applied[:, part] for part in PARTS], 1)
            cut = applied[:, 4].view(-1, 1, 1, 1)
        bright, saturate, contrast, *place = (draw.view(-1, 1, 1, 1) for draw in draws.unbind(1))
        images = images + bright * self.brightness
        if images.shape[1] == 3 and self.saturation:
            images = _around(images, images.mean(1, keepdim=True), 1 + saturate * self.saturation)
        if self.contrast:
            images = _around(images, images.mean((1, 2, 3), True), 1 + contrast * self.contrast)
        if self.translate:
            down, right = map(self._shift, place[:2], images.shape[-2:])
            images = _translate(images, down, right)
        if self.cutout and self.steps == "even":
            sides = map(self._hole, place[2:], images.shape[-2:])
            rows, columns = ((centre, share * cut) for centre, share in sides)
            images = images * outside_rectangle(images, rows, columns, "rims")
        elif self.cutout:
            images = images * outside_square(images, place[2], place[3], self.cutout * cut)
        return images

    def _shift(self, draw: Tensor, side: int) -> Tensor:
        """Whole pixels [N, 1], of a draw [N, 1, 1, 1] within [-1, 1)."""
        if self.steps == "even":
            most = _pixels(self.translate, side)
            return (_step(draw, 2 * most + 1) - most).view(-1, 1)
        return (draw * self.translate).view(-1, 1).mul(side).round().long()

    def _hole(self, draw: Tensor, side: int) -> tuple[Tensor, float]:
        """A hole's centre along a side, with -1 and 1 at the rims, and its share of the side.

        An even number of pixels is centred between any two, or at a rim; an odd one on any pixel.
        """
        pixels = _pixels(self.cutout, side)
        odd = pixels % 2
        centre = _step(draw, side + 1 - odd) + odd / 2
        return 2 * centre / side - 1, pixels / side


def _pixels(share: float, side: int) -> int:
    """A share of a side in whole pixels."""
    return int(side * share + 0.5)


def _step(draw: Tensor, count: int) -> Tensor:
    """One of the whole numbers below ``count``, all alike likely, from a draw within [-1, 1).

    A draw of 0, which stands for none, gives the middle one.
    """
    return ((draw + 1) * (count / 2)).long().clamp(max=count - 1)


def _around(images: Tensor, centre: Tensor, factor: Tensor) -> Tensor:
    return centre + (images - centre) * factor


def _translate(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Shift by whole pixels [N, 1], filling with zeros."""
    count, _, height, width = images.shape
    rows = torch.arange(height, device=images.device) - down
    columns = torch.arange(width, device=images.device) - right
    padded = F.pad(images, (1, 1, 1, 1))
    rows, columns = (rows + 1).clamp(0, height + 1), (columns + 1).clamp(0, width + 1)
    batch = torch.arange(count, device=images.device).view(-1, 1, 1)
    picked = padded.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2)
