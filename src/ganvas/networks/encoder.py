"""Encoders: from images to where their latents lie."""

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from ganvas.networks.compact import BASE
from ganvas.networks.layers.flatten import Flatten
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.shape import Shape, halvings


@dataclass(frozen=True)
class CompactEncoder:
    """A strided convolution at each level, two linear layers: images to [N, 2 * latent].

    The first half are means of latents, the second log-variances; both unbounded. LeakyReLU 0.2
    between.

    width: channels of the first map. growth: how many times as many each next map has. hidden:
    units of the first linear layer. init: the first weights.
    """

    width: int = 32
    growth: float = 1.5
    hidden: int = 512
    init: Init = "torch"

    def build(self, shape: Shape, latent: int) -> nn.Module:
        levels, height, width = halvings(shape, BASE)
        channels = [round(self.width * self.growth**level) for level in range(levels)]
        layers: list[nn.Module] = []
        for before, after in pairwise([shape[0], *channels]):
            layers += [
                Conv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers += [
            Flatten(),
            nn.Linear(channels[-1] * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(self.hidden, 2 * latent),
        ]
        return initialise(nn.Sequential(*layers), self.init)
