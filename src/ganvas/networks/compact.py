"""A compact pair for small images and a few CPU minutes.

Nearly all of the work lies on maps of half the image's side and less, where a processor's matrix
units are busy and its caches suffice; the full resolution is touched once. The discriminator has no
normalisation, so a gradient penalty means what its paper says, and a wide linear layer, which is
cheap there and teaches much.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.networks.layers.conditioned import (
    Classify,
    Concatenate,
    ConditionalBatchNorm2d,
    Projection,
    Sequence,
)
from ganvas.networks.layers.flatten import Flatten
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStd
from ganvas.networks.layers.norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.shape import Shape, halvings

BASE = 7
"""Least side, in pixels, of the smallest map."""

KERNELS = 32
"""Numbers that minibatch discrimination adds to the features."""


@dataclass(frozen=True)
class CompactGenerator:
    """A linear layer, then at each level a 3x3 and a transposed convolution; tanh last.

    BatchNorm and ReLU stand between. latent: numbers in the latent. width: channels of the map of
    half the image's side, doubled at each level towards the latent. init: the first weights.
    condition: how conditions enter, where there are any: appended to the latent, or as gain and
    bias of every BatchNorm.
    """

    conditional: ClassVar[bool] = True

    latent: int = 64
    width: int = 32
    init: Init = "torch"
    condition: Literal["norm", "concatenation"] = "norm"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        levels, height, width = halvings(shape, BASE)
        channels = [self.width * 2**level for level in reversed(range(levels))]
        joined = conditions if self.condition == "concatenation" else 0
        inner = conditions - joined
        layers: list[nn.Module] = [Concatenate()] if joined else []
        layers += [
            nn.Linear(self.latent + joined, channels[0] * height * width, bias=False),
            ToMap(height, width),
            *_norm_relu(channels[0], inner),
        ]
        for index, wide in enumerate(channels):
            layers += [Conv2d(wide, wide, 3, padding=1, bias=False), *_norm_relu(wide, inner)]
            if index + 1 < levels:
                narrow = channels[index + 1]
                up = ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False)
                layers += [up, *_norm_relu(narrow, inner)]
        layers += [ConvTranspose2d(channels[-1], shape[0], 4, stride=2, padding=1), nn.Tanh()]
        return initialise(Sequence(*layers), self.init)


@dataclass(frozen=True)
class CompactDiscriminator:
    """A strided convolution at each level, two linear layers, LeakyReLU 0.2; one score an image.

    width: channels of the first map. growth: how many times as many each next map has. hidden:
    units of the first linear layer. init: the first weights. condition: what is done with
    conditions, where there are any: multiplied with the last features, appended to the image as
    planes, or read by a classifier beside the score. diversity: how it sees its batch: by the
    deviation of the last map, or by distances of the last features; both couple its images.
    """

    conditional: ClassVar[bool] = True

    width: int = 32
    growth: float = 1.5
    hidden: int = 512
    init: Init = "torch"
    condition: Literal["projection", "concatenation", "classifier"] = "projection"
    diversity: Literal["none", "deviation", "discrimination"] = "none"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        levels, height, width = halvings(shape, BASE)
        joined = conditions if self.condition == "concatenation" else 0
        channels = [shape[0] + joined]
        channels += [round(self.width * self.growth**level) for level in range(levels)]
        layers: list[nn.Module] = [Concatenate()] if joined else []
        for before, after in pairwise(channels):
            layers += [
                Conv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        deviation = self.diversity == "deviation"
        features = self.hidden + KERNELS * (self.diversity == "discrimination")
        layers += [MinibatchStd()] if deviation else []
        layers += [
            Flatten(),
            nn.Linear((channels[-1] + deviation) * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        if features > self.hidden:
            layers.append(MinibatchDiscrimination(self.hidden, KERNELS))
        layers += self._head(features, conditions - joined)
        return initialise(Sequence(*layers), self.init)

    def _head(self, features: int, conditions: int) -> list[nn.Module]:
        if conditions and self.condition == "projection":
            return [Projection(features, conditions)]
        if conditions:
            return [Classify(features, conditions)]
        return [nn.Linear(features, 1), nn.Flatten(0)]


class ToMap(nn.Module):
    """Rows [N, H*W*C] as a map [N, C, H, W] that lies channels-last in memory from the start."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, rows: Tensor) -> Tensor:
        return torch.unflatten(rows, 1, (*self.size, -1)).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        return f"{self.size[0]}, {self.size[1]}"


def _norm_relu(channels: int, conditions: int) -> tuple[nn.Module, nn.Module]:
    norm = ConditionalBatchNorm2d(channels, conditions) if conditions else BatchNorm2d(channels)
    return norm, nn.ReLU(inplace=True)
