"""FastGAN's generator (Liu et al. 2021) for small images: gated layers and skip-layer excitation.

As Sauer et al. 2021 use it, without a tanh, so a gradient is never lost to saturation: images may
leave [-1, 1] a little, and training pulls them back. Theirs puts every convolution under spectral
norm and every latent on the sphere, which are settings here. Its maps grow to 128 pixels and more;
for small images ours has fewer levels, and the gains reach three of them instead of four. Of its
two forms, of one convolution a level and of two with noise between, ours takes turns, without the
noise: an image is a function of its latent.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ganvas.networks.layers.conditioned import Sequence, batch_norm
from ganvas.networks.layers.pixel_norm import PixelNorm
from ganvas.networks.layers.spectral import spectral
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.flatten import ToMap
from ganvas.networks.operators.fused import UpsampledConv2d
from ganvas.networks.protocols import Conditioned
from ganvas.networks.shape import Shape, halvings, widths

REACH = 3
"""Levels between an exciting map and the one that it excites; fewer where there are fewer."""

WIDEST = 512
"""The most channels of a map."""


@dataclass(frozen=True)
class FastGANGenerator:
    """At each level: twice the side, then one convolution or two, each normalised and gated.

    latent: how many numbers a latent has.
    width: channels of the largest map, doubled at each level towards the latent, up to 512: 16 for
        a CPU, 64 for a GPU.
    spectral: convolutions and linear layers are under spectral norm (Miyato et al. 2018), but for
        the linear maps of conditions.
    sphere: latents are scaled to a mean square of one.
    """

    conditional: ClassVar[bool] = True

    latent: int = 128
    width: int = 16
    spectral: bool = False
    sphere: bool = False

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W].

        Nothing bounds the images: training keeps them about [-1, 1].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to.
        """
        levels, height, width = halvings(shape)
        channels = widths(levels + 1, self.width, WIDEST)[::-1]
        first = nn.Linear(self.latent, 2 * channels[0] * height * width, bias=False)
        start = Sequence(
            *([PixelNorm()] if self.sphere else []),
            first,
            ToMap(height, width),
            *_gated(channels[0], conditions),
        )
        ups = [
            Up(channels[level], channels[level + 1], conditions, twice=level % 2 == 0)
            for level in range(levels)
        ]
        reach = min(REACH, levels)
        excites = [
            Excitation(channels[level], channels[level + reach], (height, width), 2**level)
            for level in range(levels + 1 - reach)
        ]
        last = Conv2d(channels[-1], shape[0], 3, padding=1)
        nn.init.normal_(last.weight, 0.0, 0.02)  # first images near grey, well within [-1, 1]
        network = FastGAN(start, ups, excites, last)
        if self.spectral:
            for layer in list(network.modules()):
                if isinstance(layer, nn.Conv2d) or layer is first:
                    spectral(layer)
        return network


class FastGAN(Conditioned):
    """Maps of growing size, then an image; each of the last maps is excited by one of the first.

    Args:
        start: latents to the first map.
        ups: each map to the next one, of twice the side.
        excites: one of the first maps to the gains of a later one, ``REACH`` levels on.
        last: the last map to an image.
    """

    def __init__(
        self, start: Sequence, ups: list["Up"], excites: list["Excitation"], last: nn.Module
    ) -> None:
        super().__init__()
        self.start = start
        self.ups = nn.ModuleList(ups)
        self.excites = nn.ModuleList(excites)
        self.last = last

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W],
        unbounded.
        """
        maps = [self.start(latents, conditions)]
        reach = len(self.ups) + 1 - len(self.excites)
        for level, up in enumerate(self.ups, 1):
            made = up(maps[-1], conditions)
            below = level - reach
            maps.append(made * self.excites[below](maps[below]) if below >= 0 else made)
        return self.last(maps[-1])


class Up(Sequence):
    """Maps [N, wide, H, W], and conditions where there are any, to maps [N, narrow, 2H, 2W]."""

    def __init__(self, wide: int, narrow: int, conditions: int, twice: bool) -> None:
        layers = [UpsampledConv2d(wide, 2 * narrow), *_gated(narrow, conditions)]
        if twice:
            again = Conv2d(narrow, 2 * narrow, 3, padding=1, bias=False)
            layers += [again, *_gated(narrow, conditions)]
        super().__init__(*layers)


class Excitation(nn.Sequential):
    """A gain in (0, 1) for each channel of a later map, from a small one (eq. 1 and 2).

    The small map is averaged down to the first one's ``size``.
    """

    def __init__(self, small: int, large: int, size: tuple[int, int], factor: int) -> None:
        super().__init__(
            nn.AvgPool2d(factor),
            Conv2d(small, large, size),
            nn.SiLU(),
            Conv2d(large, large, 1),
            nn.Sigmoid(),
        )


class Gate(nn.Module):
    """``nn.GLU`` over channels, whose own gradient takes five times as long on a CPU."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, 2C, H, W] to [N, C, H, W]: the first half, times the sigmoid of the second."""
        value, gate = input.chunk(2, 1)
        return value * gate.sigmoid()


def _gated(channels: int, conditions: int) -> tuple[nn.Module, nn.Module]:
    """Normalisation of twice the channels, half of which gate the others (Dauphin et al. 2017)."""
    return batch_norm(2 * channels, conditions), Gate()
