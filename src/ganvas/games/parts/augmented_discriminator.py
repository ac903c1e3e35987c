"""How a discriminator sees images and what it says of them."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.strength import Strength
from ganvas.games.parts.term import DiscriminatorOutput
from ganvas.games.parts.unrolled import Score


@dataclass(frozen=True)
class AugmentedDiscriminator:
    """augmentation: of all images that it gets. pack: images that are seen as channels of one.
    joint: reals and fakes go through the discriminator in one pass."""

    augmentation: Strength
    pack: int = 1
    joint: bool = False

    def augmented(self, turn: Turn, images: Tensor, side: str) -> Tensor:
        """Images of a side, ``real.`` or ``fake.``, as the discriminator sees them."""
        images = self.augmentation.augmented(turn, images, side)
        return images if self.pack == 1 else packed(images, self.pack)

    def both(
        self, score: Score, real: Tensor, fake: Tensor, conditions: tuple[Tensor, ...]
    ) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """What a discriminator says of as many reals and fakes, which were told the same."""
        if not self.joint:
            return discriminator_output(score, real, conditions), discriminator_output(
                score, fake, conditions
            )
        twice = tuple(torch.cat([each, each]) for each in conditions)
        scores, logits = split_output(score(torch.cat([real, fake]), *twice))
        half = len(real)
        read = (None, None) if logits is None else (logits[:half], logits[half:])
        return DiscriminatorOutput(real, conditions, scores[:half], read[0]), DiscriminatorOutput(
            fake, conditions, scores[half:], read[1]
        )


def packed(images: Tensor, count: int) -> Tensor:
    """Each ``count`` images as the channels of one: [N, C, H, W] to [N / count, count C, H, W]."""
    return images.unflatten(0, (-1, count)).flatten(1, 2)


def split_output(answer: Any) -> tuple[Tensor, Tensor | None]:
    """Scores, and what a classifier beside them reads, of a discriminator's answer.

    In float32: the slope of a loss at a sure score is small, and bfloat16 would round its parts,
    which cancel, before they are summed.
    """
    scores, logits = answer if isinstance(answer, tuple) else (answer, None)
    return scores.float(), logits


def discriminator_output(
    score: Score, images: Tensor, conditions: tuple[Tensor, ...]
) -> DiscriminatorOutput:
    """Images as a discriminator scores them."""
    return DiscriminatorOutput(images, conditions, *split_output(score(images, *conditions)))
