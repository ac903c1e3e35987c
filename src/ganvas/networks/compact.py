"""A compact pair for small images and a few CPU minutes.

Nearly all of the work lies on maps of half the image's side and less, where a processor's matrix
units are busy and its caches suffice; the full resolution is touched once. The discriminator has no
normalisation, so a gradient penalty means what its paper says, and a wide linear layer, which is
cheap there and teaches much.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganvas.networks.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.flatten import Flatten
from ganvas.networks.initialise import Init, initialise
from ganvas.networks.norm import BatchNorm2d
from ganvas.networks.shape import Shape, halvings

BASE = 7
"""Least side, in pixels, of the smallest map."""


@dataclass(frozen=True)
class CompactGenerator:
    """A linear layer, then at each level a 3x3 and a transposed convolution; tanh last.

    BatchNorm and ReLU stand between. latent: numbers in the latent. width: channels of the map of
    half the image's side, doubled at each level towards the latent. init: the first weights.
    """

    latent: int = 64
    width: int = 32
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        levels, height, width = halvings(shape, BASE)
        channels = [self.width * 2**level for level in reversed(range(levels))]
        layers: list[nn.Module] = [
            nn.Linear(self.latent, channels[0] * height * width, bias=False),
            ToMap(height, width),
            *_norm_relu(channels[0]),
        ]
        for index, wide in enumerate(channels):
            layers += [Conv2d(wide, wide, 3, padding=1, bias=False), *_norm_relu(wide)]
            if index + 1 < levels:
                narrow = channels[index + 1]
                up = ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False)
                layers += [up, *_norm_relu(narrow)]
        layers += [ConvTranspose2d(channels[-1], shape[0], 4, stride=2, padding=1), nn.Tanh()]
        return initialise(nn.Sequential(*layers), self.init)


@dataclass(frozen=True)
class CompactDiscriminator:
    """A strided convolution at each level, two linear layers, LeakyReLU 0.2; one score an image.

    width: channels of the first map. growth: how many times as many each next map has. hidden:
    units of the first linear layer. init: the first weights.
    """

    width: int = 32
    growth: float = 1.5
    hidden: int = 512
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        levels, height, width = halvings(shape, BASE)
        channels = [shape[0]] + [round(self.width * self.growth**level) for level in range(levels)]
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [
                Conv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers += [
            Flatten(),
            nn.Linear(channels[-1] * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(self.hidden, 1),
            nn.Flatten(0),
        ]
        return initialise(nn.Sequential(*layers), self.init)


class ToMap(nn.Module):
    """Rows [N, H*W*C] as a map [N, C, H, W] that lies channels-last in memory from the start."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, rows: Tensor) -> Tensor:
        return torch.unflatten(rows, 1, (*self.size, -1)).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        return f"{self.size[0]}, {self.size[1]}"


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return BatchNorm2d(channels), nn.ReLU(inplace=True)
