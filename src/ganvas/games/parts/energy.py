"""What games share whose discriminator is an autoencoder."""

from torch import Tensor, nn

from ganvas.engine.game import Turn
from ganvas.games.setup import GameSetup


def autoencoder(setup: GameSetup) -> nn.Module:
    """The setup's discriminator, if it can be one whose error of reconstruction is an energy.

    Raises:
        ValueError: no ``encode`` and ``decode``, or its augmentation follows signs of scores.
    """
    network = setup.networks["discriminator"]
    if not (hasattr(network, "encode") and hasattr(network, "decode")):
        raise ValueError(
            "this discriminator does not reconstruct: set --discriminator.kind autoencoder"
        )
    if setup.augmentation().adaptive is not None:
        raise ValueError("an energy has no sign for an adaptive strength to follow: set a number")
    return network


def pictures(turn: Turn, setup: GameSetup) -> tuple[Tensor, Tensor]:
    """Reals and fakes [N, C, H, W] of a round as the discriminator sees them.

    Fakes keep their graph: one forward serves both players.
    """
    augmentation = setup.augmentation()
    reals = turn.shared("batch", turn.draw.data).images
    latents = turn.draw.normal("latent", setup.latent)
    fakes = turn.networks["generator"](latents, *setup.conditions(turn)).float()
    return augmentation.augmented(turn, reals, "real."), augmentation.augmented(
        turn, fakes, "fake."
    )
