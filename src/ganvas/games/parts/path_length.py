"""Path length regularisation: a style-based generator's images change evenly with w."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.draw import Share
from ganvas.engine.game import Hook, Move, Outcome, Result, Turn
from ganvas.games.parts.term import Term
from ganvas.games.setup import GameSetup
from ganvas.losses.path_length import path_lengths, path_penalty
from ganvas.losses.precision import at_least_float32
from ganvas.networks.protocols import Styled, implements


@dataclass(frozen=True)
class PathLength(Term):
    """Karras et al. 2020, section 3.2: path lengths are drawn towards their own running mean.

    It needs a generator that is ``Styled`` (``networks/protocols.py``).

    weight: its factor, 0 or more.
    every: rounds from one to the next, at least 1. Its weight is multiplied by the same number
        (appendix B).
    part: the share of the batch's latents that it looks at, above 0 and at most 1: every so many-th
        of the whole batch, however it is cut.
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

        return (
            Move(
                self.name,
                ("generator",),
                lambda turn: self.regularise(turn, setup),
                every=self.every,
            ),
        )

    def hooks(self, state: dict[str, Tensor]) -> tuple[Hook, ...]:
        """One that has the running mean follow the lengths of each turn that was played."""
        mean, turns = state[self.name], state[f"{self.name}.turns"]

        def follow(outcome: Outcome) -> None:
            for lengths in outcome.observed.get(self.name, ()):
                turns.add_(1)
                weight = turns.reciprocal().clamp(min=self.decay)
                mean.lerp_(lengths.mean().to(mean.dtype), weight)

        return (Hook(follow),)

    def regularise(self, turn: Turn, setup: GameSetup) -> Result:
        """The penalty [N] of the turn's lengths beside the mean as the round found it. The first
        turn of all has none to be drawn to, and is observed alone."""
        lengths, part = self.lengths(turn, setup)
        mean, begun = turn.state[self.name], turn.state[f"{self.name}.turns"] > 0
        penalty = part.spread(begun * path_penalty(lengths, mean))
        lengths = part.spread(lengths)
        return Result(
            self.weight * self.every * penalty,
            {"path/length": lengths, "path/penalty": penalty},
            {self.name: lengths},
        )

    def lengths(self, turn: Turn, setup: GameSetup) -> tuple[Tensor, "EvenPart"]:
        """Path lengths [M] of the images of a part of the turn's latents, and which these are."""
        network = turn.networks["generator"]
        assert implements(network, Styled)
        part = EvenPart(turn.draw.share, self.part)
        latents = part.of(turn.draw.normal("latent", setup.latent))
        ws = network.ws(latents, *map(part.of, setup.conditions(turn)))
        images = at_least_float32(network.synthesis(ws))
        noise = part.of(turn.draw.normal("path.noise", *images.shape[1:]))
        return path_lengths(images, ws, noise), part


class EvenPart:
    """Every so many-th row of the global batch, as far as they lie in a micro-batch of it.

    Args:
        share: the micro-batch.
        part: about which share of the rows, above 0 and at most 1.
    """

    def __init__(self, share: Share, part: float) -> None:
        self.step = round(1 / part)
        self.first = -share.first % self.step
        self.count = share.count
        self.factor = share.batch / math.ceil(share.batch / self.step)
        # A loss needs a row, be it for nothing.
        self.is_empty = self.first >= share.count

    def of(self, rows: Tensor) -> Tensor:
        """The chosen ones of rows [N, ...]: [M, ...], one at least."""
        return rows[:1] if self.is_empty else rows[self.first :: self.step]

    def spread(self, values: Tensor) -> Tensor:
        """Values [M] of the chosen rows as [N], whose mean over the global batch is theirs."""
        if self.is_empty:
            return (0 * values).expand(self.count)
        whole = values.new_zeros(self.count)
        scaled = self.factor * values
        return torch.slice_scatter(whole, scaled, 0, self.first, None, self.step)
