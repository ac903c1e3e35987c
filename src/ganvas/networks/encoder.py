"""Encoders: from images to where their latents lie."""

from dataclasses import dataclass

from torch import nn

from ganvas.networks.layers.halving import halving_layers
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.operators.flatten import Flatten
from ganvas.networks.shape import Shape


@dataclass(frozen=True)
class CompactEncoder:
    """A strided convolution at each level, two linear layers: images to [N, 2 * latent].

    The first half are means of latents, the second log-variances; both unbounded. LeakyReLU 0.2
    between.

    width: channels of the first map.
    growth: how many times as many channels each next map has.
    hidden: units of the first linear layer.
    init: the first weights, by name; see ``initialise``.
    """

    width: int = 32
    growth: float = 1.5
    hidden: int = 512
    init: Init = "torch"

    def build(self, shape: Shape, latent: int) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1] to means and log-variances of latents, [N, 2 * latent].

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        body, channels, (height, width) = halving_layers(shape, self.width, self.growth)
        network = nn.Sequential(
            *body,
            Flatten(),
            nn.Linear(channels[-1] * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(self.hidden, 2 * latent),
        )
        return initialise(network, self.init)
