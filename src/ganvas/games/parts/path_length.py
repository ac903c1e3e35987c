"""Path length regularisation: a style-based generator's images change evenly with w."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Move, Result, Turn
from ganvas.games.parts.term import Term
from ganvas.games.setup import GameSetup
from ganvas.losses.path_length import path_lengths, path_penalty
from ganvas.networks.protocols import Styled, implements


@dataclass(frozen=True)
class PathLength(Term):
    """Karras et al. 2020, section 3.2: path lengths are drawn towards their own running mean.

    It needs a generator that is ``Styled`` (``networks/protocols.py``).

    weight: its factor, 0 or more.
    every: rounds from one to the next, at least 1. Its weight is multiplied by the same number
        (appendix B).
    part: the share of the batch's latents that it looks at, above 0 and at most 1; at least one
        latent of each micro-batch.
    decay: how much of the running mean each turn renews, above 0 and at most 1. The first turns
        count fully, or short runs would spend themselves on the way from a mean of 0.

    Raises:
        ValueError: a number that cannot be.
    """

    weight: float = 2.0
    every: int = 4
    part: float = 0.5
    decay: float = 0.01

    def __post_init__(self) -> None:
        if self.weight < 0 or self.every < 1:
            raise ValueError("a path length's weight must be 0 or more, its every at least 1")
        if not 0 < self.part <= 1 or not 0 < self.decay <= 1:
            raise ValueError("part and decay must be more than 0 and at most 1")

    @property
    def name(self) -> str:
        """``path-length``."""
        return "path-length"

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """The running mean, and how many turns are in it."""
        return {name: torch.zeros((), device=device) for name in (self.name, f"{self.name}.turns")}

    def moves(self, setup: GameSetup) -> tuple[Move, ...]:
        """One lazy move of the generator.

        Raises:
            ValueError: the generator has no intermediate latents.
        """
        if not implements(setup.networks["generator"], Styled):
            raise ValueError("path length needs a style-based generator: `generator.kind=style`")

        def regularise(turn: Turn) -> Result:
            lengths, whole = self.lengths(turn, setup)
            mean = self.follow(turn, lengths.detach().mean())
            penalty = path_penalty(lengths, mean).mean()
            stats = {"path/length": lengths.mean(), "path/penalty": penalty}
            return Result(
                (self.weight * self.every * penalty).expand(whole),
                {name: value.expand(whole) for name, value in stats.items()},
            )

        return (Move(self.name, ("generator",), regularise, every=self.every),)

    def follow(self, turn: Turn, length: Tensor) -> Tensor:
        """The running mean [] after the mean length [] of this turn has joined it."""
        mean, turns = turn.state[self.name], turn.state[f"{self.name}.turns"]
        turns.add_(1)
        mean.lerp_(length, turns.reciprocal().clamp(min=self.decay))
        return mean.clone()

    def lengths(self, turn: Turn, setup: GameSetup) -> tuple[Tensor, int]:
        """Path lengths [M] of the images of a part of the turn's latents, and how many latents the
        turn has in all."""
        network = turn.networks["generator"]
        assert implements(network, Styled)
        latents = turn.draw.normal("latent", setup.latent)
        count = max(1, round(self.part * len(latents)))
        conditions = [each[:count] for each in setup.conditions(turn)]
        ws = network.ws(latents[:count], *conditions)
        images = network.synthesis(ws).float()
        noise = turn.draw.normal("path.noise", *images.shape[1:])[:count]
        return path_lengths(images, ws, noise), len(latents)
