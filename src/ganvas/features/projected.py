"""A discriminator of features of a network trained on ImageNet (Sauer et al. 2021).

Four maps of the frozen network, mixed once at random over channels and scales (section 3.2), go to
four trained heads. What a head can tell apart then lies in features of natural images; so a
distance measured in the same features, or in those of any ImageNet classifier, flatters what such
a discriminator taught (Kynkäänniemi et al. 2023).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.features.taps import CHANNELS, STRIDES, Taps, efficientnet_taps
from ganvas.networks.layers.conditioned import Sequence
from ganvas.networks.layers.spectral import spectral
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.resize import bilinear_resize
from ganvas.networks.operators.tracing import traced
from ganvas.networks.protocols import Conditioned
from ganvas.networks.shape import Shape

DEEPEST = STRIDES[-1]

FULL_STRIDES = tuple(stride // 2 for stride in STRIDES)
"""Of the maps that ``FullMixing`` makes."""

SPREAD = (9.0, 8.0, 7.5, 3.0)
"""Standard deviation of each tap on photographs at 128x128, rounded."""


@dataclass(frozen=True)
class ProjectedDiscriminator:
    """Heads on efficientnet-lite0's maps; scores [N, P], as many at each of the four scales.

    Each head halves its map down to that of the deepest, so the plain mean over axis 1, which
    losses take, gives each scale the same weight.

    size: the shorter side, in pixels, at which the network reads images; a multiple of 32.
    width: channels of the heads; see ``form``.
    norm: ``batch``, as in the paper, stands behind the heads' inner convolutions and makes the
        images of a batch depend on each other; ``none`` does not, and lets the game join its
        passes.
    form: ``light`` mixes maps of the taps' own channels and sizes, a 4th to a 32nd of the image's,
        and puts a head of ``width`` channels on each: (size / 32)^2 scores of a square image, 0.7
        million weights. ``full`` is what the authors' program has: mixed maps are twice as large
        and have 1, 1, 2 and 4 times ``width`` channels, and heads grow to 8 times ``width``:
        (size / 32 - 3)^2 scores, 10 million weights at a width of 64; it needs a size of 128, and
        theirs is 224.
    """

    conditional: ClassVar[bool] = True

    size: int = 128
    width: int = 64
    norm: Literal["batch", "none"] = "batch"
    form: Literal["light", "full"] = "light"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores.

        Raises:
            UsageError: images neither grey nor in colour, or a size that is no multiple of 32 or
                too small.
            UserError: the extra that has the network is not installed.
        """
        if shape[0] not in (1, 3):
            raise UsageError(f"efficientnet-lite0 sees 1 or 3 channels, not {shape[0]}")
        least = DEEPEST if self.form == "light" else 4 * DEEPEST
        if self.size < least or self.size % DEEPEST:
            raise UsageError(
                f"discriminator.size must be a multiple of {DEEPEST} from {least} on, such as 128, "
                f"not {self.size}"
            )
        short = min(shape[1:])
        height, width = (round(self.size * side / short / DEEPEST) * DEEPEST for side in shape[1:])
        channels, strides, head = CHANNELS, STRIDES, _head
        if self.form == "full":
            channels, strides, head = _full_channels(self.width), FULL_STRIDES, _full_head
        heads = [
            head(before, self, DEEPEST // stride, conditions)
            for before, stride in zip(channels, strides, strict=True)
        ]
        mixing = Mixing() if self.form == "light" else FullMixing(self.width)
        return Projected(efficientnet_taps(), mixing, heads, (height, width))


class Projected(nn.Module):
    """Frozen ``taps`` and ``mixing`` before trained ``heads``, at one size of image.

    Args:
        taps: images to four maps.
        mixing: four maps to four others.
        heads: a map to scores [N, P] each.
        size: height and width at which images are read.
    """

    layers_in_order = False  # the heads stand beside each other

    def __init__(
        self,
        taps: Taps,
        mixing: "Mixing | FullMixing",
        heads: list[nn.Module],
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.taps = taps
        self.mixing = mixing
        self.heads = nn.ModuleList(heads)
        self.size = size

    def forward(self, images: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Images [N, 1 or 3, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores
        [N, P] of all heads.
        """
        if traced() or images.shape[2:] != self.size:  # a trace has no sizes to compare
            images = bilinear_resize(images, self.size, antialias=True)
        maps = self.mixing(self.taps(images.expand(-1, 3, -1, -1)))
        scores = [head(each, conditions) for head, each in zip(self.heads, maps, strict=True)]
        return torch.cat(scores, 1)


class Mixing(nn.Module):
    """Random frozen convolutions, Kaiming's with no activation behind them (after section 3.2).

    Each map's channels are mixed among each other; then, from the deepest up, each map is given
    the one below it through a 3x3 convolution, at twice the size. The first convolutions bring all
    taps to one spread, so that no scale drowns another; the authors' do not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.channels = nn.ModuleList(Conv2d(wide, wide, 1, bias=False) for wide in CHANNELS)
        self.scales = nn.ModuleList(
            Conv2d(deep, wide, 3, padding=1, bias=False) for wide, deep in pairwise(CHANNELS)
        )
        for weight in self.requires_grad_(False).parameters():
            nn.init.kaiming_normal_(weight, nonlinearity="linear")
        for weight, spread in zip(self.channels.parameters(), SPREAD, strict=True):
            weight.div_(spread)

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        """Four maps to four maps of the same shapes."""
        maps = [mix(tap) for mix, tap in zip(self.channels, taps, strict=True)]
        for level in reversed(range(len(self.scales))):
            below = self.scales[level](maps[level + 1])
            maps[level] = maps[level] + bilinear_resize(below, _doubled(below))
        return maps


class FullMixing(nn.Module):
    """Random frozen convolutions as the authors' program has them: 1x1, with first weights and
    biases of PyTorch's own.

    Each map's channels are mixed to 1, 2, 4 or 8 times ``width``; then, from the deepest up, each
    map, with the one below it added, is mixed again, which but for the last halves its channels,
    and doubled in size. Mixed before it is enlarged, it is the same for a quarter of the work.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        wide = [width * 2**level for level in range(len(CHANNELS))]
        self.channels = nn.ModuleList(map(_pointwise, CHANNELS, wide))
        self.scales = nn.ModuleList(map(_pointwise, wide, _full_channels(width)))
        self.requires_grad_(False)

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        """Four maps to four maps of twice the side, of 1, 1, 2 and 4 times ``width`` channels."""
        maps, below = [], None
        for tap, mix, scale in zip(taps[::-1], self.channels[::-1], self.scales[::-1], strict=True):
            mixed = mix(tap) if below is None else mix(tap) + below
            narrow = scale(mixed)
            below = bilinear_resize(narrow, _doubled(narrow), align_corners=True)
            maps.append(below)
        return maps[::-1]


def _doubled(maps: Tensor) -> tuple[int, int]:
    return 2 * maps.shape[2], 2 * maps.shape[3]


def _full_channels(width: int) -> tuple[int, ...]:
    """Of the maps that ``FullMixing`` makes."""
    return tuple(width * factor for factor in (1, 1, 2, 4))


def _pointwise(before: int, after: int) -> nn.Module:
    return Conv2d(before, after, 1)


def _head(
    channels: int, settings: ProjectedDiscriminator, factor: int, conditions: int
) -> nn.Module:
    """A map to scores [N, P]; LeakyReLU 0.2, spectral norm throughout (Miyato et al. 2018).

    Convolutions of stride 2 until ``factor`` is reached, one of stride 1, and one that scores.
    """
    width, layers = settings.width, []
    while factor > 1:
        layers += _hidden(channels, width, settings.norm, kernel=4, stride=2)
        channels, factor = width, factor // 2
    layers += _hidden(channels, width, settings.norm, kernel=3, stride=1)
    score = MapProjection(width, conditions) if conditions else Conv2d(width, 1, 3, padding=1)
    return spectral(Sequence(*layers, score, nn.Flatten()))


def _full_head(
    channels: int, settings: ProjectedDiscriminator, factor: int, conditions: int
) -> nn.Module:
    """The authors' head: as ``_head``, with channels by their stride and no layer of stride 1;
    the last convolution covers 4x4 pixels and nothing beyond the map.

    With conditions it ends as ``_head`` does instead, with a score a pixel.
    """
    layers = []
    while factor > 1:
        factor //= 2
        after = 8 * settings.width // factor
        layers += _hidden(channels, after, settings.norm, kernel=4, stride=2)
        channels = after
    score = (
        MapProjection(channels, conditions) if conditions else Conv2d(channels, 1, 4, bias=False)
    )
    return spectral(Sequence(*layers, score, nn.Flatten()))


def _hidden(before: int, after: int, norm: str, kernel: int, stride: int) -> list[nn.Module]:
    batch = norm == "batch"
    between = [BatchNorm2d(after)] if batch else []
    return [Conv2d(before, after, kernel, stride, 1, bias=not batch), *between, nn.LeakyReLU(0.2)]


class MapProjection(Conditioned):
    """A score at each place of maps [N, C, H, W] plus the product of what stands there with the
    embedded conditions: [N, 1, H, W] (Miyato & Koyama 2018, eq. 3, place by place).
    """

    def __init__(self, channels: int, conditions: int) -> None:
        super().__init__()
        self.score = Conv2d(channels, 1, 3, padding=1)
        self.embed = nn.Linear(conditions, channels, bias=False)

    def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
        """Maps [N, C, H, W] and conditions [N, K] to scores [N, 1, H, W]."""
        embedded = self.embed(conditions)[:, :, None, None]
        return self.score(input) + (embedded * input).sum(1, keepdim=True)
