"""The two-player game: what the generator and the discriminator minimise, and who moves when.

A round is the discriminator's turns (one, or n_critic), then the generator's. The two losses are
the methods ``discriminator_loss`` and ``generator_loss`` below. What they call is in ``parts``: how
a discriminator gets images, penalties, terms, unrolling, warming up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.engine.player import Player
from ganvas.games.parts.augmented_discriminator import (
    AugmentedDiscriminator,
    DiscriminatorInput,
    discriminator_output,
    score_statistics,
)
from ganvas.games.parts.compatibility import (
    check_classifier,
    check_losses,
    check_scores,
    check_signs,
    check_unrolled,
)
from ganvas.games.parts.fakes import Fakes, average_hooks, generate
from ganvas.games.parts.lazy import step_apart
from ganvas.games.parts.loss_sum import LossSum
from ganvas.games.parts.penalty import (
    Penalty,
    check_penalties,
    penalty_move,
    penalty_schedules,
    require_slopes,
)
from ganvas.games.parts.term import Term, check_terms
from ganvas.games.parts.unrolled import Unrolled
from ganvas.games.parts.warm_up import WarmUp
from ganvas.games.roles import Role, Spec, discriminator, generator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import AdversarialLoss, adversarial_loss, zero_sum
from ganvas.networks.protocols import Discriminator, couples_batch
from ganvas.networks.shape import Shape


class GANLosses:
    """What each side minimises: functions of a turn, which return one number a score [N].

    Args:
        settings: of the game.
        setup: its networks and their conditions.
        optimiser: the discriminator's, whose next steps an unrolled game looks at.
    """

    def __init__(self, settings: "GAN", setup: GameSetup, optimiser: Optimizer) -> None:
        self.settings, self.setup, self.optimiser = settings, setup, optimiser
        self.adversarial = settings.adversarial
        if settings.unrolled is not None and settings.unrolled.answers_for_reals:
            self.adversarial = zero_sum(self.adversarial)
        joint = settings.joint_pass and not couples_batch(setup.networks["discriminator"])
        self.discriminator = AugmentedDiscriminator(setup.augmentation, settings.pack, joint)

    def discriminator_loss(self, turn: Turn) -> Result:
        """The adversarial loss, the penalties that are of every round, and the terms."""
        reals, fakes = self.discriminator_inputs(turn)
        penalties = [penalty for penalty in self.settings.penalties if penalty.every == 1]
        require_slopes(penalties, reals, fakes)
        real, fake = self.discriminator.outputs(turn.networks["discriminator"], reals, fakes)
        scores = real.scores, fake.scores
        loss = LossSum(
            self.settings.score_weight * self.adversarial.discriminator(*scores),
            score_statistics(*scores) | self.setup.augmentation.statistics(turn, real.scores),
            self.shared_fakes(turn).observed,
        )
        for penalty in penalties:
            value = penalty.value(turn, reals, fakes, scores)
            loss.add(penalty.name, value, turn.scheduled[penalty.name])
        for term in self.settings.terms:
            value = term.discriminator_loss(turn, self.setup, real, fake)
            loss.add(f"term/{term.name}/d", value)
        return loss.result()

    def generator_loss(self, turn: Turn) -> Result:
        """The adversarial loss of its side, and the terms."""
        if self.settings.fresh_reals:
            turn = replace(turn, looks_ahead=True)
        generated = (
            self.shared_fakes(turn) if self.settings.reuse_fakes else generate(turn, self.setup)
        )
        reals, fakes = self.discriminator.inputs(
            turn, self.setup.items(turn), generated.images, generated.conditions
        )
        network = self.opponent(turn, reals, fakes)
        fake = discriminator_output(network, fakes)
        real_scores = self.real_scores(network, reals, fake.scores)
        observed = {} if self.settings.reuse_fakes else generated.observed
        loss = LossSum(self.adversarial.generator(real_scores, fake.scores), observed=observed)
        for term in self.settings.terms:
            value = term.generator_loss(turn, self.setup, generated, fake)
            loss.add(f"term/{term.name}/g", value)
        return loss.result()

    def real_scores(
        self, network: Discriminator, reals: DiscriminatorInput, fake_scores: Tensor
    ) -> Tensor:
        """Scores of reals for a generator's loss that looks at them; otherwise, of the fakes."""
        if not self.adversarial.needs_reals:
            return fake_scores
        unrolled = self.settings.unrolled
        with torch.set_grad_enabled(unrolled is not None and unrolled.answers_for_reals):
            return discriminator_output(network, reals).scores

    def opponent(
        self, turn: Turn, reals: DiscriminatorInput, fakes: DiscriminatorInput
    ) -> Discriminator:
        """The discriminator that scores the generator's images: as it is, or some steps on."""
        network = turn.networks["discriminator"]
        if self.settings.unrolled is None:
            return network

        def loss(discriminator: Discriminator) -> Tensor:
            real, fake = self.discriminator.outputs(discriminator, reals, fakes)
            return self.adversarial.discriminator(real.scores, fake.scores)

        return self.settings.unrolled.ahead(network, loss, self.optimiser)

    def discriminator_inputs(self, turn: Turn) -> tuple[DiscriminatorInput, DiscriminatorInput]:
        """Reals and fakes of a turn of the discriminator; no gradient reaches the generator."""
        fakes = self.shared_fakes(turn)
        reals = self.setup.items(turn)
        return self.discriminator.inputs(
            turn, reals.detach(), fakes.images.detach(), fakes.conditions
        )

    def shared_fakes(self, turn: Turn) -> Fakes:
        """The fakes that the moves of a round share; the generator's too where it reuses them."""
        with torch.set_grad_enabled(self.settings.reuse_fakes):
            return turn.shared("fakes", lambda: generate(turn, self.setup))


@dataclass(frozen=True)
class GAN(GameSettings):
    """The settings of a generator against a discriminator.

    loss: what each side minimises, by name (``losses/adversarial.py``).
    generator_loss: what the generator minimises, by name, where that is another loss; None takes
        the generator's side of ``loss``.
    real_label, fake_label: what the discriminator's scores of reals and of fakes aim at, where its
        loss has labels; moving them from 1 and 0 smooths them.
    penalties: added to the discriminator's loss; each kind once.
    terms: what ideas add to either side's loss; each once.
    score_weight: factor of the discriminator's adversarial loss beside penalties and terms.
    reuse_fakes: whether the generator's turn takes the fakes of the discriminator's last turn,
        which saves a forward of the generator; otherwise it makes new ones.
    joint_pass: whether reals and fakes are scored in one pass, which is faster. Where a layer
        couples the images of a batch, they never are.
    critic_turns: the discriminator's turns a round, at least 1, each with fresh data (n_critic).
    weight_clip: largest absolute value of a weight of the discriminator after each step, above 0
        (Arjovsky et al. 2017, algorithm 1); None clips none.
    pack: images that the discriminator scores together, as channels of one, at least 1 (PacGAN,
        Lin et al. 2018, section 2).
    unrolled: the generator's images are scored by the discriminator as it will be some steps on;
        None: by the discriminator as it is.
    warm_up: how the generator is prepared before the game; None: not at all.
    fresh_reals: whether a generator's loss that looks at reals gets those that the discriminator
        will get next, and its fakes have the conditions of these. Otherwise it gets the reals that
        the discriminator has just learned from.
    lazy: whether penalties and path lengths that are not of every round share the step of their
        player, ``together``, or have steps of their own, ``apart``, for which the numbers of
        its optimiser are corrected (Karras et al. 2020, appendix B).

    Raises:
        ValueError: an unknown loss, labels for one that has none, a number that cannot be, two
            penalties or terms of one kind, or settings that exclude each other.
    """

    loss: str = "non-saturating"
    generator_loss: str | None = None
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
        check_losses(self.adversarial, self.generator_loss or self.loss, self.fresh_reals)
        if self.critic_turns < 1 or self.pack < 1:
            raise ValueError("critic_turns and pack must be at least 1")
        if self.weight_clip is not None and not self.weight_clip > 0:
            raise ValueError("weight_clip must be more than 0")
        check_penalties(self.penalties)
        check_terms(self.terms)
        if self.generator_loss and self.unrolled and self.unrolled.answers_for_reals:
            raise ValueError(
                "an unrolled objective of value is the discriminator's loss with its sign turned: "
                "leave `game.generator_loss` away"
            )
        if self.fresh_reals and self.reuse_fakes:
            raise ValueError(
                "fresh reals are for fresh fakes: set reuse_fakes or fresh_reals to false"
            )

    @property
    def adversarial(self) -> AdversarialLoss:
        """What each side minimises of the scores."""
        return adversarial_loss(self.loss, self.real_label, self.fake_label, self.generator_loss)

    @property
    def multiple(self) -> int:
        """The images of a pack."""
        return self.pack

    @property
    def roles(self) -> Mapping[str, Role]:
        """A generator of images, and a discriminator of packs: an image with ``pack`` times C."""

        def packed(spec: Spec) -> Shape:
            return self.pack * spec.shape[0], *spec.shape[1:]

        return {"generator": generator(), "discriminator": discriminator(packed)}

    def build(self, setup: GameSetup) -> Game:
        """The game between ``generator``, latents [N, latent] to images [N, C, H, W], and
        ``discriminator``, images to scores [N, ...] or to ``ScoresAndLogits``.

        Raises:
            ValueError: what does not go together; see ``parts/compatibility.py``.
        """
        check_scores(setup, self.pack)
        check_signs(setup, self.loss, self.adversarial.centred)
        check_classifier(setup, self.terms)
        check_unrolled(setup, self.unrolled)
        players = setup.both_players()
        losses = GANLosses(self, setup, players["discriminator"].optimiser)
        groups = self._moves(setup, losses)
        if self.lazy == "apart":
            groups = step_apart(groups, players)
        if self.weight_clip is not None:
            clip_weights(players["discriminator"], self.weight_clip)
        phases = [Phase(groups)]
        if self.warm_up is not None:
            phases.insert(0, self.warm_up.phase(setup, groups[0]))
        state = setup.augmentation.state(setup.device)
        for term in self.terms:
            state |= term.state(setup.device)
        return Game(
            players,
            phases,
            state=state,
            schedules=penalty_schedules(self.penalties) | setup.augmentation.schedules(),
            hooks=(
                *setup.augmentation.hooks(state),
                *average_hooks(setup),
                *(hook for term in self.terms for hook in term.hooks(state)),
            ),
        )

    def _moves(self, setup: GameSetup, losses: GANLosses) -> list[tuple[Move, ...]]:
        """The discriminator's moves, then the generator's."""
        turns = self.critic_turns
        lazy = [penalty for penalty in self.penalties if penalty.every > 1]
        return [
            (
                Move("discriminator", ("discriminator",), losses.discriminator_loss, repeat=turns),
                *(penalty_move(each, losses.discriminator_inputs, repeat=turns) for each in lazy),
            ),
            (
                Move("generator", ("generator",), losses.generator_loss),
                *(move for term in self.terms for move in term.moves(setup)),
            ),
        ]


def clip_weights(player: Player, bound: float) -> None:
    """Let every weight of a player be within [-bound, bound] after each of its steps."""

    def clip() -> None:
        for weights in player.parameters:
            weights.clamp_(-bound, bound)

    player.constraint = clip
