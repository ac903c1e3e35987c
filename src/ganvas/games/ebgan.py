"""EBGAN: an autoencoder as discriminator, which lifts the energy of fakes up to a margin."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from ganvas.engine.game import Game, Result, Turn
from ganvas.games.parts.energy import (
    check_autoencoder,
    energy_game,
    reals_and_fakes,
    shared_fakes,
)
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.reconstruction import pulling_away, squared
from ganvas.networks.protocols import Autoencoding, implements


class EBGANLosses:
    """What each side minimises: functions of a turn, which return one number an image [N].

    Args:
        settings: of the game.
        setup: its networks and their conditions.
    """

    def __init__(self, settings: "EBGAN", setup: GameSetup) -> None:
        self.settings, self.setup = settings, setup

    def discriminator_loss(self, turn: Turn) -> Result:
        """D(x) + max(0, margin - D(G(z))) (eq. 1)."""
        real, fake, _ = self.energies(turn)
        statistics = {"energy/real": real, "energy/fake": fake}
        return Result(real + F.relu(self.settings.margin - fake), statistics)

    def generator_loss(self, turn: Turn) -> Result:
        """D(G(z)) (eq. 2), and how much its images' features are alike (section 2.4)."""
        _, fake, features = self.energies(turn)
        observed = shared_fakes(turn, self.setup).observed
        if self.settings.pulling_away == 0:
            return Result(fake, observed=observed)
        alike = pulling_away(features)
        loss = fake + self.settings.pulling_away * alike
        return Result(loss, {"pulling-away": alike}, observed)

    def energies(self, turn: Turn) -> tuple[Tensor, Tensor, Tensor]:
        """D(x) and D(G(z)), [N] each, and the features of fakes [N, D], which both sides share."""

        def make() -> tuple[Tensor, Tensor, Tensor]:
            network = turn.networks["discriminator"]
            assert implements(network, Autoencoding)
            real, fake = reals_and_fakes(turn, self.setup)
            features = network.encode(fake)
            return squared(network(real), real), squared(network.decode(features), fake), features

        return turn.shared("energies", make)


@dataclass(frozen=True)
class EBGAN(GameSettings):
    """Zhao et al. 2017, eq. 1-2. The energy D is the mean squared error of reconstruction; the
    discriminator lowers D(x) + max(0, margin - D(G(z))), the generator D(G(z)), both in one step.

    margin: the energy up to which fakes are lifted, above 0.
    pulling_away: weight, in the generator's loss, of the squared cosines between its images'
        features (section 2.4), 0 or more: it keeps images from being alike.

    Raises:
        ValueError: a margin that is not above 0, or a negative weight.
    """

    margin: float = 0.1
    pulling_away: float = 0.1

    def __post_init__(self) -> None:
        if not self.margin > 0 or self.pulling_away < 0:
            raise ValueError("margin must be above 0, pulling_away 0 or more")

    def build(self, setup: GameSetup) -> Game:
        """The game between ``generator`` and ``discriminator``, images to images.

        Raises:
            ValueError: the discriminator does not reconstruct images.
        """
        check_autoencoder(setup)
        losses = EBGANLosses(self, setup)
        return energy_game(setup, losses.discriminator_loss, losses.generator_loss)
