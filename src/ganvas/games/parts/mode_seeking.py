"""Mode seeking: different latents must make different images."""

from dataclasses import dataclass

from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.augmented_discriminator import DiscriminatorOutput
from ganvas.games.parts.fakes import Fakes
from ganvas.games.parts.term import Term
from ganvas.games.setup import GameSetup
from ganvas.losses.precision import at_least_float32

SMALL = 1e-5


@dataclass(frozen=True)
class ModeSeeking(Term):
    """|z1 - z2| / |G(z1) - G(z2)|, mean absolute differences (Mao et al. 2019, eq. 3, inverted as
    their section 3.2 trains it), between each image of the turn and one of a second latent.

    The images of the second latents count in this term alone. In the authors' code the
    discriminator learns from them as well, and the generator is asked to deceive it with both. The
    generator's turn costs one more forward.

    weight: its factor in the generator's loss.
    """

    weight: float = 1.0

    @property
    def name(self) -> str:
        """``mode-seeking``."""
        return "mode-seeking"

    def generator_loss(
        self, turn: Turn, setup: GameSetup, fakes: Fakes, output: DiscriminatorOutput
    ) -> Tensor:
        """The ratio of distances, times the weight: [N]."""
        others = turn.draw.normal("latent.other", setup.latent)
        images = at_least_float32(turn.networks["generator"](others, *fakes.conditions))
        apart = (images - fakes.images).abs().flatten(1).mean(1)
        asked = (others - fakes.latents).abs().mean(1)
        return self.weight * asked / (apart + SMALL)
