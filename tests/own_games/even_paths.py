"""A term with a state of its own: the generator's paths are drawn towards their running length.

The state is read in the loss, and moved by a hook from what the loss observed, so it is the same
however the batch is cut, over micro-batches or processes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

import ganvas
from ganvas.extend import (
    DiscriminatorSettings,
    GameSetup,
    GeneratorSettings,
    Hook,
    Move,
    Outcome,
    Result,
    Term,
    Turn,
)

STEP = 0.1


@dataclass(frozen=True)
class EvenPaths(Term):
    """Steps of one size in the latent make steps of one size, about their running mean.

    weight: its factor.
    decay: what the running mean keeps of itself in a round.
    """

    weight: float = 1.0
    decay: float = 0.9

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """The running mean of lengths; 0 as long as none was observed."""
        return {self.name: torch.zeros((), device=device)}

    def moves(self, setup: GameSetup) -> tuple[Move, ...]:
        """One of the generator."""

        def loss(turn: Turn) -> Result:
            latents = turn.draw.normal("latent", setup.latent)
            step = STEP * nn.functional.normalize(turn.draw.normal("step", setup.latent))
            network = turn.networks["generator"]
            lengths = (network(latents + step) - network(latents)).flatten(1).norm(dim=1) / STEP
            mean = turn.state[self.name]
            penalty = (mean > 0) * (lengths - mean).square()
            return Result(self.weight * penalty, {"length": lengths}, {self.name: lengths})

        return (Move(self.name, ("generator",), loss),)

    def hooks(self, state: dict[str, Tensor]) -> tuple[Hook, ...]:
        """One that moves the mean; the first lengths are the mean itself."""
        mean = state[self.name]

        def follow(outcome: Outcome) -> None:
            for lengths in outcome.observed[self.name]:
                now = lengths.mean().to(mean.dtype)
                mean.copy_(torch.where(mean > 0, mean.lerp(now, 1 - self.decay), now))

        return (Hook(follow),)


@dataclass(frozen=True)
class Bent:
    """A generator of points on a curve."""

    latent: int = 2

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        return nn.Sequential(
            nn.Linear(self.latent, 16), nn.Tanh(), nn.Linear(16, 2), nn.Unflatten(1, (2, 1, 1))
        )


@dataclass(frozen=True)
class Apart:
    """A discriminator of points."""

    width: int = 16

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        hidden = nn.Linear(2, self.width)
        return nn.Sequential(nn.Flatten(), hidden, nn.ReLU(), nn.Linear(self.width, 1))


def register() -> None:
    """What a plug-in does at its end."""
    ganvas.register(EvenPaths)
    ganvas.register(Bent, family=GeneratorSettings)
    ganvas.register(Apart, family=DiscriminatorSettings)
