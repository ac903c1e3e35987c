"""A classifier beside the discriminator reads the condition: AC-GAN, and InfoGAN's codes."""

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.term import DiscriminatorOutput, Fakes, Term
from ganvas.games.setup import GameSetup


@dataclass(frozen=True)
class Classifier(Term):
    """Cross-entropy of what the discriminator's classifier reads, against what was told.

    weight: its factor in the discriminator's loss; generator_weight: in the generator's. on: what
    the discriminator learns to read. ``both`` is AC-GAN (Odena et al. 2017, section 3): reals and
    fakes. ``fakes`` with conditions that nobody labelled is InfoGAN (Chen et al. 2016, eq. 5): a
    bound on what images tell of their codes. ``reals`` keeps bad fakes from teaching it.

    Raises:
        ValueError: a negative weight.
    """

    weight: float = 1.0
    generator_weight: float = 1.0
    on: Literal["both", "reals", "fakes"] = "both"

    def __post_init__(self) -> None:
        if self.weight < 0 or self.generator_weight < 0:
            raise ValueError("a classifier's weights must be 0 or more")

    def discriminator(
        self, turn: Turn, setup: GameSetup, real: DiscriminatorOutput, fake: DiscriminatorOutput
    ) -> Tensor:
        wanted = {"both": (real, fake), "reals": (real,), "fakes": (fake,)}[self.on]
        return self.weight * sum(classification_loss(setup, seen) for seen in wanted)  # pyright: ignore

    def generator(
        self, turn: Turn, setup: GameSetup, fakes: Fakes, fake: DiscriminatorOutput
    ) -> Tensor:
        return self.generator_weight * classification_loss(setup, fake)


def classification_loss(setup: GameSetup, seen: DiscriminatorOutput) -> Tensor:
    """Cross-entropy [N] of a reading [N, K] against its conditions, summed over attributes."""
    assert setup.condition_source is not None and seen.logits is not None  # ``fit`` has seen to it
    logits, (asked,) = seen.logits.float(), seen.conditions
    if setup.condition_source.exclusive:
        return F.cross_entropy(logits, asked, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, asked, reduction="none").sum(1)
