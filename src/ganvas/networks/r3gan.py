"""R3GAN's networks (Huang et al. 2024, section 3): residual, without normalisation.

A block widens its maps twofold with a 1x1 convolution, looks around with a grouped 3x3 one and
comes back with another 1x1; biased LeakyReLUs stand between. The last of the three starts at zero
and the others are scaled by the number of blocks, so that a deep network starts as a shallow one
(Zhang et al. 2019, "Fixup") and needs nothing through which the images of a batch would depend on
each other. Between resolutions stands ``resample``, and a bare 1x1 convolution where the width
changes. The discriminator is the generator walked backwards.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Literal, TypeVar

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError, unknown
from ganvas.networks.layers.conditioned import Concatenate, Sequence
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.grouped import GroupedConv2d
from ganvas.networks.operators.resample import Double, Halve
from ganvas.networks.protocols import Conditioned
from ganvas.networks.shape import Shape, halvings

Size = Literal["tiny", "small", "base"]

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, Conv2d)

EXPANSION = 2
"""How many times as many channels a block has inside as outside."""

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""Makes good what a LeakyReLU takes from a deviation (He et al. 2015, eq. 15)."""


@dataclass(frozen=True)
class Plan:
    """What a network is made of.

    widths: channels of maps of 4x4, 8x8 ... pixels; beyond the last, half of those before.
    blocks: the number of blocks at each resolution.
    group: channels of a group of the 3x3 convolution, the largest common divisor where that does
        not divide them; 1 convolves each channel alone, 0 all together.
    """

    widths: tuple[int, ...]
    blocks: int
    group: int

    def stages(self, shape: Shape) -> tuple[tuple[int, int], list[int]]:
        """The smallest map's size, and channels at each resolution from there to the image's."""
        levels, height, width = halvings(shape)
        return (height, width), [
            self.width(height << level, width << level) for level in range(levels + 1)
        ]

    def width(self, height: int, width: int) -> int:
        """Channels of a map of this size, by its area: 7x7 counts as 8x8."""
        level = max(0, math.floor(math.log2(height * width / 16) / 2 + 0.5))
        beyond = max(0, level + 1 - len(self.widths))
        return max(1, self.widths[level - beyond] >> beyond)

    def stage(self, width: int, stages: int) -> list[nn.Module]:
        """The blocks of one of so many resolutions."""
        return [Block(width, self.group, self.blocks * stages) for _ in range(self.blocks)]


SIZES: dict[str, Plan] = {
    "tiny": Plan((192, 96, 48, 16), blocks=1, group=1),
    "small": Plan((256, 256, 256, 256), blocks=2, group=16),
    "base": Plan((768, 768, 768, 768), blocks=2, group=16),
}
"""``base`` is the paper's network for CIFAR-10 and for FFHQ; the other two are ours."""


@dataclass(frozen=True)
class R3GANGenerator:
    """A learned map, each channel times a linear map of the latent; blocks, doublings; a 1x1
    convolution.

    The last layer is bare and nothing bounds the images: training keeps them about [-1, 1].
    Conditions are embedded in as many numbers as the latent has and stand beside it.

    latent: how many numbers a latent has.
    size: which of ``SIZES``.
    widths: see ``Plan``; None takes that of ``size``.
    blocks: see ``Plan``; None takes that of ``size``.
    group: see ``Plan``; None takes that of ``size``.
    """

    conditional: ClassVar[bool] = True

    latent: int = 64
    size: Size = "tiny"
    widths: tuple[int, ...] | None = None
    blocks: int | None = None
    group: int | None = None

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Latents [N, latent], and conditions [N, K] where there are any, to images.

        Raises:
            UsageError: a size that cannot be halved to a small one, or settings that cannot be.
        """
        plan = _plan(self)
        size, widths = plan.stages(shape)
        embedded = self.latent if conditions else 0
        layers: list[nn.Module] = [Embed(conditions, embedded)] if conditions else []
        layers += [
            Basis(self.latent + embedded, widths[0], size),
            *plan.stage(widths[0], len(widths)),
        ]
        for before, after in pairwise(widths):
            layers += [*_change(before, after), Double(), *plan.stage(after, len(widths))]
        return Sequence(*layers, _bare(widths[-1], shape[0]))


@dataclass(frozen=True)
class R3GANDiscriminator:
    """A bare 1x1 convolution; blocks, halvings; each channel times a learned map, summed; a score.

    One score an image [N], in float32. With conditions it is a product of features with embedded
    conditions (Miyato & Koyama 2018), without a term of the image's own.

    size: which of ``SIZES``.
    widths: see ``Plan``; None takes that of ``size``.
    blocks: see ``Plan``; None takes that of ``size``.
    group: see ``Plan``; None takes that of ``size``.
    bias: embedded conditions have a bias. The authors' classes have none; attributes need it, or
        the score of an image that has none of them would be 0 whatever it depicts.
    """

    conditional: ClassVar[bool] = True

    size: Size = "tiny"
    widths: tuple[int, ...] | None = None
    blocks: int | None = None
    group: int | None = None
    bias: bool = True

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images, and conditions [N, K] where there are any, to scores [N].

        Raises:
            UsageError: a size that cannot be halved to a small one, or settings that cannot be.
        """
        plan = _plan(self)
        size, widths = plan.stages(shape)
        layers = [_bare(shape[0], widths[-1]), *plan.stage(widths[-1], len(widths))]
        for before, after in pairwise(reversed(widths)):
            layers += [Halve(), *_change(before, after), *plan.stage(after, len(widths))]
        return Sequence(*layers, Head(widths[0], size, conditions, self.bias))


class Block(nn.Module):
    """Maps [N, C, H, W] and what three convolutions add to them; at the start, nothing.

    Args:
        width: C.
        group: see ``Plan``.
        count: blocks of the whole network.
    """

    def __init__(self, width: int, group: int, count: int) -> None:
        super().__init__()
        wide = EXPANSION * width
        group = math.gcd(wide, group)
        middle = Conv2d(wide, wide, 3, padding=1) if group == wide else GroupedConv2d(wide, group)
        # Fixup, section 3: count^(-1 / (2m - 2)) in a branch of m = 3 layers, the last one apart.
        gain = GAIN * count**-0.25
        self.branch = nn.Sequential(
            msr(Conv2d(width, wide, 1), gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            msr(middle, gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            msr(Conv2d(wide, width, 1, bias=False), 0.0),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, C, H, W] to maps of the same shape."""
        return maps + self.branch(maps)


class Basis(nn.Module):
    """Rows [N, D] to maps [N, C, *size]: a learned map, times a linear map of the row, by channel.

    In memory they lie channels-last from the start.

    Args:
        rows: D.
        channels: C.
        size: height and width of the maps.
    """

    def __init__(self, rows: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(*size, channels))
        # Checkpoints know this layer by its name.
        self.weigh = msr(nn.Linear(rows, channels, bias=False))

    def forward(self, rows: Tensor) -> Tensor:
        """Rows [N, D] to maps [N, C, *size]."""
        weights = self.weigh(rows)[:, None, None]
        # In the weights' own format, or all maps until the next 1x1 convolution would be float32.
        return (self.basis.to(weights.dtype) * weights).permute(0, 3, 1, 2)


class Embed(Concatenate):
    """Rows [N, D] and, beside them, a linear map of the conditions.

    Args:
        conditions: K.
        numbers: E, how many numbers conditions become.
    """

    def __init__(self, conditions: int, numbers: int) -> None:
        super().__init__()
        self.embed = msr(nn.Linear(conditions, numbers, bias=False))

    def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
        """Rows [N, D] and conditions [N, K] to [N, D + E]."""
        return super().forward(input, self.embed(conditions.to(input.dtype)))


class Head(Conditioned):
    """The adjoint of ``Basis``, then a linear layer.

    As in the paper it computes in float32: the loss is of differences between scores.

    Args:
        channels: C.
        size: height and width of the maps.
        conditions: K, or 0 for none.
        bias: whether embedded conditions have a bias.
    """

    def __init__(
        self, channels: int, size: tuple[int, int], conditions: int, bias: bool = True
    ) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(*size, channels) / math.sqrt(math.prod(size)))
        features = channels if conditions else 1
        self.features = msr(nn.Linear(channels, features, bias=False))
        self.embed = None
        if conditions:
            # The bias is what an image without any attribute, a row of zeros, is multiplied by.
            self.embed = msr(nn.Linear(conditions, features, bias=bias), features**-0.5)

    @property
    def needs_nonzero_conditions(self) -> bool:
        """Whether a condition of zeros makes every score 0, since no bias is added to it."""
        return self.embed is not None and self.embed.bias is None

    def forward(self, input: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Maps [N, C, *size], and conditions [N, K] if there are any, to scores [N] in float32."""
        with torch.autocast(input.device.type, enabled=False):
            maps = input.permute(0, 2, 3, 1).to(self.basis.dtype)
            features = self.features((maps * self.basis).sum((1, 2)))
            if self.embed is None:
                return features.squeeze(1)
            return (features * self.embed(conditions.to(features.dtype))).sum(1)  # pyright: ignore


@torch.no_grad()
def msr(layer: Layer, gain: float = 1.0) -> Layer:
    """Weights N(0, gain^2 / inputs) (He et al. 2015, section 2.2), biases zero; the same layer."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _plan(settings: R3GANGenerator | R3GANDiscriminator) -> Plan:
    if settings.size not in SIZES:
        raise UsageError(unknown(settings.size, SIZES, "size"))
    names = ("widths", "blocks", "group")
    given = {name: getattr(settings, name) for name in names if getattr(settings, name) is not None}
    plan = replace(SIZES[settings.size], **given)
    if not plan.widths or min(*plan.widths, plan.blocks) < 1 or plan.group < 0:
        raise UsageError("widths and blocks must be at least 1, and group at least 0")
    return plan


def _change(before: int, after: int) -> list[nn.Module]:
    return [] if before == after else [_bare(before, after)]


def _bare(before: int, after: int) -> nn.Module:
    return msr(Conv2d(before, after, 1, bias=False))
