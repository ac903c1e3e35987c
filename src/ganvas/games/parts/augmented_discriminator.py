"""How a discriminator sees images and what it says of them."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.strength import Strength
from ganvas.games.parts.term import Seen
from ganvas.games.parts.unrolled import Score


@dataclass(frozen=True)
class Judge:
    """sight: the augmentation of all that is seen. pack: images that are seen as channels of one.
    joint: reals and fakes go through the discriminator in one pass."""

    sight: Strength
    pack: int = 1
    joint: bool = False

    def shown(self, turn: Turn, images: Tensor, side: str) -> Tensor:
        """Images of a side, ``real.`` or ``fake.``, as the discriminator sees them."""
        images = self.sight.shown(turn, images, side)
        return images if self.pack == 1 else packed(images, self.pack)

    def both(
        self, score: Score, real: Tensor, fake: Tensor, told: tuple[Tensor, ...]
    ) -> tuple[Seen, Seen]:
        """What a discriminator says of as many reals and fakes, which were told the same."""
        if not self.joint:
            return judged(score, real, told), judged(score, fake, told)
        twice = tuple(torch.cat([each, each]) for each in told)
        scores, reading = verdict(score(torch.cat([real, fake]), *twice))
        half = len(real)
        read = (None, None) if reading is None else (reading[:half], reading[half:])
        return Seen(real, told, scores[:half], read[0]), Seen(fake, told, scores[half:], read[1])


def packed(images: Tensor, count: int) -> Tensor:
    """Each ``count`` images as the channels of one: [N, C, H, W] to [N / count, count C, H, W]."""
    return images.unflatten(0, (-1, count)).flatten(1, 2)


def verdict(answer: Any) -> tuple[Tensor, Tensor | None]:
    """Scores, and what a classifier beside them reads, of a discriminator's answer.

    In float32: the slope of a loss at a sure score is small, and bfloat16 would round its parts,
    which cancel, before they are summed.
    """
    scores, reading = answer if isinstance(answer, tuple) else (answer, None)
    return scores.float(), reading


def judged(score: Score, images: Tensor, told: tuple[Tensor, ...]) -> Seen:
    """Images as a discriminator scores them."""
    return Seen(images, told, *verdict(score(images, *told)))
