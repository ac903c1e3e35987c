"""An autoencoder that serves as a discriminator: what it cannot reconstruct it takes for a fake."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ganvas.networks.layers.halving import halving_layers
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.operators.flatten import Flatten, ToMap
from ganvas.networks.shape import Shape


class Autoencoder(nn.Module):
    """Images [N, C, H, W] to features [N, hidden] by ``encode``, and back by ``decode``."""

    def __init__(self, encode: nn.Module, decode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.decode = decode

    def forward(self, images: Tensor) -> Tensor:
        """Images [N, C, H, W] in [-1, 1] to their reconstructions, of the same shape, unbounded."""
        return self.decode(self.encode(images))


@dataclass(frozen=True)
class CompactAutoencoder:
    """A strided convolution at each level down to a narrow linear layer; back by a 3x3 and a
    transposed convolution at each. LeakyReLU 0.2 between; the last layer has no activation, so
    reconstructions are unbounded.

    width: channels of the map of half the image's side.
    growth: how many times as many channels each smaller map has.
    hidden: how many features the narrow layer has.
    norm: what stands behind the layers on the way back; ``batch`` learns sooner and makes the
        images of a batch depend on each other, with ``none`` each stands alone.
    init: the first weights, by name; see ``initialise``.
    """

    width: int = 32
    growth: float = 1.5
    hidden: int = 64
    norm: Literal["none", "batch"] = "none"
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        """An ``Autoencoder`` of images of this shape.

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        body, channels, (height, width) = halving_layers(shape, self.width, self.growth)
        units = channels[-1] * height * width
        encode = [*body, Flatten(), nn.Linear(units, self.hidden)]
        decode: list[nn.Module] = [nn.Linear(self.hidden, units), ToMap(height, width)]
        for wide, narrow in pairwise([*channels[::-1], shape[0]]):
            decode += [*self._norm_bend(wide), Conv2d(wide, wide, 3, padding=1)]
            decode += [*self._norm_bend(wide), ConvTranspose2d(wide, narrow, 4, 2, padding=1)]
        return initialise(Autoencoder(nn.Sequential(*encode), nn.Sequential(*decode)), self.init)

    def _norm_bend(self, channels: int) -> list[nn.Module]:
        return [*([BatchNorm2d(channels)] if self.norm == "batch" else []), _bend()]


def _bend() -> nn.Module:
    return nn.LeakyReLU(0.2, inplace=True)
