"""Adversarial autoencoder: a discriminator of latents makes codes of images look like noise."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.coding import gaussian
from ganvas.games.parts.compatibility import check_plain
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import accuracy, adversarial_loss, per_image
from ganvas.losses.reconstruction import squared


@dataclass(frozen=True)
class AAE(GameSettings):
    """Makhzani et al. 2016, section 2. Encoder and generator lower the mean squared error of
    reconstruction; the discriminator tells standard normal latents (real) from codes (fake), and
    the encoder deceives it, so that the generator knows what to make of noise.

    The paper's two phases are one step here: the encoder's two gradients are added.

    loss: of discriminator and encoder against each other, by name. adversarial: weight of the
    encoder's side of it; 0 leaves a plain autoencoder. posterior: a code is ``deterministic``, or
    drawn from a ``gaussian`` that the encoder describes (section 2.1).

    Raises:
        ValueError: an unknown loss, or a negative weight.
    """

    loss: str = "non-saturating"
    adversarial: float = 0.02
    posterior: Literal["deterministic", "gaussian"] = "deterministic"

    needs = ("encoder",)

    def __post_init__(self) -> None:
        adversarial_loss(self.loss)
        if self.adversarial < 0:
            raise ValueError("adversarial must be 0 or more")

    def discriminator_input(self, shape: tuple[int, int, int], latent: int) -> tuple[int, int, int]:
        return latent, 1, 1

    def build(self, setup: GameSetup) -> Game:
        """The game of the setup's ``encoder``, its ``generator`` and its ``discriminator``, latents
        [N, latent, 1, 1] to scores [N, ...]."""
        loss = adversarial_loss(self.loss)
        check_plain(setup)
        if setup.augment is not None:
            raise ValueError("this discriminator sees latents, not images: leave augment away")

        def encode(turn: Turn) -> Tensor:
            images = turn.shared("batch", turn.draw.data).images
            mean, log_variance = turn.networks["encoder"](images).float().chunk(2, 1)
            if self.posterior == "deterministic":
                return mean
            return gaussian(mean, log_variance, turn.draw.normal("posterior", setup.latent))

        def codes(turn: Turn) -> Tensor:
            return turn.shared("codes", lambda: encode(turn))

        def judge(turn: Turn) -> tuple[Tensor, Tensor]:
            """Scores of noise and of codes."""
            network, conditions = turn.networks["discriminator"], setup.conditions(turn)
            both = (turn.draw.normal("latent", setup.latent), codes(turn))
            real, fake = (
                network(latents[:, :, None, None], *conditions).float() for latents in both
            )
            return real, fake

        def discriminate(turn: Turn) -> Result:
            real, fake = turn.shared("scores", lambda: judge(turn))
            stats = {
                "score/real": per_image(real),
                "score/fake": per_image(fake),
                "score/accuracy": accuracy(real, fake),
            }
            return Result(loss.discriminator(real, fake), stats)

        def deceive(turn: Turn) -> Result:
            real, fake = turn.shared("scores", lambda: judge(turn))
            return Result(self.adversarial * loss.generator(real, fake))

        def rebuild(turn: Turn) -> Result:
            images = turn.shared("batch", turn.draw.data).images
            rebuilt = turn.networks["generator"](codes(turn), *setup.conditions(turn))
            error = squared(rebuilt, images)
            return Result(error, {"error": error})

        moves = (
            Move("discriminator", ("discriminator",), discriminate),
            Move("encoder", ("encoder",), deceive),
            Move("generator", ("generator", "encoder"), rebuild),
        )
        return Game(
            players={
                "discriminator": setup.player("discriminator"),
                "encoder": setup.player("generator", "encoder"),
                "generator": setup.player("generator"),
            },
            phases=[Phase([moves])],
        )
