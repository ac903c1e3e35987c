"""The two-player game: one generator, one discriminator, any adversarial loss, any penalties.

A round is the discriminator's turns (one, or n_critic), then the generator's. This page is the
whole of it; the engine does the rest, and terms add ideas of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.engine.player import Player
from ganvas.games.cast import Cast, GameSettings
from ganvas.games.fit import check, couples
from ganvas.games.penalty import Penalty
from ganvas.games.term import Made, Seen, Term
from ganvas.games.unrolled import Score, Unrolled
from ganvas.games.warm_up import WarmUp
from ganvas.losses.adversarial import accuracy, adversarial_loss, per_image


@dataclass(frozen=True)
class GAN(GameSettings):
    """A generator against a discriminator.

    loss: what each side minimises, by name. real_label, fake_label: targets of losses that have
    labels; moving them smooths. penalties: added to the discriminator's loss. terms: ideas that
    add to either side's. score_weight: factor of the discriminator's adversarial loss beside them.
    reuse_fakes: the generator's turn scores the very fakes the discriminator just saw, which saves
    a generator forward; otherwise it draws fresh ones. joint_pass: score reals and fakes in one
    pass, unless some layer couples the images of a batch: the same numbers, sooner. critic_turns:
    discriminator turns a round, each with fresh data (n_critic). weight_clip: bound on every
    discriminator weight after each step (Arjovsky et al. 2017, algorithm 1). pack: images that the
    discriminator judges together, as channels of one (PacGAN, Lin et al. 2018, section 2).
    unrolled: the generator answers a discriminator some steps on. warm_up: how the generator is
    prepared before the game.

    Raises:
        ValueError: an unknown loss, labels for one that has none, a number that cannot be, or two
            penalties or terms of one kind.
    """

    loss: str = "non-saturating"
    real_label: float = 1.0
    fake_label: float = 0.0
    penalties: tuple[Penalty, ...] = ()
    terms: tuple[Term, ...] = ()
    score_weight: float = 1.0
    reuse_fakes: bool = False
    joint_pass: bool = False
    critic_turns: int = 1
    weight_clip: float | None = None
    pack: int = 1
    unrolled: Unrolled | None = None
    warm_up: WarmUp | None = None

    def __post_init__(self) -> None:
        adversarial_loss(self.loss, self.real_label, self.fake_label)
        if self.critic_turns < 1 or self.pack < 1:
            raise ValueError("critic_turns and pack must be at least 1")
        for what, kinds in (
            ("penalty", [penalty.kind for penalty in self.penalties]),
            ("term", [term.name for term in self.terms]),
        ):
            if len(set(kinds)) < len(kinds):
                raise ValueError(f"each kind of {what} may stand once")
        if self.weight_clip is not None and not self.weight_clip > 0:
            raise ValueError("weight_clip must be more than 0")

    @property
    def turns(self) -> int:
        return self.critic_turns

    @property
    def multiple(self) -> int:
        return self.pack

    def seen(self, shape: tuple[int, int, int], latent: int) -> tuple[int, int, int]:
        return self.pack * shape[0], *shape[1:]

    def build(self, cast: Cast) -> Game:
        """The game between the cast's ``generator``, latents [N, latent] to images [N, C, H, W],
        and its ``discriminator``, images to scores [N, ...] or to ``Judged``.

        Raises:
            ValueError: what does not go together; see ``fit``.
        """
        check(self, cast)
        loss = adversarial_loss(self.loss, self.real_label, self.fake_label)
        sight = cast.sight()
        joint = self.joint_pass and not couples(cast.networks["discriminator"])

        def create(turn: Turn) -> Made:
            latents, conditions = turn.draw.normal("latent", cast.latent), cast.conditions(turn)
            images = turn.networks["generator"](latents, *conditions).float()
            return Made(latents, conditions, images)

        def shown(turn: Turn, images: Tensor, side: str) -> Tensor:
            images = sight.shown(turn, images, side)
            return images if self.pack == 1 else packed(images, self.pack)

        def both(turn: Turn) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
            """Reals and fakes as the discriminator sees them; both are told the same."""
            reals = turn.shared("batch", turn.draw.data).images
            with torch.set_grad_enabled(self.reuse_fakes):
                fakes = turn.shared("fakes", lambda: create(turn))
            real, fake = shown(turn, reals, "real."), shown(turn, fakes.images.detach(), "fake.")
            return real, fake, fakes.conditions

        def judge(score: Score, real: Tensor, fake: Tensor, told: tuple[Tensor, ...]):
            if not joint:
                return judged(score, real, told), judged(score, fake, told)
            twice = tuple(torch.cat([each, each]) for each in told)
            scores, reading = verdict(score(torch.cat([real, fake]), *twice))
            half = len(real)
            read = (None, None) if reading is None else (reading[:half], reading[half:])
            return (
                Seen(real, told, scores[:half], read[0]),
                Seen(fake, told, scores[half:], read[1]),
            )

        def discriminate(turn: Turn) -> Result:
            real, fake, told = both(turn)
            now = [penalty for penalty in self.penalties if penalty.every == 1]
            sharing = {penalty.kind for penalty in now if penalty.shares_scores}
            real.requires_grad_("r1" in sharing)
            fake.requires_grad_("r2" in sharing)
            reals, fakes = judge(turn.networks["discriminator"], real, fake, told)
            total = self.score_weight * loss.discriminator(reals.scores, fakes.scores)
            stats = {
                "score/real": per_image(reals.scores),
                "score/fake": per_image(fakes.scores),
                "score/accuracy": accuracy(reals.scores, fakes.scores),
                **sight.stats(turn, reals.scores),
            }
            scored = {"r1": (reals.scores, real), "r2": (fakes.scores, fake)}
            for penalty in now:
                points = scored[penalty.kind] if penalty.kind in sharing else None
                value = penalty.value(turn, real, fake, points, told)
                stats[f"penalty/{penalty.kind}"] = value
                total = total + turn.scheduled[f"penalty/{penalty.kind}"] * value
            for term in self.terms:
                total = added(
                    total, term.discriminator(turn, cast, reals, fakes), stats, f"{term.name}/d"
                )
            return Result(total, stats)

        def penalise(penalty: Penalty) -> Callable[[Turn], Result]:
            def lazily(turn: Turn) -> Result:
                real, fake, told = both(turn)
                value = penalty.value(turn, real, fake, told=told)
                weight = turn.scheduled[f"penalty/{penalty.kind}"] * penalty.every
                return Result(weight * value, {f"penalty/{penalty.kind}": value})

            return lazily

        def opponent(turn: Turn, fake: Tensor, told: tuple[Tensor, ...]) -> Score:
            network = turn.networks["discriminator"]
            if self.unrolled is None:
                return network
            reals = turn.shared("batch", turn.draw.data).images
            real = shown(turn, reals, "real.")
            return self.unrolled.ahead(
                network,
                lambda score: loss.discriminator(
                    *(each.scores for each in judge(score, real, fake, told))
                ),
            )

        def generate(turn: Turn) -> Result:
            made = turn.shared("fakes", lambda: create(turn)) if self.reuse_fakes else create(turn)
            fake, told = shown(turn, made.images, "fake."), made.conditions
            score = opponent(turn, fake, told)
            fakes, reals = judged(score, fake, told), None
            if loss.needs_reals:
                with torch.no_grad():
                    images = turn.shared("batch", turn.draw.data).images
                    reals = judged(score, shown(turn, images, "real."), told).scores
            total = loss.generator(fakes.scores if reals is None else reals, fakes.scores)
            stats: dict[str, Tensor] = {}
            for term in self.terms:
                total = added(
                    total, term.generator(turn, cast, made, fakes), stats, f"{term.name}/g"
                )
            return Result(total, stats)

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
        more = tuple(move for term in self.terms for move in term.moves(cast))
        before: list[Phase] = []
        if self.warm_up is not None:
            warm_up = self.warm_up
            learner = Move("generator", ("generator",), lambda turn: warm_up.generate(turn, cast))
            before = [Phase([(critic, *lazy), (learner,)], until=warm_up.images)]
        players = {side: cast.player(side) for side in ("discriminator", "generator")}
        if self.weight_clip is not None:
            players["discriminator"].constraint = clip_weights(
                players["discriminator"], self.weight_clip
            )
        home = players["discriminator"].parameters[0].device
        state = sight.state(home)
        for term in self.terms:
            state |= term.state(home)
        return Game(
            players=players,
            phases=[*before, Phase([(critic, *lazy), (creator, *more)])],
            state=state,
            schedules={
                **{f"penalty/{penalty.kind}": penalty.weight for penalty in self.penalties},
                **sight.schedules(),
            },
            after_round=sight.after_round(state),
        )


def packed(images: Tensor, count: int) -> Tensor:
    """Each ``count`` images as the channels of one: [N, C, H, W] to [N / count, count C, H, W]."""
    return images.unflatten(0, (-1, count)).flatten(1, 2)


def verdict(answer: Any) -> tuple[Tensor, Tensor | None]:
    """Scores, and what a classifier beside them reads, of a discriminator's answer.

    In float32: the slope of a loss at a sure score is small, and bfloat16 would round its parts,
    which cancel, before they are summed.
    """
    scores, reading = answer if isinstance(answer, tuple) else (answer, None)
    return scores.float(), reading


def judged(score: Score, images: Tensor, told: tuple[Tensor, ...]) -> Seen:
    """Images as a discriminator scores them."""
    return Seen(images, told, *verdict(score(images, *told)))


def added(total: Tensor, value: Tensor | None, stats: dict[str, Tensor], name: str) -> Tensor:
    """A loss [N] and what a term adds to it, which is written down: one number for each of its N,
    or, where images are packed, for each image."""
    if value is None:
        return total
    value = value.unflatten(0, (len(total), -1)).flatten(1).mean(1)
    stats[f"term/{name}"] = value
    return total + value


def clip_weights(player: Player, bound: float) -> Callable[[], None]:
    """A constraint that keeps every weight of a player within [-bound, bound]."""

    def clip() -> None:
        for weights in player.parameters:
            weights.clamp_(-bound, bound)

    return clip
