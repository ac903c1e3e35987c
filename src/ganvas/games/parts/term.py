"""A term: an idea that adds something to either side's loss in the two-player game."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ganvas.engine.game import Hook, Move, Turn
from ganvas.games.parts.augmented_discriminator import DiscriminatorOutput
from ganvas.games.parts.fakes import Fakes
from ganvas.games.setup import GameSetup


class Term:
    """Settings of an idea. A subclass overrides what its idea changes, and no more::

    @register
    @dataclass(frozen=True)
    class Bright(Term):
        weight: float = 1.0

        def generator_loss(self, turn, setup, fakes, output):
            wanted = setup.items(turn).mean()
            return self.weight * (per_image(fakes.images) - wanted).square()
    """

    @property
    def name(self) -> str:
        """The name of its state, and of its values in the log: ``term/NAME/d`` and ``/g``."""
        return type(self).__name__.lower()

    def discriminator_loss(
        self, turn: Turn, setup: GameSetup, real: DiscriminatorOutput, fake: DiscriminatorOutput
    ) -> Tensor | None:
        """What is added to the discriminator's loss: one number an image [N]; None adds nothing.

        Args:
            turn: the discriminator's.
            setup: the game's.
            real, fake: what the discriminator says of reals and of fakes.
        """
        return None

    def generator_loss(
        self, turn: Turn, setup: GameSetup, fakes: Fakes, output: DiscriminatorOutput
    ) -> Tensor | None:
        """What is added to the generator's loss: one number an image [N]; None adds nothing.

        Args:
            turn: the generator's.
            setup: the game's.
            fakes: what the generator made.
            output: what the discriminator says of them.
        """
        return None

    def moves(self, setup: GameSetup) -> tuple[Move, ...]:
        """Moves of its own, which are played in the generator's group."""
        return ()

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """State of its own, which checkpoints hold."""
        return {}

    def hooks(self, state: dict[str, Tensor]) -> tuple[Hook, ...]:
        """Hooks that move its state.

        state: the game's, with that of the term in it.
        """
        return ()


def check_terms(terms: Sequence[Term]) -> None:
    """Raises ValueError where two terms have one name."""
    if len({term.name for term in terms}) < len(terms):
        raise ValueError("each kind of term may stand once")
