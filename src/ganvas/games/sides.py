"""What each side of the two-player game computes in its turn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganvas.engine.game import Result, Turn
from ganvas.games.cast import Cast
from ganvas.games.judge import Judge, judged
from ganvas.games.penalty import Penalty
from ganvas.games.term import Made
from ganvas.games.unrolled import Score
from ganvas.losses.adversarial import AdversarialLoss, accuracy, per_image

if TYPE_CHECKING:
    from ganvas.games.gan import GAN


@dataclass(frozen=True)
class Sides:
    """The turns of a game's discriminator, of its lazy penalties, and of its generator.

    optimiser: the discriminator's, into whose future a look ahead sees.
    """

    settings: "GAN"
    cast: Cast
    judge: Judge
    loss: AdversarialLoss
    optimiser: Optimizer

    def discriminate(self, turn: Turn) -> Result:
        """The discriminator's loss [N], with the penalties of every round and with the terms."""
        real, fake, told = self._both(turn)
        now = [penalty for penalty in self.settings.penalties if penalty.every == 1]
        sharing = {penalty.kind for penalty in now if penalty.shares_scores}
        real.requires_grad_("r1" in sharing)
        fake.requires_grad_("r2" in sharing)
        reals, fakes = self.judge.both(turn.networks["discriminator"], real, fake, told)
        total = self.settings.score_weight * self.loss.discriminator(reals.scores, fakes.scores)
        stats = {
            "score/real": per_image(reals.scores),
            "score/fake": per_image(fakes.scores),
            "score/accuracy": accuracy(reals.scores, fakes.scores),
            **self.judge.sight.stats(turn, reals.scores),
        }
        scored = {"r1": (reals.scores, real), "r2": (fakes.scores, fake)}
        for penalty in now:
            points = scored[penalty.kind] if penalty.kind in sharing else None
            value = penalty.value(turn, real, fake, points, told)
            stats[f"penalty/{penalty.kind}"] = value
            total = total + turn.scheduled[f"penalty/{penalty.kind}"] * value
        for term in self.settings.terms:
            value = term.discriminator(turn, self.cast, reals, fakes)
            total = added(total, value, stats, f"{term.name}/d")
        return Result(total, stats)

    def penalise(self, penalty: Penalty) -> Callable[[Turn], Result]:
        """The turn of a penalty that is not of every round, and counts the more for it."""

        def lazily(turn: Turn) -> Result:
            real, fake, told = self._both(turn)
            value = penalty.value(turn, real, fake, told=told)
            weight = turn.scheduled[f"penalty/{penalty.kind}"] * penalty.every
            return Result(weight * value, {f"penalty/{penalty.kind}": value})

        return lazily

    def generate(self, turn: Turn) -> Result:
        """The generator's loss [N], with the terms."""
        reuse = self.settings.reuse_fakes
        made = turn.shared("fakes", lambda: self._create(turn)) if reuse else self._create(turn)
        fake, told = self.judge.shown(turn, made.images, "fake."), made.conditions
        score = self._opponent(turn, fake, told)
        fakes = judged(score, fake, told)
        total = self._answer(turn, score, fakes.scores, told)
        stats: dict[str, Tensor] = {}
        for term in self.settings.terms:
            value = term.generator(turn, self.cast, made, fakes)
            total = added(total, value, stats, f"{term.name}/g")
        return Result(total, stats)

    def _create(self, turn: Turn) -> Made:
        latents = turn.draw.normal("latent", self.cast.latent)
        conditions = self.cast.conditions(turn)
        return Made(latents, conditions, turn.networks["generator"](latents, *conditions).float())

    def _both(self, turn: Turn) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Reals and fakes as the discriminator sees them, and what both are told."""
        with torch.set_grad_enabled(self.settings.reuse_fakes):
            fakes = turn.shared("fakes", lambda: self._create(turn))
        fake = self.judge.shown(turn, fakes.images.detach(), "fake.")
        return self._reals(turn), fake, fakes.conditions

    def _reals(self, turn: Turn) -> Tensor:
        return self.judge.shown(turn, turn.shared("batch", turn.draw.data).images, "real.")

    def _opponent(self, turn: Turn, fake: Tensor, told: tuple[Tensor, ...]) -> Score:
        """The discriminator that the generator answers: today's, or that of some steps on."""
        network = turn.networks["discriminator"]
        if self.settings.unrolled is None:
            return network
        real = self._reals(turn)

        def loss(score: Score) -> Tensor:
            reals, fakes = self.judge.both(score, real, fake, told)
            return self.loss.discriminator(reals.scores, fakes.scores)

        return self.settings.unrolled.ahead(network, loss, self.optimiser)

    def _answer(self, turn: Turn, score: Score, fakes: Tensor, told: tuple[Tensor, ...]) -> Tensor:
        """The generator's adversarial loss [N]."""
        if self.settings.unrolled is None or self.settings.unrolled.objective == "fakes":
            return self.loss.generator(self._rivals(turn, score, fakes, told), fakes)
        reals = judged(score, self._reals(turn), told)
        return -self.loss.discriminator(reals.scores, fakes)

    def _rivals(self, turn: Turn, score: Score, fakes: Tensor, told: tuple[Tensor, ...]) -> Tensor:
        """Scores of the reals; of the fakes, for a loss whose generator looks at no real."""
        if not self.loss.needs_reals:
            return fakes
        with torch.no_grad():
            return judged(score, self._reals(turn), told).scores


def added(total: Tensor, value: Tensor | None, stats: dict[str, Tensor], name: str) -> Tensor:
    """A loss [N] and what a term adds to it, which is written down: one number for each of its N,
    or, where images are packed, for each image."""
    if value is None:
        return total
    value = value.unflatten(0, (len(total), -1)).flatten(1).mean(1)
    stats[f"term/{name}"] = value
    return total + value
