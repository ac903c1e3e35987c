"""A classifier beside the discriminator reads the condition: AC-GAN, and InfoGAN's codes."""

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.augmented_discriminator import DiscriminatorOutput
from ganvas.games.parts.fakes import Fakes
from ganvas.games.parts.term import Term
from ganvas.games.setup import GameSetup
from ganvas.losses.precision import at_least_float32


@dataclass(frozen=True)
class Classifier(Term):
    """Cross-entropy between the logits of the discriminator's classifier and the conditions.

    weight: its factor in the discriminator's loss, 0 or more.
    generator_weight: its factor in the generator's loss, 0 or more.
    on: whose conditions the discriminator learns. ``both`` is AC-GAN (Odena et al. 2017, section
        3): of reals and fakes. ``fakes`` with conditions that nobody labelled is InfoGAN (Chen et
        al. 2016, eq. 5): a bound on what images tell of their codes. ``reals`` keeps bad fakes
        from teaching it.

    Raises:
        ValueError: a negative weight.
    """

    weight: float = 1.0
    generator_weight: float = 1.0
    on: Literal["both", "reals", "fakes"] = "both"

    def __post_init__(self) -> None:
        if self.weight < 0 or self.generator_weight < 0:
            raise ValueError("a classifier's weights must be 0 or more")

    def discriminator_loss(
        self, turn: Turn, setup: GameSetup, real: DiscriminatorOutput, fake: DiscriminatorOutput
    ) -> Tensor:
        """The cross-entropy of reals, of fakes, or the sum of both: [N]."""
        outputs = {"both": (real, fake), "reals": (real,), "fakes": (fake,)}[self.on]
        return self.weight * sum(classification_loss(setup, output) for output in outputs)  # pyright: ignore

    def generator_loss(
        self, turn: Turn, setup: GameSetup, fakes: Fakes, output: DiscriminatorOutput
    ) -> Tensor:
        """The cross-entropy of the fakes: [N]."""
        return self.generator_weight * classification_loss(setup, output)


def classification_loss(setup: GameSetup, output: DiscriminatorOutput) -> Tensor:
    """Cross-entropy [N] of logits [N, K] against their conditions, summed over attributes."""
    source = setup.condition_source
    assert source is not None and output.logits is not None  # see ``compatibility``
    logits, (conditions,) = at_least_float32(output.logits), output.conditions
    if source.exclusive:
        return F.cross_entropy(logits, conditions, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, conditions, reduction="none").sum(1)
