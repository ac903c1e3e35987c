"""Fakes: what a generator makes of latents in a turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from ganvas.engine.game import Hook, Outcome, Turn
from ganvas.games.setup import GameSetup
from ganvas.losses.precision import at_least_float32
from ganvas.networks.protocols import AveragingStyles, implements

W = "w"
"""The name under which intermediate latents are observed."""


@dataclass(frozen=True)
class Fakes:
    """Images of a generator, and what they were made from.

    latents: [N, latent], standard normal.
    conditions: to unpack into a call, () or ([N, K],).
    images: [N, C, H, W], float32, with their graph.
    observed: what a move's ``Result`` is to hand on to ``average_hooks``.
    """

    latents: Tensor
    conditions: tuple[Tensor, ...]
    images: Tensor
    observed: Mapping[str, Tensor] = field(default_factory=dict)


def generate(turn: Turn, setup: GameSetup) -> Fakes:
    """Fakes of fresh latents; their conditions are those of the turn's reals, if there are any."""
    latents = turn.draw.normal("latent", setup.latent)
    conditions = setup.conditions(turn)
    images, observed = images_of(turn.networks["generator"], latents, conditions)
    return Fakes(latents, conditions, images, observed)


def images_of(
    generator: nn.Module, latents: Tensor, conditions: tuple[Tensor, ...]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The images [N, C, H, W] of latents, float32, and what is to be observed of them."""
    if not implements(generator, AveragingStyles):
        return at_least_float32(generator(latents, *conditions)), {}
    ws = generator.ws(latents, *conditions)
    return at_least_float32(generator.synthesis(ws)), {W: ws[:, 0].detach()}


def average_hooks(setup: GameSetup) -> tuple[Hook, ...]:
    """The hook that moves the average of w of a generator that keeps one; none for others."""
    generator = setup.networks["generator"]
    if not implements(generator, AveragingStyles):
        return ()

    def follow(outcome: Outcome) -> None:
        for ws in outcome.observed.get(W, ()):
            generator.follow(ws)

    return (Hook(follow),)
