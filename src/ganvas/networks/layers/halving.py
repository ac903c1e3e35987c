"""Convolutions that halve a map at each level: the body of the compact networks."""

from itertools import pairwise

from torch import nn

from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.shape import Shape, halvings

BASE = 7
"""The least side of the compact networks' smallest map, in pixels."""


def halving_layers(
    shape: Shape, width: int, growth: float, joined: int = 0
) -> tuple[list[nn.Module], list[int], tuple[int, int]]:
    """A 4x4 convolution of stride 2 and LeakyReLU 0.2 at each level.

    Args:
        shape: (C, H, W) of an image.
        width: channels of the first map.
        growth: how many times as many channels each next map has.
        joined: channels beside the image's own.

    Returns:
        The layers, the channels of each map, and the last map's height and width.

    Raises:
        UsageError: the image cannot be halved to a small one.
    """
    levels, *size = halvings(shape, BASE)
    channels = [round(width * growth**level) for level in range(levels)]
    layers: list[nn.Module] = []
    for before, after in pairwise([shape[0] + joined, *channels]):
        layers += [Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    return layers, channels, (size[0], size[1])
