"""A gradient penalty as games play it: on which images, on how many of them, in which form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.engine.game import Turn
from ganvas.engine.schedule import Schedule
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator
from ganvas.losses import penalties as slopes

SIDES = {"r1": "real.", "r2": "fake."}
"""Whose noise augments the images of a penalty; any other kind has its own."""


@dataclass(frozen=True)
class Penalty:
    """A gradient penalty of the discriminator.

    kind: ``gradient`` (WGAN-GP, on interpolates), ``dragan`` (beside reals), ``r1`` (on reals) or
    ``r2`` (on fakes). weight: its factor, or a schedule. every: computed in each such round only,
    its weight multiplied by the same number (Karras et al. 2020, appendix B). part: the share of
    the images, of each micro-batch at least one, that it looks at; where data is shuffled, their
    mean estimates that of all without bias. form: ``exact`` differentiates twice; ``approximate``
    (``r1`` and ``r2`` alone) compares scores a little noise apart.

    What it costs: played every round, exact and on all images, ``r1`` and ``r2`` differentiate
    twice the scores that the loss made. Anything else first sends its images, a ``part`` of the
    batch, through the discriminator once more, and then differentiates twice; ``approximate``
    sends them twice and in float32, then differentiates once, and its gradient is much noisier.

    through: whose slopes they are. ``augmented``: of images as the discriminator sees them, behind
    any augmentation. ``images``: of those before it, through it, as in Karras et al. 2020 (ADA) and
    Huang et al. 2024 (R3GAN), whose weights are meant so: where an augmentation scales values by s,
    a slope is s times that behind it. Interpolates and neighbours of reals then lie among images
    before the augmentation, and are augmented by draws of their own.

    Raises:
        ValueError: a number that cannot be, or an approximate form of another kind.
    """

    kind: Literal["gradient", "dragan", "r1", "r2"] = "gradient"
    weight: Schedule = 10.0
    every: int = 1
    part: float = 1.0
    form: Literal["exact", "approximate"] = "exact"
    through: Literal["augmented", "images"] = "augmented"

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("a penalty's every must be at least 1")
        if not 0 < self.part <= 1:
            raise ValueError(f"part must be more than 0 and at most 1, not {self.part}")
        if self.form == "approximate" and self.kind not in ("r1", "r2"):
            raise ValueError(f"the approximate form exists for r1 and r2 only, not {self.kind}")

    @property
    def shares_scores(self) -> bool:
        """Whether it needs no pass of its own: the scores of the whole batch serve it."""
        return self.kind in ("r1", "r2") and self.form == "exact" and self.part == 1

    def value(
        self,
        turn: Turn,
        real: Tensor,
        fake: Tensor,
        scored: tuple[Tensor, Tensor] | None = None,
        conditions: tuple[Tensor, ...] = (),
        judge: AugmentedDiscriminator | None = None,
    ) -> Tensor:
        """One number a score [N]; where it looks at a part, each is that part's mean.

        Args:
            turn: whose ``discriminator`` it is, and where its noise comes from.
            real, fake: [N, C, H, W], as the discriminator sees them; with ``judge``, before that.
            scored: scores and their images, where it ``shares_scores``.
            told: what the discriminator is told beside them, () or conditions ([N, K],).
            judge: how they come to be seen, of a penalty through that; packs make N smaller.
        """
        if scored is not None:
            return slopes.zero_centred(*scored)
        pack = 1 if judge is None else judge.pack
        whole = len(real) // pack
        # The first of a shuffled batch are a random part of it; fakes are all alike.
        count = max(1, round(self.part * whole))
        points = self._points(turn, real.detach(), fake.detach(), pack)[: count * pack].detach()
        score = _scores_alone(turn.networks["discriminator"], [each[:count] for each in conditions])
        if judge is not None:
            score = _through(judge, turn, SIDES.get(self.kind, f"{self.kind}."), score, len(points))
        if self.form == "approximate":
            noise = _each(turn.draw.normal(f"{self.kind}.noise", *real.shape[1:]), real)
            value = slopes.approximate(score, points, noise[: len(points)])
        else:
            form = slopes.zero_centred if self.kind in ("r1", "r2") else slopes.one_centred
            value = form(score(points.requires_grad_()), points)
        return value if count == whole else value.mean().expand(whole)

    def _points(self, turn: Turn, real: Tensor, fake: Tensor, pack: int) -> Tensor:
        """What is scored, of ``pack`` images a score: these share their place between others."""
        if self.kind == "gradient":
            epsilon = _alike(_each(turn.draw.uniform("epsilon"), real), pack)
            return slopes.interpolates(real, fake, epsilon)
        if self.kind == "dragan":
            noise = _each(turn.draw.uniform("dragan.noise", *real.shape[1:]), real)
            alpha = _alike(_each(turn.draw.uniform("dragan.alpha"), real), pack)
            return slopes.neighbours(real, noise, alpha)
        return real if self.kind == "r1" else fake


def _each(draws: Tensor, images: Tensor) -> Tensor:
    """Of a draw for each image of a turn one for each of ``images``, which may be packs: that of
    the first in it, so that micro-batches draw what the whole batch would."""
    return draws[:: len(draws) // len(images)]


def _alike(draws: Tensor, pack: int) -> Tensor:
    """A draw for each image; those of a pack all have the first one's."""
    return draws if pack == 1 else draws[::pack].repeat_interleave(pack, 0)


def _through(
    judge: AugmentedDiscriminator,
    turn: Turn,
    side: str,
    score: Callable[[Tensor], Tensor],
    count: int,
) -> Callable[[Tensor], Tensor]:
    """Images before their augmentation to scores; each ``count`` of them are augmented alike."""

    def through(images: Tensor) -> Tensor:
        return score(torch.cat([judge.augmented(turn, each, side) for each in images.split(count)]))

    return through


def _scores_alone(network: nn.Module, conditions: list[Tensor]) -> Callable[[Tensor], Tensor]:
    """Images to scores, without what a classifier beside them reads."""

    def score(images: Tensor) -> Tensor:
        each = (
            len(images) // max(1, len(conditions[0])) if conditions else 1
        )  # both sides of an approximation
        answer = network(images, *(rows.repeat(each, 1) for rows in conditions))
        return answer[0] if isinstance(answer, tuple) else answer

    return score
