"""VAE-GAN: a variational autoencoder that learns what is alike from a discriminator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.augmented_discriminator import (
    AugmentedDiscriminator,
    DiscriminatorInput,
    score_statistics,
    scores_and_logits,
)
from ganvas.games.parts.compatibility import check_no_classifier
from ganvas.games.parts.encoding import ENCODER_PLAYERS, encode, encoder_players, gaussian
from ganvas.games.parts.fakes import average_hooks, images_of
from ganvas.games.parts.penalty import (
    Penalty,
    check_penalties,
    penalty_move,
    penalty_schedules,
)
from ganvas.games.roles import Role, encoder
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import adversarial_loss, per_image
from ganvas.losses.reconstruction import half_squared_distance, kl_to_normal
from ganvas.networks.protocols import features_and_head


@dataclass(frozen=True)
class Forward:
    """The one forward of a round, from which every loss comes.

    reals, drawn: real images, and images of noise, as the discriminator gets them.
    real_scores, rebuilt_scores, drawn_scores: [N, ...] of reals, their reconstructions, and images
        of noise.
    error: of reconstruction, [N].
    kl: divergence of the codes from noise, [N].
    observed: of the images of noise; see ``average_hooks``.
    """

    reals: DiscriminatorInput
    drawn: DiscriminatorInput
    real_scores: Tensor
    rebuilt_scores: Tensor
    drawn_scores: Tensor
    error: Tensor
    kl: Tensor
    observed: Mapping[str, Tensor]


class VAEGANLosses:
    """What each network minimises: functions of a turn, which return one number an image [N].

    Args:
        settings: of the game.
        setup: its networks and their conditions.

    Raises:
        ValueError: the discriminator's features are not to be had.
    """

    def __init__(self, settings: "VAEGAN", setup: GameSetup) -> None:
        self.settings, self.setup = settings, setup
        self.adversarial = adversarial_loss(settings.loss, generator=settings.generator_loss)
        self.discriminator = AugmentedDiscriminator(setup.augmentation)
        parts = features_and_head(setup.networks["discriminator"])
        if parts is None:
            raise ValueError(
                "this discriminator is no sequence of layers whose last features could be "
                "compared: set `discriminator.kind=compact`"
            )
        self.features, self.head = parts

    def discriminator_loss(self, turn: Turn) -> Result:
        """The adversarial loss of reals, as often against reconstructions as against images of
        noise."""
        now = self.forward(turn)
        real, rebuilt, drawn = now.real_scores, now.rebuilt_scores, now.drawn_scores
        loss = self.adversarial.discriminator(real, rebuilt)
        loss = (loss + self.adversarial.discriminator(real, drawn)) / 2
        statistics = {"score/rebuilt": per_image(rebuilt)}
        return Result(loss, score_statistics(real, drawn) | statistics)

    def encoder_loss(self, turn: Turn) -> Result:
        """kl * KL + E."""
        now = self.forward(turn)
        return Result(self.settings.kl * now.kl + now.error, {"kl": now.kl, "error": now.error})

    def generator_loss(self, turn: Turn) -> Result:
        """gamma * E + adversarial * the adversarial loss of both kinds of fakes."""
        now = self.forward(turn)
        loss = self.adversarial.generator(now.real_scores, now.rebuilt_scores)
        loss = (loss + self.adversarial.generator(now.real_scores, now.drawn_scores)) / 2
        loss = self.settings.gamma * now.error + self.settings.adversarial * loss
        return Result(loss, observed=now.observed)

    def penalised(self, turn: Turn) -> tuple[DiscriminatorInput, DiscriminatorInput]:
        """What penalties look at: reals and images of noise."""
        now = self.forward(turn)
        return now.reals, now.drawn

    def forward(self, turn: Turn) -> Forward:
        """The forward that all moves of a round share."""
        return turn.shared("forward", lambda: self._forward(turn))

    def _forward(self, turn: Turn) -> Forward:
        images, conditions = self.setup.items(turn), self.setup.conditions(turn)
        mean, log_variance = encode(turn, self.setup)
        codes = gaussian(mean, log_variance, turn.draw.normal("posterior", self.setup.latent))
        latents = torch.cat([codes, turn.draw.normal("latent", self.setup.latent)])
        # In one pass, so that BatchNorm knows both.
        twice = tuple(torch.cat([rows, rows]) for rows in conditions)
        both, observed = images_of(turn.networks["generator"], latents, twice)
        rebuilt, drawn = both.chunk(2)
        reals, drawn = self.discriminator.inputs(turn, images, drawn, conditions)
        # A reconstruction is compared with its image, so both are augmented alike.
        rebuilt = self.discriminator.augmented(turn, rebuilt, reals.side)
        real_features, real_scores = self._score(reals.augmented, conditions)
        rebuilt_features, rebuilt_scores = self._score(rebuilt, conditions)
        _, drawn_scores = self._score(drawn.augmented, conditions)
        if self.settings.likeness == "features":
            error = half_squared_distance(rebuilt_features, real_features)
        else:
            error = half_squared_distance(rebuilt, reals.augmented)
        kl = kl_to_normal(mean, log_variance)
        scores = real_scores, rebuilt_scores, drawn_scores
        return Forward(reals, drawn, *scores, error, kl, observed)

    def _score(self, images: Tensor, conditions: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Features and scores of images as the discriminator gets them."""
        features = self.features(images, *conditions)
        return features, scores_and_logits(self.head(features, *conditions))[0]


@dataclass(frozen=True)
class VAEGAN(GameSettings):
    """Larsen et al. 2016, algorithm 1. One forward, three gradients, then all three steps: the
    encoder lowers kl * KL + E, the generator gamma * E + adversarial * its loss on reconstructions
    and images of noise, the discriminator its own loss on both and the reals.

    E is half the squared distance between an image and its reconstruction, which is minus the log
    likelihood of a Gaussian of variance 1, up to a constant. Reals count as much as both kinds of
    fakes together (in the paper half as much). With ``likeness`` pixels, gamma 1 and adversarial 0
    it is a plain VAE (Kingma & Welling 2014).

    loss: of generator and discriminator, by name (``losses/adversarial.py``).
    generator_loss: what the generator minimises, by name, where that is another loss; None takes
        the generator's side of ``loss``.
    likeness: where E is taken, in the discriminator's last ``features`` or in ``pixels``.
    gamma: weight of E in the generator's loss, 0 or more.
    kl: weight of KL in the encoder's loss, 0 or more.
    adversarial: weight of the adversarial loss in the generator's loss, 0 or more.
    penalties: moves of the discriminator beside its loss, each kind once; they look at reals and
        images of noise.

    Raises:
        ValueError: an unknown loss, a negative weight, or two penalties of one kind.
    """

    loss: str = "non-saturating"
    generator_loss: str | None = None
    likeness: Literal["features", "pixels"] = "features"
    gamma: float = 0.1
    kl: float = 1.0
    adversarial: float = 1.0
    penalties: tuple[Penalty, ...] = ()

    players = ENCODER_PLAYERS
    averaged = ("generator", "encoder")

    def __post_init__(self) -> None:
        adversarial_loss(self.loss, generator=self.generator_loss)
        if min(self.gamma, self.kl, self.adversarial) < 0:
            raise ValueError("gamma, kl and adversarial must be 0 or more")
        check_penalties(self.penalties)

    @property
    def roles(self) -> Mapping[str, Role]:
        """The encoder beside generator and discriminator."""
        return {**super().roles, "encoder": encoder()}

    def build(self, setup: GameSetup) -> Game:
        """The game of ``encoder``, ``generator`` and ``discriminator``; see ``features_and_head``.

        Raises:
            ValueError: what does not go together.
        """
        if setup.augmentation.adaptive is not None:
            raise ValueError("this game adapts no strength: set a number")
        check_no_classifier(setup)
        losses = VAEGANLosses(self, setup)
        moves = (
            Move("discriminator", ("discriminator",), losses.discriminator_loss),
            *(penalty_move(penalty, losses.penalised) for penalty in self.penalties),
            Move("encoder", ("encoder",), losses.encoder_loss),
            Move("generator", ("generator",), losses.generator_loss),
        )
        return Game(
            encoder_players(setup),
            [Phase([moves])],
            schedules=penalty_schedules(self.penalties) | setup.augmentation.schedules(),
            hooks=average_hooks(setup),
        )
