"""Adversarial autoencoder: a discriminator of latents makes codes of images look like noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.augmented_discriminator import score_statistics
from ganvas.games.parts.compatibility import check_no_classifier
from ganvas.games.parts.encoding import ENCODER_PLAYERS, encode, encoder_players, gaussian
from ganvas.games.parts.fakes import average_hooks, images_of
from ganvas.games.roles import Role, discriminator, encoder, generator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import adversarial_loss
from ganvas.losses.precision import at_least_float32
from ganvas.losses.reconstruction import squared


class AAELosses:
    """What each network minimises: functions of a turn, which return one number an image [N].

    Args:
        settings: of the game.
        setup: its networks and their conditions.
    """

    def __init__(self, settings: "AAE", setup: GameSetup) -> None:
        self.settings, self.setup = settings, setup
        self.adversarial = adversarial_loss(settings.loss)

    def discriminator_loss(self, turn: Turn) -> Result:
        """The adversarial loss; noise is real, codes are fake."""
        real, fake = self.scores(turn)
        return Result(self.adversarial.discriminator(real, fake), score_statistics(real, fake))

    def encoder_loss(self, turn: Turn) -> Result:
        """The adversarial loss of the other side: codes are to look like noise."""
        return Result(self.settings.adversarial * self.adversarial.generator(*self.scores(turn)))

    def generator_loss(self, turn: Turn) -> Result:
        """The error of reconstruction, which encoder and generator lower together."""
        conditions = self.setup.conditions(turn)
        rebuilt, observed = images_of(turn.networks["generator"], self.codes(turn), conditions)
        error = squared(rebuilt, self.setup.items(turn))
        return Result(error, {"error": error}, observed)

    def codes(self, turn: Turn) -> Tensor:
        """Latents [N, latent] of the turn's images, which all moves share."""

        def make() -> Tensor:
            mean, log_variance = encode(turn, self.setup)
            if self.settings.posterior == "deterministic":
                return mean
            noise = turn.draw.normal("posterior", self.setup.latent)
            return gaussian(mean, log_variance, noise)

        return turn.shared("codes", make)

    def scores(self, turn: Turn) -> tuple[Tensor, Tensor]:
        """Scores [N, ...] of noise and of codes, which discriminator and encoder share."""

        def make() -> tuple[Tensor, Tensor]:
            network, conditions = turn.networks["discriminator"], self.setup.conditions(turn)
            both = (turn.draw.normal("latent", self.setup.latent), self.codes(turn))
            real, fake = (
                at_least_float32(network(each[:, :, None, None], *conditions)) for each in both
            )
            return real, fake

        return turn.shared("scores", make)


@dataclass(frozen=True)
class AAE(GameSettings):
    """Makhzani et al. 2016, section 2. Encoder and generator lower the mean squared error of
    reconstruction; the discriminator tells standard normal latents (real) from codes (fake), and
    the encoder deceives it, so that the generator knows what to make of noise.

    The paper's two phases are one step here: the encoder's two gradients are added.

    loss: of discriminator and encoder against each other, by name (``losses/adversarial.py``).
    adversarial: weight of the encoder's side of it, 0 or more; 0 leaves a plain autoencoder.
    posterior: a code is ``deterministic``, or drawn from a ``gaussian`` that the encoder describes
        (section 2.1).

    Raises:
        ValueError: an unknown loss, or a negative weight.
    """

    loss: str = "non-saturating"
    adversarial: float = 0.02
    posterior: Literal["deterministic", "gaussian"] = "deterministic"

    players = ENCODER_PLAYERS
    averaged = ("generator", "encoder")

    def __post_init__(self) -> None:
        adversarial_loss(self.loss)
        if self.adversarial < 0:
            raise ValueError("adversarial must be 0 or more")

    @property
    def roles(self) -> Mapping[str, Role]:
        """The encoder too; the discriminator scores latents, as images of one pixel."""
        of_latents = discriminator(lambda spec: (spec.latent, 1, 1))
        return {"generator": generator(), "discriminator": of_latents, "encoder": encoder()}

    def build(self, setup: GameSetup) -> Game:
        """The game of ``encoder``, ``generator`` and ``discriminator``, latents [N, latent, 1, 1]
        to scores [N, ...].

        Raises:
            ValueError: conditions or an augmentation that it has no use for.
        """
        check_no_classifier(setup)
        if setup.augment is not None:
            raise ValueError("this discriminator gets latents, not images: leave `augment` away")
        losses = AAELosses(self, setup)
        moves = (
            Move("discriminator", ("discriminator",), losses.discriminator_loss),
            Move("encoder", ("encoder",), losses.encoder_loss),
            Move("generator", ("generator", "encoder"), losses.generator_loss),
        )
        return Game(encoder_players(setup), [Phase([moves])], hooks=average_hooks(setup))
