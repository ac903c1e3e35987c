"""BEGAN: an autoencoder as discriminator, and an equilibrium that keeps both sides in step."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.energy import autoencoder, pictures
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.reconstruction import absolute

STATE = "k"


@dataclass(frozen=True)
class BEGAN(GameSettings):
    """Berthelot et al. 2017, section 3.4. The energy L is the L1 error of reconstruction; the
    discriminator lowers L(x) - k L(G(z)), the generator L(G(z)), both in one step.

    After each round k moves by lambda_k (gamma L(x) - L(G(z))) within 0 and 1, so that fakes cost
    about ``gamma`` times what reals do: lower is sharper and less varied. k: where it starts.
    Logged as ``convergence`` is L(x) + |gamma L(x) - L(G(z))|, which falls as a run gets on.

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
        """The game between ``generator`` and ``discriminator``, images to images."""
        home = next(autoencoder(setup).parameters()).device
        state = {STATE: torch.full((), self.k, device=home)}

        def energies(turn: Turn) -> tuple[Tensor, Tensor]:
            network = turn.networks["discriminator"]
            real, fake = pictures(turn, setup)
            return absolute(network(real), real), absolute(network(fake), fake)

        def discriminate(turn: Turn) -> Result:
            real, fake = turn.shared("energies", lambda: energies(turn))
            k = turn.state[STATE]
            off = (self.gamma * real.mean() - fake.mean()).abs()
            stats = {
                "energy/real": real,
                "energy/fake": fake,
                "k": k.expand(len(real)),
                "convergence": real + off,
            }
            return Result(real - k * fake, stats)

        def generate(turn: Turn) -> Result:
            return Result(turn.shared("energies", lambda: energies(turn))[1])

        def keep_balance(means: Mapping[str, Tensor], images: int) -> None:
            off = self.gamma * means["energy/real"] - means["energy/fake"]
            state[STATE].add_(self.lambda_k * off).clamp_(0, 1)

        moves = (
            Move("discriminator", ("discriminator",), discriminate),
            Move("generator", ("generator",), generate),
        )
        return Game(
            players={side: setup.player(side) for side in ("discriminator", "generator")},
            phases=[Phase([moves])],
            state=state,
            schedules=setup.augmentation().schedules(),
            after_round=keep_balance,
        )
