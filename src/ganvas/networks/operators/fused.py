"""A 3x3 convolution and a change of the resolution by two in one step.

Where each pixel is repeated before a convolution, or each 2x2 averaged after it, neighbouring taps
of the kernel meet the same pixel. Added up beforehand they make a 4x4 kernel of stride 2: the same
maps for 4/9 of the multiplications, and no map between.
"""

import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.functional import conv2d, conv_transpose2d


class PooledConv2d(Conv2d):
    """A 3x3 convolution, then the mean of each 2x2: [N, I, H, W] to [N, O, H/2, W/2]."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, I, H, W] of even sides to [N, O, H/2, W/2]."""
        return conv2d(input, _spread(self.weight) / 4, self.bias, stride=2, padding=1)


class UpsampledConv2d(Conv2d):
    """Each pixel as 2x2, then a 3x3 convolution without bias: [N, I, H, W] to [N, O, 2H, 2W]."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 3, padding=1, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        # A transposed convolution walks its kernel backwards, from input to output channels.
        """Maps [N, I, H, W] to [N, O, 2H, 2W]."""
        weight = _spread(self.weight).flip(2, 3).transpose(0, 1)
        return conv_transpose2d(input, weight, stride=2, padding=1)


def _spread(weight: Tensor) -> Tensor:
    """Weights [O, I, 3, 3], each on 2x2 taps of [O, I, 4, 4], added where they meet."""
    rows = F.pad(weight, (0, 0, 0, 1)) + F.pad(weight, (0, 0, 1, 0))
    return F.pad(rows, (0, 1)) + F.pad(rows, (1, 0))
