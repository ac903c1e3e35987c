"""What each side of the two-player game computes in its turn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganvas.engine.game import Result, Turn
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator, discriminator_output
from ganvas.games.parts.penalty import Penalty
from ganvas.games.parts.term import Fakes
from ganvas.games.parts.unrolled import Score
from ganvas.games.setup import GameSetup
from ganvas.losses.adversarial import AdversarialLoss, accuracy, per_image

if TYPE_CHECKING:
    from ganvas.games.gan import GAN


Pair = tuple[Tensor, Tensor]
"""Of reals and of fakes."""


@dataclass(frozen=True)
class Sides:
    """The turns of a game's discriminator, of its lazy penalties, and of its generator.

    optimiser: the discriminator's, into whose future a look ahead sees.
    """

    settings: "GAN"
    setup: GameSetup
    judge: AugmentedDiscriminator
    loss: AdversarialLoss
    optimiser: Optimizer

    def discriminate(self, turn: Turn) -> Result:
        """The discriminator's loss [N], with the penalties of every round and with the terms."""
        images, conditions = self._both(turn)
        now = [penalty for penalty in self.settings.penalties if penalty.every == 1]
        differentiate(now, images, "images")
        augmented = self._shown(turn, images)
        differentiate(now, augmented, "augmented")
        reals, fakes = self.judge.both(turn.networks["discriminator"], *augmented, conditions)
        total = self.settings.score_weight * self.loss.discriminator(reals.scores, fakes.scores)
        stats = {
            "score/real": per_image(reals.scores),
            "score/fake": per_image(fakes.scores),
            "score/accuracy": accuracy(reals.scores, fakes.scores),
            **self.judge.augmentation.stats(turn, reals.scores),
        }
        for penalty in now:
            scores = (reals.scores, fakes.scores) if penalty.shares_scores else None
            value = self._value(penalty, turn, images, augmented, conditions, scores)
            stats[f"penalty/{penalty.kind}"] = value
            total = total + turn.scheduled[f"penalty/{penalty.kind}"] * value
        for term in self.settings.terms:
            value = term.discriminator(turn, self.setup, reals, fakes)
            total = added(total, value, stats, f"{term.name}/d")
        return Result(total, stats)

    def penalise(self, penalty: Penalty) -> Callable[[Turn], Result]:
        """The turn of a penalty that is not of every round, and counts the more for it."""

        def lazily(turn: Turn) -> Result:
            images, conditions = self._both(turn)
            augmented = images if penalty.through == "images" else self._shown(turn, images)
            value = self._value(penalty, turn, images, augmented, conditions)
            weight = turn.scheduled[f"penalty/{penalty.kind}"] * penalty.every
            return Result(weight * value, {f"penalty/{penalty.kind}": value})

        return lazily

    def generate(self, turn: Turn) -> Result:
        """The generator's loss [N], with the terms."""
        if self.settings.fresh_reals:
            turn = replace(turn, shared=fresh(turn))
        reuse = self.settings.reuse_fakes
        fakes = turn.shared("fakes", lambda: self._create(turn)) if reuse else self._create(turn)
        fake, conditions = self.judge.augmented(turn, fakes.images, "fake."), fakes.conditions
        score = self._opponent(turn, fake, conditions)
        output = discriminator_output(score, fake, conditions)
        total = self._answer(turn, score, output.scores, conditions)
        stats: dict[str, Tensor] = {}
        for term in self.settings.terms:
            value = term.generator(turn, self.setup, fakes, output)
            total = added(total, value, stats, f"{term.name}/g")
        return Result(total, stats)

    def _create(self, turn: Turn) -> Fakes:
        latents = turn.draw.normal("latent", self.setup.latent)
        conditions = self.setup.conditions(turn)
        return Fakes(latents, conditions, turn.networks["generator"](latents, *conditions).float())

    def _both(self, turn: Turn) -> tuple[Pair, tuple[Tensor, ...]]:
        """Reals and fakes before any augmentation, and what both are told."""
        with torch.set_grad_enabled(self.settings.reuse_fakes):
            fakes = turn.shared("fakes", lambda: self._create(turn))
        reals = turn.shared("batch", turn.draw.data).images
        return (reals.detach(), fakes.images.detach()), fakes.conditions

    def _shown(self, turn: Turn, images: Pair) -> Pair:
        """Reals and fakes as the discriminator sees them."""
        real, fake = images
        return self.judge.augmented(turn, real, "real."), self.judge.augmented(turn, fake, "fake.")

    def _value(
        self,
        penalty: Penalty,
        turn: Turn,
        images: Pair,
        augmented: Pair,
        conditions: tuple[Tensor, ...],
        scores: Pair | None = None,
    ) -> Tensor:
        """A penalty [N], of images before their augmentation or behind it, as its setting says."""
        before = penalty.through == "images"
        real, fake = images if before else augmented
        judge = self.judge if before else None
        if scores is None:
            return penalty.value(turn, real, fake, None, conditions, judge)
        scored = (scores[0], real) if penalty.kind == "r1" else (scores[1], fake)
        return penalty.value(turn, real, fake, scored, conditions, judge)

    def _reals(self, turn: Turn) -> Tensor:
        return self.judge.augmented(turn, turn.shared("batch", turn.draw.data).images, "real.")

    def _opponent(self, turn: Turn, fake: Tensor, conditions: tuple[Tensor, ...]) -> Score:
        """The discriminator that the generator answers: today's, or that of some steps on."""
        network = turn.networks["discriminator"]
        if self.settings.unrolled is None:
            return network
        real = self._reals(turn)

        def loss(score: Score) -> Tensor:
            reals, fakes = self.judge.both(score, real, fake, conditions)
            return self.loss.discriminator(reals.scores, fakes.scores)

        return self.settings.unrolled.ahead(network, loss, self.optimiser)

    def _answer(
        self, turn: Turn, score: Score, fakes: Tensor, conditions: tuple[Tensor, ...]
    ) -> Tensor:
        """The generator's adversarial loss [N]."""
        if self.settings.unrolled is None or self.settings.unrolled.objective == "fakes":
            return self.loss.generator(self._rivals(turn, score, fakes, conditions), fakes)
        reals = discriminator_output(score, self._reals(turn), conditions)
        return -self.loss.discriminator(reals.scores, fakes)

    def _rivals(
        self, turn: Turn, score: Score, fakes: Tensor, conditions: tuple[Tensor, ...]
    ) -> Tensor:
        """Scores of the reals; of the fakes, for a loss whose generator looks at no real."""
        if not self.loss.needs_reals:
            return fakes
        with torch.no_grad():
            return discriminator_output(score, self._reals(turn), conditions).scores


def fresh(turn: Turn) -> Callable[[str, Callable[[], Any]], Any]:
    """``shared`` of a turn, in which the batch is the next one. Its reals will be drawn by the next
    turn of the discriminator: the clock does not count them twice."""

    def shared(name: str, make: Callable[[], Any]) -> Any:
        if name == "batch":
            return turn.shared("batch.next", turn.draw.ahead)
        return turn.shared(name, make)

    return shared


def differentiate(penalties: Iterable[Penalty], images: Pair, through: str) -> None:
    """Make images ready for the slopes of penalties through them that share the game's scores."""
    for penalty in penalties:
        if penalty.shares_scores and penalty.through == through:
            images[penalty.kind == "r2"].requires_grad_()


def added(total: Tensor, value: Tensor | None, stats: dict[str, Tensor], name: str) -> Tensor:
    """A loss [N] and what a term adds to it, which is written down: one number for each of its N,
    or, where images are packed, for each image."""
    if value is None:
        return total
    value = value.unflatten(0, (len(total), -1)).flatten(1).mean(1)
    stats[f"term/{name}"] = value
    return total + value
