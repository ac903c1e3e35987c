"""Whether a game of the user's own applies the augmentation that its recipe sets."""

import sys
import warnings
from dataclasses import replace

from torch import Tensor

from ganvas.engine.game import Game, Hook, Outcome
from ganvas.games.parts.augmentation import Augment, Uniform


class WatchedAugment:
    """An augmentation that knows whether it was applied.

    Args:
        augment: what it does.
    """

    def __init__(self, augment: Augment) -> None:
        self._augment = augment
        self._is_applied = False

    def __call__(self, images: Tensor, uniform: Uniform, strength: float | Tensor) -> Tensor:
        """Augment images [N, C, H, W]."""
        self._is_applied = True
        return self._augment(images, uniform, strength)

    def watching(self, game: Game, kind: str | None) -> Game:
        """The game, which warns after its first round if nothing was augmented in it."""

        def check(_: Outcome) -> None:
            if not self._is_applied:
                text = (
                    f"your game {kind!r} augmented nothing in its first round, so `augment` does "
                    f"nothing: pass what the discriminator gets through "
                    f"setup.augmentation.apply(turn, images, 'real.'), or set `augment=null`"
                )
                warnings.warn(text, RuntimeWarning, stacklevel=2)

        # Rounds are counted from 0, so such a hook is called after the first one alone.
        return replace(game, hooks=[*game.hooks, Hook(check, every=sys.maxsize)])
