"""Fakes: what a generator makes of latents in a turn."""

from dataclasses import dataclass

from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.setup import GameSetup


@dataclass(frozen=True)
class Fakes:
    """Images of a generator, and what they were made from.

    latents: [N, latent], standard normal.
    conditions: to unpack into a call, () or ([N, K],).
    images: [N, C, H, W], float32, with their graph.
    """

    latents: Tensor
    conditions: tuple[Tensor, ...]
    images: Tensor


def generate(turn: Turn, setup: GameSetup) -> Fakes:
    """Fakes of fresh latents; their conditions are those of the turn's reals, if there are any."""
    latents = turn.draw.normal("latent", setup.latent)
    conditions = setup.conditions(turn)
    return Fakes(latents, conditions, turn.networks["generator"](latents, *conditions).float())
