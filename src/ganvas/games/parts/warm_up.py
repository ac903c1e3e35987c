"""Before the game: a generator that has already met the data."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Move, Phase, Result, Turn
from ganvas.games.parts.fakes import generate
from ganvas.games.setup import GameSetup
from ganvas.losses.precision import at_least_float32


@dataclass(frozen=True)
class WarmUp:
    """Pre-training of the generator by implicit maximum likelihood (Li & Malik 2018, algorithm 1).

    Each real pulls the nearest of the turn's fakes towards it; with conditions, the nearest of
    those that have the same. Then no mode of the data is without a fake, and no fake is sharp:
    that is left to the game. The discriminator and its classifier learn from the beginning, as in
    the game. Where hardly two images of a turn have the same condition (dozens of attributes, many
    classes), the generator only learns the mean image of each condition.

    images: how many it takes, at least 1; then the game begins.

    Raises:
        ValueError: fewer than 1 image.
    """

    images: int = 20_000

    def __post_init__(self) -> None:
        if self.images < 1:
            raise ValueError("a warm-up needs at least 1 image")

    def phase(self, setup: GameSetup, discriminator_moves: tuple[Move, ...]) -> Phase:
        """The phase before the game, in which the discriminator moves as it does later."""
        move = Move("generator", ("generator",), lambda turn: self.generator_loss(turn, setup))
        return Phase([discriminator_moves, (move,)], until=self.images)

    def generator_loss(self, turn: Turn, setup: GameSetup) -> Result:
        """The mean squared error [N] of each real to its nearest fake."""
        reals = setup.items(turn)
        fakes = generate(turn, setup)
        source = setup.condition_source
        alike = fakes.conditions if source is not None and source.of_reals else ()
        chosen = nearest(reals, fakes.images.detach(), *alike)
        error = (fakes.images[chosen] - reals).square().flatten(1).mean(1)
        return Result(error, {"warm-up/error": error}, fakes.observed)


@torch.no_grad()
def nearest(reals: Tensor, fakes: Tensor, conditions: Tensor | None = None) -> Tensor:
    """For each of the reals [N, ...] the place of the nearest of the fakes [M, ...]: int64 [N].

    conditions: [N, K] of reals and of as many fakes; then of those with equal conditions alone.
    """
    reals, fakes = (at_least_float32(each.flatten(1)) for each in (reals, fakes))
    distance = torch.cdist(reals, fakes)
    if conditions is not None:
        other = (conditions[:, None] != conditions).any(2)
        distance = distance.masked_fill(other, torch.inf)
    return distance.argmin(1)
