"""What games share whose discriminator is an autoencoder."""

from torch import Tensor, nn

from ganvas.engine.game import Turn
from ganvas.games.setup import Cast


def autoencoder(cast: Cast) -> nn.Module:
    """The cast's discriminator, if it can be one whose error of reconstruction is an energy.

    Raises:
        ValueError: it has no ``encode`` and ``decode``, or its sight adapts to signs of scores.
    """
    network = cast.networks["discriminator"]
    if not (hasattr(network, "encode") and hasattr(network, "decode")):
        raise ValueError(
            "this discriminator does not reconstruct: set --discriminator.kind autoencoder"
        )
    if cast.sight().adaptive is not None:
        raise ValueError("an energy has no sign for an adaptive strength to follow: set a number")
    return network


def pictures(turn: Turn, cast: Cast) -> tuple[Tensor, Tensor]:
    """Reals and fakes [N, C, H, W] of a round as the discriminator sees them.

    Fakes keep their graph: one forward serves both players.
    """
    sight = cast.sight()
    reals = turn.shared("batch", turn.draw.data).images
    latents = turn.draw.normal("latent", cast.latent)
    fakes = turn.networks["generator"](latents, *cast.conditions(turn)).float()
    return sight.shown(turn, reals, "real."), sight.shown(turn, fakes, "fake.")
