"""What games share that have an encoder."""

from collections.abc import Mapping

from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.engine.player import Player
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.precision import at_least_float32

ENCODER_PLAYERS: Mapping[str, str | None] = {**GameSettings.players, "encoder": "generator"}
"""The encoder's rate is the generator's, where the recipe gives it no optimiser of its own."""


def encode(turn: Turn, setup: GameSetup) -> tuple[Tensor, Tensor]:
    """Means and log-variances of the latents of the turn's reals, by the ``encoder``: float32
    [N, latent] each."""
    answer = at_least_float32(turn.networks["encoder"](setup.items(turn)))
    mean, log_variance = answer.chunk(2, 1)
    return mean, log_variance


def gaussian(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A draw of N(mean, exp(log_variance)) that gradients pass, by standard normal noise; all
    [N, D] (Kingma & Welling 2014, section 2.4)."""
    return mean + (log_variance / 2).exp() * noise


def encoder_players(setup: GameSetup) -> dict[str, Player]:
    """Three players, each of one network."""
    return {name: setup.player(name) for name in ("discriminator", "encoder", "generator")}
