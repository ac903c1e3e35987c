"""A small residual classifier of grey images, for feature networks that can be shipped."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Classifier(nn.Module):
    """Three resolutions, a residual block at each of the lower two, global average pooling.

    Args:
        widths: channels at full, half and a quarter of the resolution; the last is the number of
            features.
        classes: how many classes the last linear layer tells apart.
        norm: with BatchNorm, for training; ``fold`` makes the same network without.
    """

    def __init__(self, widths: tuple[int, int, int], classes: int, *, norm: bool = False) -> None:
        super().__init__()
        first, second, third = widths
        self.body = nn.Sequential(
            Layer(1, first, norm=norm),
            Layer(first, second, stride=2, norm=norm),
            Block(second, norm=norm),
            Layer(second, third, stride=2, norm=norm),
            Block(third, norm=norm),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Linear(third, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images [N, 1, H, W] in [-1, 1] to features [N, widths[-1]] and logits [N, classes]."""
        features = self.body(images)
        return features, self.head(features)


class Layer(nn.Module):
    """A 3x3 convolution, BatchNorm where asked for, ReLU."""

    def __init__(self, before: int, after: int, stride: int = 1, *, norm: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, stride, 1, bias=not norm)
        self.norm = nn.BatchNorm2d(after) if norm else nn.Identity()

    def forward(self, maps: Tensor, added: Tensor | None = None) -> Tensor:
        """Maps [N, C, H, W] to maps of the new width and size, 0 or more; ``added``, of that shape,
        is added before the ReLU.
        """
        out = self.norm(self.conv(maps))
        return F.relu(out if added is None else out + added)


class Block(nn.Module):
    """Two layers; the input is added before the second one's ReLU (He et al. 2016)."""

    def __init__(self, width: int, *, norm: bool = False) -> None:
        super().__init__()
        self.first = Layer(width, width, norm=norm)
        self.second = Layer(width, width, norm=norm)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, width, H, W] to maps of the same shape, 0 or more."""
        return self.second(self.first(maps), added=maps)


@torch.no_grad()
def fold(network: Classifier) -> Classifier:
    """Fold BatchNorm's running statistics into the convolutions, in place.

    In evaluation mode, which it is put into, the network computes the same function as before.
    """
    network.eval()
    for layer in network.modules():
        if isinstance(layer, Layer) and isinstance(layer.norm, nn.BatchNorm2d):
            layer.conv = nn.utils.fuse_conv_bn_eval(layer.conv, layer.norm)
            layer.norm = nn.Identity()
    return network
