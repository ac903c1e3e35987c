"""Residual networks of SN-GAN (Miyato et al. 2018, appendix B.4), with SAGAN's self-attention.

One rule gives the appendix's tables of CIFAR-10, 32x32 (generator ``width=256, growth=1``,
discriminator ``width=128, growth=1, base=8, blocks=2``) and of ImageNet, 128x128 (the defaults).
What the appendix leaves open (weights at the start, channels inside a block) is as in the authors'
implementation.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.networks.layers.attention import SelfAttention
from ganvas.networks.layers.conditioned import ConditionalBatchNorm2d, Sequence, batch_norm
from ganvas.networks.layers.heads import Projection
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.layers.spectral import spectral
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.flatten import ToMap
from ganvas.networks.operators.fused import PooledConv2d, UpsampledConv2d
from ganvas.networks.protocols import Conditioned
from ganvas.networks.shape import Shape, halvings

WIDEST = 16
"""Most channels of a map, as a multiple of ``width``."""

First = Literal[Init, "xavier"]
"""First weights: Xavier's (Glorot & Bengio 2010), gain sqrt(2) inside a block; or by name."""


@dataclass(frozen=True)
class ResNetGenerator:
    """A linear layer, a residual block at each doubling of the side, BatchNorm, ReLU, tanh last.

    With conditions the blocks' BatchNorm is conditional (Miyato & Koyama 2018, section 5).

    latent: how many numbers a latent has.
    width: channels of the image-sized map.
    growth: how many times as many channels each smaller map has.
    base: the least side of the smallest map, in pixels.
    attention: the shorter side, in pixels, of the map that self-attention looks at; 0 for none.
    norm: ``spectral`` divides each weight by its largest singular value, as SAGAN does here too;
        ``none`` leaves them bare.
    init: the first weights, by name; see ``First``.
    """

    conditional: ClassVar[bool] = True

    latent: int = 128
    width: int = 64
    growth: float = 2.0
    base: int = 4
    attention: int = 0
    norm: Literal["spectral", "none"] = "none"
    init: First = "xavier"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W] in
        [-1, 1].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to, or no map
                of the side that ``attention`` names.
        """
        levels, height, width = halvings(shape, self.base)
        channels = _widths(self.width, self.growth, levels + 1)[::-1]
        blocks = [_up(*pair, conditions) for pair in pairwise(channels)]
        sides = [min(height, width) * 2 ** (level + 1) for level in range(levels)]
        network = Sequence(
            nn.Linear(self.latent, channels[0] * height * width),
            ToMap(height, width),
            *_attending(blocks, channels[1:], sides, self.attention),
            BatchNorm2d(channels[-1]),
            nn.ReLU(inplace=True),
            Conv2d(channels[-1], shape[0], 3, padding=1),
            nn.Tanh(),
        )
        return _finished(network, self.init, self.norm)


@dataclass(frozen=True)
class ResNetDiscriminator:
    """A residual block at each halving of the side and beyond, ReLU, a sum over pixels, a score.

    One score an image [N]. With conditions the score is a projection (Miyato & Koyama 2018).

    width: channels of the first map.
    growth: how many times as many channels each smaller map has.
    base: the least side of the smallest map, in pixels.
    blocks: residual blocks that follow there.
    attention: the shorter side, in pixels, of the map that self-attention looks at; 0 for none.
    norm: ``spectral`` divides each weight by its largest singular value (Miyato et al. 2018),
        ``none`` leaves them bare.
    init: the first weights, by name; see ``First``.
    """

    conditional: ClassVar[bool] = True

    width: int = 64
    growth: float = 2.0
    base: int = 4
    blocks: int = 1
    attention: int = 0
    norm: Literal["spectral", "none"] = "spectral"
    init: First = "xavier"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores [N].

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map, or no map
                of the side that ``attention`` names.
        """
        levels, height, width = halvings(shape, self.base)
        channels = [shape[0], *_widths(self.width, self.growth, levels)]
        blocks = [_down(*pair, first=not level) for level, pair in enumerate(pairwise(channels))]
        sides = [min(height, width) * 2**level for level in reversed(range(levels))]
        last = channels[-1]
        head = Projection(last, conditions) if conditions else nn.Linear(last, 1)
        network = Sequence(
            *_attending(blocks, channels[1:], sides, self.attention),
            *[_level(last) for _ in range(self.blocks)],
            nn.ReLU(),
            SumPool(),
            head,
            nn.Flatten(0),
        )
        return _finished(network, self.init, self.norm)


class Residual(Conditioned):
    """The sum of what two branches make of the same maps; conditions go to the body."""

    def __init__(self, body: Sequence, skip: nn.Module) -> None:
        super().__init__()
        self.body, self.skip = body, skip

    def forward(self, input: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Maps [N, C, H, W], and conditions [N, K] where there are any, to the branches' shape."""
        return self.skip(input) + self.body(input, conditions)


class SumPool(nn.Module):
    """Maps [N, C, H, W] to their sums over all pixels [N, C]."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to [N, C]."""
        return input.sum((2, 3))


def _up(before: int, after: int, conditions: int) -> Residual:
    """The generator's block: doubles the side."""
    body = Sequence(
        batch_norm(before, conditions),
        nn.ReLU(inplace=True),
        UpsampledConv2d(before, after),
        batch_norm(after, conditions),
        nn.ReLU(inplace=True),
        Conv2d(after, after, 3, padding=1),
    )
    # A convolution of single pixels and copying them may change places: so it sees a quarter.
    return Residual(body, nn.Sequential(Conv2d(before, after, 1), nn.Upsample(scale_factor=2)))


def _down(before: int, after: int, first: bool) -> Residual:
    """The discriminator's block, without BatchNorm: halves the side.

    The ``first`` one sees an image, half of which a ReLU would throw away.
    """
    inner = after if first else before
    body = Sequence(
        nn.Identity() if first else nn.ReLU(),
        Conv2d(before, inner, 3, padding=1),
        nn.ReLU(inplace=True),
        PooledConv2d(inner, after),
    )
    return Residual(body, nn.Sequential(nn.AvgPool2d(2), Conv2d(before, after, 1)))


def _level(width: int) -> Residual:
    """The discriminator's block that keeps the side."""
    body = Sequence(
        nn.ReLU(),
        Conv2d(width, width, 3, padding=1),
        nn.ReLU(inplace=True),
        Conv2d(width, width, 3, padding=1),
    )
    return Residual(body, nn.Identity())


def _widths(width: int, growth: float, count: int) -> list[int]:
    """Channels from the widest map to the smallest."""
    return [round(width * min(growth**level, WIDEST)) for level in range(count)]


def _attending(
    blocks: list[Residual], channels: list[int], sides: list[int], attention: int
) -> list[nn.Module]:
    """The blocks, and self-attention behind the one whose map has that side.

    Raises:
        UsageError: there is no such map.
    """
    if attention == 0:
        return [*blocks]
    if attention not in sides:
        raise UsageError(
            f"no map here has the side {attention}: set attention to 0 or to one of "
            f"{', '.join(map(str, sides))}"
        )
    at = sides.index(attention) + 1
    return [*blocks[:at], SelfAttention(channels[at - 1]), *blocks[at:]]


def _finished(network: Sequence, init: First, norm: str) -> Sequence:
    """First weights drawn, then under spectral normalisation where asked for."""
    if init == "xavier":
        _xavier(network)
    else:
        initialise(network, init)
    if norm == "spectral":
        for layer in _layers(network):
            spectral(layer)
    return network


@torch.no_grad()
def _xavier(network: Sequence) -> None:
    blocks = [block for block in network.modules() if isinstance(block, Residual)]
    inner = {layer for block in blocks for layer in block.body}
    for layer in _layers(network):
        nn.init.xavier_uniform_(layer.weight, sqrt(2) if layer in inner else 1.0)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Convolutions and linear layers, but for a conditional BatchNorm's: these start at zero."""
    norms = [norm for norm in network.modules() if isinstance(norm, ConditionalBatchNorm2d)]
    left = {layer for norm in norms for layer in norm.children()}
    weighty = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    return [layer for layer in weighty if layer not in left]
