"""Pixel blitting: pixels are copied to other places, and never mixed."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.data.augment.chance import Chances


@dataclass(frozen=True)
class Blit:
    """Flips, quarter turns and shifts by whole pixels (Karras et al. 2020, appendix B).

    flip: whether left and right may change places; if so, they do in half of the draws.
    rotate: whether to turn by 0, 1, 2 or 3 quarter turns, all alike likely; images that are not
        square take 0 or 2.
    translate: largest shift as a share of each side, uniform, within 0 and 1; what moves in is the
        image's reflection.
    chance: multiplies the strength for this group; within 0 and 1.

    Raises:
        ValueError: a shift by more than the whole side.
    """

    flip: bool = True
    rotate: bool = True
    translate: float = 0.125
    chance: float = 1.0

    columns: ClassVar[int] = 7

    def __post_init__(self) -> None:
        if not 0 <= self.translate <= 1:
            raise ValueError(f"translate must be within 0 and 1, not {self.translate}")

    def __call__(self, images: Tensor, chances: Chances) -> Tensor:
        """Images [N, C, H, W], whose pixels are taken from other places."""
        height, width = images.shape[-2:]
        flipped = chances.integer(2) * self.flip
        turns = chances.integer(4) if height == width else 2 * chances.integer(2)
        down, right = self.translate * chances.signed(2)
        rows, columns = _sources(height, down)[:, :, None], _sources(width, right)[:, None, :]
        rows, columns = _turned(rows, columns, turns * self.rotate, height, width)
        flipped = flipped.view(-1, 1, 1)
        columns = flipped * (width - 1) + (1 - 2 * flipped) * columns
        source = (rows * width + columns).view(-1, 1, height * width)
        picked = images.flatten(2).gather(2, source.expand(-1, images.shape[1], -1))
        return picked.view(images.shape)


def _sources(side: int, share: Tensor) -> Tensor:
    """Where each pixel of a side comes from [N, side], after a shift by a share [N] of it."""
    period = max(1, 2 * (side - 1))  # of what reflects at both ends
    shift = (share * side).round().long()[:, None]
    places = (torch.arange(side, device=share.device) - shift).remainder(period)
    return torch.minimum(places, period - places)


def _turned(
    rows: Tensor, columns: Tensor, turns: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """Where pixels come from after quarter turns [N], counter-clockwise, about the centre."""
    turns = turns.view(-1, 1, 1)
    cos, sin = (1 - turns) * (1 - turns % 2), (2 - turns) * (turns % 2)
    bottom, right = height - 1, width - 1
    # Twice the distance from the centre is a whole number, also where a side is even.
    y = ((1 - cos) * bottom - sin * right) // 2
    x = ((1 - cos) * right + sin * bottom) // 2
    return (y + cos * rows) + sin * columns, (x - sin * rows) + cos * columns
