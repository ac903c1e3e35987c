"""From images to what a discriminator says of them: augmented, packed, scored."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.augmentation import DiscriminatorAugmentation
from ganvas.losses.adversarial import accuracy, per_image
from ganvas.losses.precision import at_least_float32
from ganvas.networks.protocols import Discriminator


@dataclass(frozen=True)
class DiscriminatorInput:
    """Images of one side on their way to a discriminator, and their conditions.

    turn: its draws augment them.
    discriminator: how it gets them.
    side: ``real.`` or ``fake.``, the name of the noise that augments them.
    plain: [N, C, H, W], as the data or a generator gives them.
    conditions: to unpack into a call, () or ([N, K],).
    """

    turn: Turn
    discriminator: "AugmentedDiscriminator"
    side: str
    plain: Tensor
    conditions: tuple[Tensor, ...] = ()

    @cached_property
    def augmented(self) -> Tensor:
        """The images as the network gets them: augmented, and packed where it takes packs."""
        return self.discriminator.augmented(self.turn, self.plain, self.side)


@dataclass(frozen=True)
class DiscriminatorOutput:
    """What a discriminator says of images.

    images: [N, C, H, W], as the network got them.
    conditions: of these images, () or ([N, K],).
    scores: [N, ...], float32, unbounded.
    logits: of conditions, [N, K]; None where the discriminator has no classifier.
    """

    images: Tensor
    conditions: tuple[Tensor, ...]
    scores: Tensor
    logits: Tensor | None = None


@dataclass(frozen=True)
class AugmentedDiscriminator:
    """How a discriminator gets images.

    augmentation: of all of them.
    pack: how many images it scores together, as the channels of one; at least 1.
    joint: whether reals and fakes go through it in one pass.
    """

    augmentation: DiscriminatorAugmentation
    pack: int = 1
    joint: bool = False

    def augmented(self, turn: Turn, images: Tensor, side: str) -> Tensor:
        """Images [N, C, H, W] as the network gets them, [N / pack, pack C, H, W]."""
        images = self.augmentation.apply(turn, images, side)
        return images if self.pack == 1 else packed(images, self.pack)

    def inputs(
        self, turn: Turn, reals: Tensor, fakes: Tensor, conditions: tuple[Tensor, ...] = ()
    ) -> tuple[DiscriminatorInput, DiscriminatorInput]:
        """Reals and as many fakes [N, C, H, W], with the same conditions, of a turn."""
        return (
            DiscriminatorInput(turn, self, "real.", reals, conditions),
            DiscriminatorInput(turn, self, "fake.", fakes, conditions),
        )

    def outputs(
        self, network: Discriminator, reals: DiscriminatorInput, fakes: DiscriminatorInput
    ) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """What the network says of as many reals and fakes with the same conditions."""
        if not self.joint:
            return discriminator_output(network, reals), discriminator_output(network, fakes)
        real, fake, conditions = reals.augmented, fakes.augmented, fakes.conditions
        twice = tuple(torch.cat([rows, rows]) for rows in conditions)
        scores, logits = scores_and_logits(network(torch.cat([real, fake]), *twice))
        half = len(real)
        of_real, of_fake = (None, None) if logits is None else (logits[:half], logits[half:])
        return (
            DiscriminatorOutput(real, conditions, scores[:half], of_real),
            DiscriminatorOutput(fake, conditions, scores[half:], of_fake),
        )


def discriminator_output(network: Discriminator, images: DiscriminatorInput) -> DiscriminatorOutput:
    """What a discriminator says of images."""
    answer = network(images.augmented, *images.conditions)
    return DiscriminatorOutput(images.augmented, images.conditions, *scores_and_logits(answer))


def scores_and_logits(answer: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor | None]:
    """Scores [N, ...] in float32, and logits of conditions [N, K] if any, from what a network
    returned.

    The slope of a loss at a sure score is small, and bfloat16 would round its parts, which cancel,
    before they are summed.
    """
    scores, logits = answer if isinstance(answer, tuple) else (answer, None)
    return at_least_float32(scores), logits


def packed(images: Tensor, count: int) -> Tensor:
    """Each ``count`` images as the channels of one: [N, C, H, W] to [N / count, count C, H, W]."""
    return images.unflatten(0, (-1, count)).flatten(1, 2)


def score_statistics(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """For the log, of scores [N, ...] of reals and of fakes: their means and how often their signs
    are right, [N] each."""
    return {
        "score/real": per_image(real),
        "score/fake": per_image(fake),
        "score/accuracy": accuracy(real, fake),
    }
