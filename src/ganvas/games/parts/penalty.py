"""A gradient penalty as games play it: on which images, on how many of them, in which form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganvas.engine.game import Move, Result, Turn
from ganvas.engine.schedule import Schedule
from ganvas.errors import unknown
from ganvas.games.parts.augmented_discriminator import DiscriminatorInput
from ganvas.losses.penalties import approximate
from ganvas.losses.penalty_kinds import PENALTIES, PenaltyKind
from ganvas.networks.protocols import Discriminator

NOISE = {"reals": "real.", "fakes": "fake."}
"""Whose noise augments the images of a penalty; images of its own have their own."""

Inputs = Callable[[Turn], tuple[DiscriminatorInput, DiscriminatorInput]]
"""Reals and fakes of a discriminator's turn."""


@dataclass(frozen=True)
class Penalty:
    """A gradient penalty of the discriminator: its slopes in images are kept near 0, or near 1.

    What it costs: ``r1`` and ``r2`` in every round, exact and on all images, differentiate twice
    the scores that the loss made. Anything else first sends its images, a ``part`` of the batch,
    through the discriminator once more, and then differentiates twice. ``approximate`` sends them
    twice and in float32, then differentiates once, and its gradient is much noisier.

    kind: ``gradient`` (WGAN-GP, on interpolates), ``dragan`` (beside reals), ``r1`` (on reals),
        ``r2`` (on fakes), or the name of a ``PenaltyKind`` of one's own.
    weight: its factor, 0 or more, or a schedule.
    every: rounds from one to the next, at least 1. Its weight is multiplied by the same number
        (Karras et al. 2020, appendix B).
    part: the share of the images that it looks at, above 0 and at most 1; at least one image of
        each micro-batch. Where data is shuffled, their mean estimates that of all without bias.
    form: ``exact`` differentiates twice; ``approximate`` (``r1`` and ``r2`` only) compares scores
        of images a little noise apart.
    through: whose slopes. ``augmented``: of images as the discriminator gets them, after any
        augmentation. ``images``: of images before it, through it, as in Karras et al. 2020 (ADA)
        and Huang et al. 2024 (R3GAN), whose weights are meant so: where an augmentation scales
        values by s, a slope is s times that after it. Interpolates and neighbours of reals then
        lie among images before the augmentation, and are augmented by draws of their own.

    Raises:
        ValueError: an unknown kind, a number that cannot be, or an approximate form of a kind that
            has none.
    """

    kind: str = "gradient"
    weight: Schedule = 10.0
    every: int = 1
    part: float = 1.0
    form: Literal["exact", "approximate"] = "exact"
    through: Literal["augmented", "images"] = "augmented"

    def __post_init__(self) -> None:
        if self.kind not in PENALTIES:
            raise ValueError(unknown(self.kind, PENALTIES, "penalty"))
        if self.every < 1:
            raise ValueError("a penalty's every must be at least 1")
        if not 0 < self.part <= 1:
            raise ValueError(f"part must be more than 0 and at most 1, not {self.part}")
        if self.form == "approximate" and not self._known.can_be_approximate:
            raise ValueError(f"the approximate form exists for r1 and r2 only, not {self.kind}")

    @property
    def name(self) -> str:
        """The name of its weight and of its value in the log."""
        return f"penalty/{self.kind}"

    @property
    def shares_scores(self) -> bool:
        """Whether it needs no pass of its own: the scores of the whole batch serve it."""
        return self._known.points in NOISE and self.form == "exact" and self.part == 1

    @property
    def is_of_fakes(self) -> bool:
        """Whether it looks at fakes themselves."""
        return self._known.points == "fakes"

    @property
    def _known(self) -> PenaltyKind:
        return PENALTIES[self.kind]

    def value(
        self,
        turn: Turn,
        reals: DiscriminatorInput,
        fakes: DiscriminatorInput,
        scores: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """One number a score [N]; where it looks at a part, each is that part's mean.

        Args:
            turn: whose ``discriminator`` it is, and where its noise comes from.
            reals, fakes: as many images of each.
            scores: of all reals and all fakes, where the game has them already, [N, ...] each. A
                penalty that ``shares_scores`` takes them; see ``require_slopes``.
        """
        if scores is not None and self.shares_scores:
            of_fakes = self.is_of_fakes
            return self._known.value(scores[of_fakes], self._images((reals, fakes)[of_fakes]))
        real, fake = self._images(reals).detach(), self._images(fakes).detach()
        pack = reals.discriminator.pack if self.through == "images" else 1
        whole = len(real) // pack
        # The first of a shuffled batch are a random part of it; fakes are all alike.
        count = max(1, round(self.part * whole))
        points = self._points(turn, real, fake, pack)[: count * pack].detach()
        score = self._score(turn, reals, count, len(points))
        if self.form == "approximate":
            noise = _each(turn.draw.normal(f"{self.kind}.noise", *real.shape[1:]), real)
            value = approximate(score, points, noise[: len(points)])
        else:
            value = self._known.value(score(points.requires_grad_()), points)
        return value if count == whole else value.mean().expand(whole)

    def _images(self, images: DiscriminatorInput) -> Tensor:
        return images.plain if self.through == "images" else images.augmented

    def _points(self, turn: Turn, real: Tensor, fake: Tensor, pack: int) -> Tensor:
        """The images that it looks at; where ``pack`` images share a score, made ones lie equally
        far between others."""
        points = self._known.points
        if isinstance(points, str):
            return fake if self.is_of_fakes else real

        def uniform(name: str, *shape: int) -> Tensor:
            draws = _each(turn.draw.uniform(name, *shape), real)
            return draws if shape else _alike(draws, pack)

        return points(real, fake, uniform)

    def _score(
        self, turn: Turn, reals: DiscriminatorInput, count: int, images: int
    ) -> Callable[[Tensor], Tensor]:
        """From points to scores of the turn's discriminator, through the augmentation where the
        slopes are: each ``images`` points, which have ``count`` scores, are augmented alike."""
        conditions = [rows[:count] for rows in reals.conditions]
        score = _scores_alone(turn.networks["discriminator"], conditions)
        if self.through == "augmented":
            return score
        points, augmented = self._known.points, reals.discriminator.augmented
        noise = NOISE[points] if isinstance(points, str) else f"{self.kind}."

        def through(points: Tensor) -> Tensor:
            chunks = points.split(images)
            return score(torch.cat([augmented(turn, chunk, noise) for chunk in chunks]))

        return through


def require_slopes(
    penalties: Iterable[Penalty], reals: DiscriminatorInput, fakes: DiscriminatorInput
) -> None:
    """Make images that are to be scored ready for penalties that share these scores."""
    sharing = [penalty for penalty in penalties if penalty.shares_scores]
    # Augmented images are made from plain ones, which so must be ready first.
    for penalty in sorted(sharing, key=lambda penalty: penalty.through == "augmented"):
        penalty._images(fakes if penalty.is_of_fakes else reals).requires_grad_()


def penalty_move(penalty: Penalty, inputs: Inputs, repeat: int = 1) -> Move:
    """A move of the discriminator for a penalty alone, ``repeat`` turns a round."""

    def penalty_loss(turn: Turn) -> Result:
        value = penalty.value(turn, *inputs(turn))
        return Result(turn.scheduled[penalty.name] * penalty.every * value, {penalty.name: value})

    name = f"penalty.{penalty.kind}"
    return Move(name, ("discriminator",), penalty_loss, every=penalty.every, repeat=repeat)


def penalty_schedules(penalties: Iterable[Penalty]) -> dict[str, Schedule]:
    """The weights of penalties by name, for a game's schedules."""
    return {penalty.name: penalty.weight for penalty in penalties}


def check_penalties(penalties: Iterable[Penalty]) -> None:
    """Raises ValueError where two penalties are of one kind: they would share their names."""
    kinds = [penalty.kind for penalty in penalties]
    if len(set(kinds)) < len(kinds):
        raise ValueError("each kind of penalty may stand once")


def _each(draws: Tensor, images: Tensor) -> Tensor:
    """From a draw for each image of a turn, one for each of ``images``. These may be packs: the
    draw of the first in it, so that micro-batches draw what the whole batch would."""
    return draws[:: len(draws) // len(images)]


def _alike(draws: Tensor, pack: int) -> Tensor:
    """A draw for each image; those of a pack all have the first one's."""
    return draws if pack == 1 else draws[::pack].repeat_interleave(pack, 0)


def _scores_alone(network: Discriminator, conditions: list[Tensor]) -> Callable[[Tensor], Tensor]:
    """From images to scores, without the logits of a classifier beside them."""

    def score(images: Tensor) -> Tensor:
        # An approximate penalty scores two images a condition.
        each = len(images) // max(1, len(conditions[0])) if conditions else 1
        answer = network(images, *(rows.repeat(each, 1) for rows in conditions))
        return answer[0] if isinstance(answer, tuple) else answer

    return score
