"""DCGAN (Radford et al. 2016): strided convolutions all the way. Tutorial A's pair.

At 32x32 with the default widths these are the tutorial's networks layer by layer, without the
sigmoid at the end of its discriminator: that one belongs to the loss.
"""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.layers.spectral import spectral
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.shape import Shape, halvings, widths

WIDEST = 512
"""The most channels of a map."""


@dataclass(frozen=True)
class DCGANGenerator:
    """Transposed convolutions, BatchNorm and ReLU, tanh last.

    latent: how many numbers a latent has.
    width: channels of the last hidden map, doubled at each level towards the latent, up to 512
        (128 gives the tutorial's 512, 256, 128 at 32x32).
    init: the first weights, by name; see ``initialise``.
    """

    latent: int = 100
    width: int = 128
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        """Latents [N, latent] to images [N, C, H, W] in [-1, 1].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to.
        """
        levels, height, width = halvings(shape)
        channels = widths(levels, self.width, WIDEST)[::-1]
        layers: list[nn.Module] = [
            nn.Unflatten(1, (self.latent, 1, 1)),
            ConvTranspose2d(self.latent, channels[0], (height, width)),
        ]
        for wide, narrow in zip(channels, [*channels[1:], shape[0]], strict=True):
            layers += [
                BatchNorm2d(wide),
                nn.ReLU(inplace=True),
                ConvTranspose2d(wide, narrow, 4, stride=2, padding=1),
            ]
        return initialise(nn.Sequential(*layers, nn.Tanh()), self.init)


@dataclass(frozen=True)
class DCGANDiscriminator:
    """Strided convolutions and LeakyReLU 0.2; one score an image [N].

    width: channels of the first map, doubled at each level, up to 512.
    norm: what stands behind the inner convolutions. ``batch`` makes the images of a batch depend
        on each other (no gradient penalty then means what its paper says), ``spectral`` divides
        each weight by its largest singular value (Miyato et al. 2018), ``none`` leaves them bare.
    init: the first weights, by name; see ``initialise``.
    """

    width: int = 128
    norm: Literal["batch", "spectral", "none"] = "batch"
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1] to scores [N].

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        levels, height, width = halvings(shape)
        channels = widths(levels, self.width, WIDEST)
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(
            zip([shape[0], *channels[:-1]], channels, strict=True)
        ):
            layers.append(Conv2d(before, after, 4, stride=2, padding=1))
            if self.norm == "batch" and index > 0:
                layers.append(BatchNorm2d(after))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        layers += [Conv2d(channels[-1], 1, (height, width)), nn.Flatten(0)]
        network = initialise(nn.Sequential(*layers), self.init)
        return spectral(network) if self.norm == "spectral" else network
