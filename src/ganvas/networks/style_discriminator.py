"""StyleGAN2's discriminator: residual blocks, minibatch deviation (Karras et al. 2020, 4.1)."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from ganvas.networks.layers.equalised import GAIN, EqualConv2d, EqualLinear
from ganvas.networks.layers.heads import EqualProjection
from ganvas.networks.layers.minibatch import MinibatchStd
from ganvas.networks.operators.blur import Blur
from ganvas.networks.operators.flatten import Flatten
from ganvas.networks.operators.resample import Halve
from ganvas.networks.shape import Shape, halvings, widths


@dataclass(frozen=True)
class StyleDiscriminator:
    """Residual blocks that halve the resolution, two linear layers; one score an image [N].

    Conditions are projected (Miyato & Koyama 2018).

    width: channels at the full resolution, doubled at each level towards the smallest map.
    widest: the most channels of a map.
    group: images of a group of ``MinibatchStd`` before the last convolution; 1 leaves that layer
        out.
    bias_gain: biases are multiplied by their activations' gain, as in the authors' networks, and so
        learn sqrt(2) times as fast.
    """

    conditional: ClassVar[bool] = True

    width: int = 32
    widest: int = 512
    group: int = 4
    bias_gain: bool = False

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores [N].

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        biases = GAIN if self.bias_gain else 1.0
        levels, height, width = halvings(shape)
        channels = widths(levels + 1, self.width, self.widest)
        last, deviations = channels[-1], int(self.group > 1)
        body = nn.Sequential(
            EqualConv2d(shape[0], channels[0], 1, gain=GAIN, bias_gain=biases),
            nn.LeakyReLU(0.2, inplace=True),
            *(Block(before, after, biases) for before, after in pairwise(channels)),
            *([MinibatchStd(self.group)] if deviations else []),
            EqualConv2d(last + deviations, last, 3, padding=1, gain=GAIN, bias_gain=biases),
            nn.LeakyReLU(0.2, inplace=True),
            Flatten(),
            EqualLinear(last * height * width, last, gain=GAIN, bias_gain=biases),
            nn.LeakyReLU(0.2, inplace=True),
        )
        return EqualProjection(body, last, conditions)


class Block(nn.Module):
    """Two 3x3 convolutions beside a 1x1 convolution; both branches halve the resolution.

    Both are smoothed before pixels are dropped. Their sum is divided by sqrt(2), which here stands
    in the gains of what is summed.

    Args:
        inputs, outputs: channels before and after.
        bias_gain: of the first convolution.
    """

    def __init__(self, inputs: int, outputs: int, bias_gain: float = 1.0) -> None:
        super().__init__()
        self.main = nn.Sequential(
            EqualConv2d(inputs, inputs, 3, padding=1, gain=GAIN, bias_gain=bias_gain),
            nn.LeakyReLU(0.2, inplace=True),
            Blur(padding=2),
            EqualConv2d(inputs, outputs, 3, stride=2, gain=1.0),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.skip = nn.Sequential(
            Halve(), EqualConv2d(inputs, outputs, 1, bias=False, gain=math.sqrt(0.5))
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, inputs, 2H, 2W] to [N, outputs, H, W]."""
        return self.main(maps) + self.skip(maps)
