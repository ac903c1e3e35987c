"""BEGAN: an autoencoder as discriminator, and an equilibrium that keeps both sides in step."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Game, Hook, Outcome, Result, Turn
from ganvas.games.parts.energy import (
    check_autoencoder,
    energy_game,
    reals_and_fakes,
    shared_fakes,
)
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.reconstruction import absolute

STATE = "k"


class BEGANLosses:
    """What each side minimises: functions of a turn, which return one number an image [N].

    Args:
        settings: of the game.
        setup: its networks and their conditions.
    """

    def __init__(self, settings: "BEGAN", setup: GameSetup) -> None:
        self.settings, self.setup = settings, setup

    def discriminator_loss(self, turn: Turn) -> Result:
        """L(x) - k L(G(z))."""
        real, fake = self.energies(turn)
        k = turn.state[STATE]
        imbalance = (self.settings.gamma * real.mean() - fake.mean()).abs()
        statistics = {
            "energy/real": real,
            "energy/fake": fake,
            "k": k.expand(len(real)),
            "convergence": real + imbalance,
        }
        return Result(real - k * fake, statistics)

    def generator_loss(self, turn: Turn) -> Result:
        """L(G(z))."""
        fake = self.energies(turn)[1]
        return Result(fake, observed=shared_fakes(turn, self.setup).observed)

    def energies(self, turn: Turn) -> tuple[Tensor, Tensor]:
        """L(x) and L(G(z)), [N] each, which both sides share."""

        def make() -> tuple[Tensor, Tensor]:
            network = turn.networks["discriminator"]
            real, fake = reals_and_fakes(turn, self.setup)
            return absolute(network(real), real), absolute(network(fake), fake)

        return turn.shared("energies", make)


@dataclass(frozen=True)
class BEGAN(GameSettings):
    """Berthelot et al. 2017, section 3.4. The energy L is the L1 error of reconstruction; the
    discriminator lowers L(x) - k L(G(z)), the generator L(G(z)), both in one step.

    After each round k moves by lambda_k (gamma L(x) - L(G(z))) within 0 and 1, so that L(G(z))
    becomes about ``gamma`` times L(x). Logged as ``convergence`` is L(x) + |gamma L(x) - L(G(z))|,
    which falls as a run gets on.

    gamma: the ratio of both energies that is kept, above 0; a lower one gives sharper and less
        varied images.
    lambda_k: how fast k moves, 0 or more.
    k: where k starts, within 0 and 1.

    Raises:
        ValueError: gamma not above 0, a negative lambda_k, or k outside 0 to 1.
    """

    gamma: float = 0.5
    lambda_k: float = 0.001
    k: float = 0.0

    def __post_init__(self) -> None:
        if not self.gamma > 0 or self.lambda_k < 0 or not 0 <= self.k <= 1:
            raise ValueError("gamma must be above 0, lambda_k 0 or more, k within 0 and 1")

    def build(self, setup: GameSetup) -> Game:
        """The game between ``generator`` and ``discriminator``, images to images.

        Raises:
            ValueError: the discriminator does not reconstruct images.
        """
        check_autoencoder(setup)
        state = {STATE: torch.full((), self.k, device=setup.device)}

        def keep_balance(outcome: Outcome) -> None:
            imbalance = self.gamma * outcome.means["energy/real"] - outcome.means["energy/fake"]
            state[STATE].add_(self.lambda_k * imbalance).clamp_(0, 1)

        losses = BEGANLosses(self, setup)
        return energy_game(
            setup,
            losses.discriminator_loss,
            losses.generator_loss,
            state=state,
            hooks=(Hook(keep_balance),),
        )
