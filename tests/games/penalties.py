"""A penalty of plain tensors, as a game computes it where it has no scores yet."""

from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.games.parts.augmentation import DiscriminatorAugmentation
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator
from ganvas.games.parts.penalty import Penalty

PLAIN = AugmentedDiscriminator(DiscriminatorAugmentation(None, 1.0))


def value(
    penalty: Penalty,
    turn: Turn,
    real: Tensor,
    fake: Tensor,
    discriminator: AugmentedDiscriminator = PLAIN,
) -> Tensor:
    return penalty.value(turn, *discriminator.inputs(turn, real, fake))
