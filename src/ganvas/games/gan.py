"""The two-player game: one generator, one discriminator, any adversarial loss, any penalties.

A round is the discriminator's turns (one, or n_critic), then the generator's. This page is the
whole of it; the engine does the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.engine.player import Player
from ganvas.games.penalty import Penalty
from ganvas.losses.adversarial import accuracy, adversarial_loss, per_image

Uniform = Callable[..., Tensor]
"""``uniform(name, *shape)``: fresh uniform noise [N, *shape] in [0, 1)."""

Augment = Callable[[Tensor, Uniform], Tensor]
"""Images [N, C, H, W] and a source of noise in; images of the same shape out, differentiably."""


@dataclass(frozen=True)
class GAN:
    """A generator against a discriminator.

    loss: what each side minimises, by name. real_label, fake_label: targets of losses that have
    labels; moving them smooths. penalties: added to the discriminator's loss. score_weight: factor
    of its adversarial loss beside them. reuse_fakes: the generator's turn scores the very fakes
    the discriminator just saw, which saves a generator forward; otherwise it draws fresh ones.
    joint_pass: score reals and fakes in one pass; the same numbers, sooner, where no layer couples
    the images of a batch. critic_turns: discriminator turns a round, each with fresh data
    (n_critic). weight_clip: bound on every discriminator weight after each step (Arjovsky et al.
    2017, algorithm 1).

    Raises:
        ValueError: an unknown loss, labels for one that has none, a number that cannot be, or
            two penalties of one kind.
    """

    loss: str = "non-saturating"
    real_label: float = 1.0
    fake_label: float = 0.0
    penalties: tuple[Penalty, ...] = ()
    score_weight: float = 1.0
    reuse_fakes: bool = False
    joint_pass: bool = False
    critic_turns: int = 1
    weight_clip: float | None = None

    def __post_init__(self) -> None:
        adversarial_loss(self.loss, self.real_label, self.fake_label)
        if self.critic_turns < 1:
            raise ValueError("critic_turns must be at least 1")
        kinds = [penalty.kind for penalty in self.penalties]
        if len(set(kinds)) < len(kinds):
            raise ValueError("each kind of penalty may stand once among the penalties")
        if self.weight_clip is not None and not self.weight_clip > 0:
            raise ValueError("weight_clip must be more than 0")

    def build(
        self,
        generator: Player,
        discriminator: Player,
        latent: int,
        augment: Augment | None = None,
    ) -> Game:
        """The game between two players.

        Args:
            generator: has a network ``generator``, latents [N, latent] to images [N, C, H, W].
            discriminator: has a network ``discriminator``, images to scores [N, ...].
            latent: numbers in a latent; they are standard normal.
            augment: applied to all that the discriminator sees.
        """
        loss = adversarial_loss(self.loss, self.real_label, self.fake_label)

        def create(turn: Turn) -> Tensor:
            return turn.networks["generator"](turn.draw.normal("latent", latent)).float()

        def shown(turn: Turn, images: Tensor, side: str) -> Tensor:
            if augment is None:
                return images
            return augment(images, lambda name, *shape: turn.draw.uniform(side + name, *shape))

        def both(turn: Turn) -> tuple[Tensor, Tensor]:
            reals = turn.shared("reals", lambda: turn.draw.data().images)
            with torch.set_grad_enabled(self.reuse_fakes):
                fakes = turn.shared("fakes", lambda: create(turn))
            return shown(turn, reals, "real."), shown(turn, fakes.detach(), "fake.")

        def scores(turn: Turn, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
            score = turn.networks["discriminator"]
            if not self.joint_pass:
                return score(real), score(fake)
            both_scores = score(torch.cat([real, fake]))
            return both_scores[: len(real)], both_scores[len(real) :]

        def discriminate(turn: Turn) -> Result:
            real, fake = both(turn)
            now = [penalty for penalty in self.penalties if penalty.every == 1]
            sharing = {penalty.kind for penalty in now if penalty.shares_scores}
            real.requires_grad_("r1" in sharing)
            fake.requires_grad_("r2" in sharing)
            real_scores, fake_scores = scores(turn, real, fake)
            total = self.score_weight * loss.discriminator(real_scores, fake_scores)
            stats = {
                "score/real": per_image(real_scores),
                "score/fake": per_image(fake_scores),
                "score/accuracy": accuracy(real_scores, fake_scores),
            }
            scored = {"r1": (real_scores, real), "r2": (fake_scores, fake)}
            for penalty in now:
                points = scored[penalty.kind] if penalty.kind in sharing else None
                value = penalty.value(turn, real, fake, points)
                stats[f"penalty/{penalty.kind}"] = value
                total = total + turn.scheduled[f"penalty/{penalty.kind}"] * value
            return Result(total, stats)

        def penalise(penalty: Penalty) -> Callable[[Turn], Result]:
            def lazily(turn: Turn) -> Result:
                value = penalty.value(turn, *both(turn))
                weight = turn.scheduled[f"penalty/{penalty.kind}"] * penalty.every
                return Result(weight * value, {f"penalty/{penalty.kind}": value})

            return lazily

        def generate(turn: Turn) -> Result:
            score = turn.networks["discriminator"]
            fakes = turn.shared("fakes", lambda: create(turn)) if self.reuse_fakes else create(turn)
            fake_scores = score(shown(turn, fakes, "fake."))
            if not loss.needs_reals:
                return Result(loss.generator(fake_scores, fake_scores))
            with torch.no_grad():
                reals = turn.shared("reals", lambda: turn.draw.data().images)
                real_scores = score(shown(turn, reals, "real."))
            return Result(loss.generator(real_scores, fake_scores))

        lazy = tuple(
            Move(
                f"penalty.{penalty.kind}",
                ("discriminator",),
                penalise(penalty),
                every=penalty.every,
                repeat=self.critic_turns,
            )
            for penalty in self.penalties
            if penalty.every > 1
        )
        critic = Move("discriminator", ("discriminator",), discriminate, repeat=self.critic_turns)
        creator = Move("generator", ("generator",), generate)
        return Game(
            players={"discriminator": discriminator, "generator": generator},
            phases=[Phase([(critic, *lazy), (creator,)])],
            schedules={f"penalty/{penalty.kind}": penalty.weight for penalty in self.penalties},
        )


def clip_weights(player: Player, bound: float) -> Callable[[], None]:
    """A constraint that keeps every weight of a player within [-bound, bound]."""

    def clip() -> None:
        for weights in player.parameters:
            weights.clamp_(-bound, bound)

    return clip
