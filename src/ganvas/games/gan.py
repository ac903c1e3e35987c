"""The two-player game: one generator, one discriminator, any adversarial loss, any penalties.

A round is the discriminator's turns (one, or n_critic), then the generator's. Its settings and
moves are here; what each side computes is in ``sides``; terms add ideas of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ganvas.engine.game import Game, Move, Phase
from ganvas.engine.player import Player, corrected
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator
from ganvas.games.parts.compatibility import check, couples
from ganvas.games.parts.penalty import Penalty
from ganvas.games.parts.sides import Sides
from ganvas.games.parts.term import Term
from ganvas.games.parts.unrolled import Unrolled
from ganvas.games.parts.warm_up import WarmUp
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import AdversarialLoss, adversarial_loss


@dataclass(frozen=True)
class GAN(GameSettings):
    """A generator against a discriminator.

    loss: what each side minimises, by name. real_label, fake_label: targets of losses that have
    labels; moving them smooths. penalties: added to the discriminator's loss. terms: ideas that
    add to either side's. score_weight: factor of the discriminator's adversarial loss beside them.
    reuse_fakes: the generator's turn scores the very fakes the discriminator just saw, which saves
    a generator forward; otherwise it draws fresh ones. joint_pass: score reals and fakes in one
    pass, which is sooner, unless some layer couples the images of a batch. critic_turns:
    discriminator turns a round, each with fresh data (n_critic). weight_clip: bound on every
    discriminator weight after each step (Arjovsky et al. 2017, algorithm 1). pack: images that the
    discriminator judges together, as channels of one (PacGAN, Lin et al. 2018, section 2).
    unrolled: the generator answers a discriminator some steps on. warm_up: how the generator is
    prepared before the game. fresh_reals: a generator whose loss looks at reals is judged beside
    those that the discriminator will see next, not those it has just learned from, and is told
    their conditions. lazy: whether what is computed in some rounds only (penalties, path lengths)
    shares the step of its player (``together``) or has one of its own (``apart``), with rate and
    betas corrected for it (Karras et al. 2020, appendix B).

    Raises:
        ValueError: an unknown loss, labels for one that has none, a number that cannot be, two
            penalties or terms of one kind, or fresh reals that nobody would look at.
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
    fresh_reals: bool = False
    lazy: Literal["together", "apart"] = "together"

    def __post_init__(self) -> None:
        _ = self.adversarial
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
        if self.fresh_reals and not self.adversarial.needs_reals:
            raise ValueError(
                f"the generator's loss {self.loss} looks at no reals: set fresh_reals to false"
            )
        if self.fresh_reals and self.reuse_fakes:
            raise ValueError(
                "fresh reals are for fresh fakes: set reuse_fakes or fresh_reals to false"
            )

    @property
    def adversarial(self) -> AdversarialLoss:
        """What each side minimises."""
        return adversarial_loss(self.loss, self.real_label, self.fake_label)

    @property
    def turns(self) -> int:
        return self.critic_turns

    @property
    def multiple(self) -> int:
        return self.pack

    def discriminator_input(self, shape: tuple[int, int, int], latent: int) -> tuple[int, int, int]:
        return self.pack * shape[0], *shape[1:]

    def build(self, setup: GameSetup) -> Game:
        """The game between the setup's ``generator``, latents [N, latent] to images [N, C, H, W],
        and its ``discriminator``, images to scores [N, ...] or to ``ScoresAndLogits``.

        Raises:
            ValueError: what does not go together; see ``fit``.
        """
        check(self, setup)
        augmentation = setup.augmentation()
        joint = self.joint_pass and not couples(setup.networks["discriminator"])
        more = tuple(self._lazily(move) for term in self.terms for move in term.moves(setup))
        setup = self._corrected(setup, more)
        players = {side: setup.player(side) for side in ("discriminator", "generator")}
        critic_player = players["discriminator"]
        judge = AugmentedDiscriminator(augmentation, self.pack, joint)
        sides = Sides(self, setup, judge, self.adversarial, critic_player.optimiser)
        critic = self._critic(sides)
        creator = Move("generator", ("generator",), sides.generate)
        if self.weight_clip is not None:
            critic_player.constraint = clip_weights(critic_player, self.weight_clip)
        home = critic_player.parameters[0].device
        state = augmentation.state(home)
        for term in self.terms:
            state |= term.state(home)
        return Game(
            players=players,
            phases=[*self._before(setup, critic), Phase([critic, (creator, *more)])],
            state=state,
            schedules={
                **{f"penalty/{penalty.kind}": penalty.weight for penalty in self.penalties},
                **augmentation.schedules(),
            },
            after_round=augmentation.after_round(state),
        )

    def _critic(self, sides: Sides) -> tuple[Move, ...]:
        """The discriminator's move, and one for each penalty that is not of every round."""
        lazy = [penalty for penalty in self.penalties if penalty.every > 1]
        player = ("discriminator",)
        return (
            Move("discriminator", player, sides.discriminate, repeat=self.critic_turns),
            *(
                self._lazily(
                    Move(
                        f"penalty.{penalty.kind}",
                        player,
                        sides.penalise(penalty),
                        every=penalty.every,
                        repeat=self.critic_turns,
                    )
                )
                for penalty in lazy
            ),
        )

    def _lazily(self, move: Move) -> Move:
        return replace(move, apart=self.lazy == "apart" and move.every > 1)

    def _corrected(self, setup: GameSetup, more: Sequence[Move]) -> GameSetup:
        """The setup with optimisers that allow for the moves which step apart."""
        if self.lazy == "together":
            return setup
        penalties = [penalty.every for penalty in self.penalties if penalty.every > 1]
        players = {"discriminator": setup.discriminator, "generator": setup.generator}
        for side, player in players.items():
            rare = [move.every for move in more if move.apart and side in move.players]
            rare += penalties if side == "discriminator" else []
            players[side] = replace(player, optimiser=corrected(player.optimiser, rare))
        return replace(setup, **players)

    def _before(self, setup: GameSetup, critic: tuple[Move, ...]) -> list[Phase]:
        if (warm_up := self.warm_up) is None:
            return []
        learner = Move("generator", ("generator",), lambda turn: warm_up.generate(turn, setup))
        return [Phase([critic, (learner,)], until=warm_up.images)]


def clip_weights(player: Player, bound: float) -> Callable[[], None]:
    """A constraint that keeps every weight of a player within [-bound, bound]."""

    def clip() -> None:
        for weights in player.parameters:
            weights.clamp_(-bound, bound)

    return clip
