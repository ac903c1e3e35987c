"""EBGAN: an autoencoder as discriminator, which lifts the energy of fakes up to a margin."""

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.energy import autoencoder, pictures
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.reconstruction import pulling_away, squared


@dataclass(frozen=True)
class EBGAN(GameSettings):
    """Zhao et al. 2017, eq. 1-2. The energy D is the mean squared error of reconstruction; the
    discriminator lowers D(x) + max(0, margin - D(G(z))), the generator D(G(z)), both in one step.

    margin: energy up to which fakes are lifted. pulling_away: weight, in the generator's loss, of
    the squared cosines between its images' features (section 2.4): it keeps them from being alike.

    Raises:
        ValueError: a margin that is not above 0, or a negative weight.
    """

    margin: float = 0.1
    pulling_away: float = 0.1

    def __post_init__(self) -> None:
        if not self.margin > 0 or self.pulling_away < 0:
            raise ValueError("margin must be above 0, pulling_away 0 or more")

    def build(self, setup: GameSetup) -> Game:
        """The game between the setup's ``generator`` and its ``discriminator``, images to images
        with the parts ``encode`` and ``decode``."""
        autoencoder(setup)

        def energies(turn: Turn) -> tuple[Tensor, Tensor, Tensor]:
            """Of reals [N], of fakes [N], and what the fakes are encoded to [N, D]."""
            network: Any = turn.networks["discriminator"]
            real, fake = pictures(turn, setup)
            features = network.encode(fake)
            return squared(network(real), real), squared(network.decode(features), fake), features

        def discriminate(turn: Turn) -> Result:
            real, fake, _ = turn.shared("energies", lambda: energies(turn))
            stats = {"energy/real": real, "energy/fake": fake}
            return Result(real + F.relu(self.margin - fake), stats)

        def generate(turn: Turn) -> Result:
            _, fake, features = turn.shared("energies", lambda: energies(turn))
            if self.pulling_away == 0:
                return Result(fake)
            alike = pulling_away(features)
            return Result(fake + self.pulling_away * alike, {"pulling-away": alike})

        moves = (
            Move("discriminator", ("discriminator",), discriminate),
            Move("generator", ("generator",), generate),
        )
        return Game(
            players={side: setup.player(side) for side in ("discriminator", "generator")},
            phases=[Phase([moves])],
            schedules=setup.augmentation().schedules(),
        )
