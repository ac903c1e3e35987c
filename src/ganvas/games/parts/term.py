"""A term: an idea that adds something to either side of the two-player game."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Move, Turn
from ganvas.games.setup import GameSetup


@dataclass(frozen=True)
class Fakes:
    """A generator's turn: latents [N, latent], what it was told, () or ([N, K],), its images."""

    latents: Tensor
    conditions: tuple[Tensor, ...]
    images: Tensor


@dataclass(frozen=True)
class DiscriminatorOutput:
    """What a discriminator said: of images (as it saw them), told what, its scores [N, ...], and
    logits of conditions [N, K] where it has a classifier."""

    images: Tensor
    conditions: tuple[Tensor, ...]
    scores: Tensor
    logits: Tensor | None = None


class Term:
    """Settings of an idea; what it does not change it leaves as here.

    ``discriminator`` and ``generator`` return what is added to that side's loss, one number an
    image [N], or None. ``moves`` are played with the generator's move; ``state`` is checkpointed.
    """

    @property
    def name(self) -> str:
        """Of its state and in the log: ``term/...``."""
        return type(self).__name__.lower()

    def discriminator(
        self, turn: Turn, setup: GameSetup, real: DiscriminatorOutput, fake: DiscriminatorOutput
    ) -> Tensor | None:
        return None

    def generator(
        self, turn: Turn, setup: GameSetup, fakes: Fakes, fake: DiscriminatorOutput
    ) -> Tensor | None:
        return None

    def moves(self, setup: GameSetup) -> tuple[Move, ...]:
        return ()

    def state(self, device: torch.device) -> dict[str, Tensor]:
        return {}
