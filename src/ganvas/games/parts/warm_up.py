"""Before the game: a generator that has already met the data."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Result, Turn
from ganvas.games.setup import GameSetup


@dataclass(frozen=True)
class WarmUp:
    """Pre-training for so many images: while the discriminator plays as ever (and its classifier,
    if it has one, learns the labels), the generator learns without it, by implicit maximum
    likelihood (Li & Malik 2018, algorithm 1): each real pulls the nearest of the turn's fakes, told
    the same where they are told anything, towards it. No mode of the data is without a fake then,
    and no fake is sharp: that is left to the game. Where hardly two of a turn are told the same
    (dozens of attributes, many classes) it teaches but the mean of what they are told.

    Raises:
        ValueError: fewer than 1 image.
    """

    images: int = 20_000

    def __post_init__(self) -> None:
        if self.images < 1:
            raise ValueError("a warm-up needs at least 1 image")

    def generate(self, turn: Turn, setup: GameSetup) -> Result:
        """The generator's loss: mean squared error [N] of each real to its nearest fake."""
        reals = turn.shared("batch", turn.draw.data).images
        latents, conditions = turn.draw.normal("latent", setup.latent), setup.conditions(turn)
        fakes = turn.networks["generator"](latents, *conditions).float()
        alike = (
            conditions
            if setup.condition_source is not None and setup.condition_source.of_reals
            else ()
        )
        chosen = nearest(reals, fakes.detach(), *alike)
        error = (fakes[chosen] - reals).square().flatten(1).mean(1)
        return Result(error, {"warm-up/error": error})


@torch.no_grad()
def nearest(reals: Tensor, fakes: Tensor, conditions: Tensor | None = None) -> Tensor:
    """For each of the reals [N, ...] the place of the nearest of the fakes [M, ...]: int64 [N].

    conditions: [N, K] of reals and of as many fakes; then of those with equal conditions alone.
    """
    distance = torch.cdist(reals.flatten(1).float(), fakes.flatten(1).float())
    if conditions is not None:
        other = (conditions[:, None] != conditions).any(2)
        distance = distance.masked_fill(other, torch.inf)
    return distance.argmin(1)
