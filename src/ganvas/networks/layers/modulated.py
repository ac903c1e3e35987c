"""Modulated convolution: each image has weights of its own, at the price of shared ones.

Karras et al. 2020, section 2.2. Scaling the input channels of one image's weights is the same as
scaling its input maps, and demodulating its output channels the same as scaling its output maps;
so one ordinary convolution serves the batch, on any device and in any exporter.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.layers.equalised import EqualLinear
from ganvas.networks.operators.blur import Blur
from ganvas.networks.operators.functional import conv2d, conv_transpose2d


class ModulatedConv2d(nn.Module):
    """Maps [N, I, H, W] and intermediate latents w [N, W] to maps [N, O, H, W], or [N, O, 2H, 2W].

    Args:
        inputs, outputs: I and O.
        intermediate: W.
        kernel: an odd side of the kernel; the map keeps its size.
        up: double the resolution: a transposed convolution of stride 2, then the blur. Needs a
            kernel of 3.
        demodulate: bring every output channel to unit deviation, for inputs of unit deviation.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        intermediate: int,
        kernel: int = 3,
        up: bool = False,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.scale, self.demodulate = 1 / math.sqrt(inputs * kernel**2), demodulate
        self.style = EqualLinear(intermediate, inputs, start=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        # Between the pixels of a doubled map lie zeros: the filter's weights must sum to 4.
        self.blur = Blur(padding=1, gain=4.0) if up else None

    def forward(self, maps: Tensor, w: Tensor) -> Tensor:
        """Maps [N, I, H, W] and w [N, W] to maps [N, O, H, W], or [N, O, 2H, 2W]."""
        style = self.scales(w)
        made = self.convolve(maps, style)
        return made * self.demodulation(style).to(made.dtype) if self.demodulate else made

    def scales(self, w: Tensor) -> Tensor:
        """Factors [N, I] of the shared weights' input channels, the equalising one included."""
        return self.style(w) * self.scale

    def convolve(self, maps: Tensor, style: Tensor) -> Tensor:
        """Maps [N, I, H, W] and factors [N, I] to what ``forward`` returns, before demodulation."""
        maps = maps * style[:, :, None, None].to(maps.dtype)
        if self.blur is None:
            return conv2d(maps, self.weight, padding=self.weight.shape[-1] // 2)
        return self.blur(conv_transpose2d(maps, self.weight.transpose(0, 1), stride=2))

    def demodulation(self, style: Tensor) -> Tensor:
        """Factors [N, O, 1, 1] of the output channels (equation 3)."""
        # Over the weights s_i w_oik of one image, the sum of squares is linear in s_i^2.
        power = F.linear(style.square(), self.weight.square().sum((2, 3)))
        return torch.rsqrt(power.to(self.weight.dtype) + 1e-8)[:, :, None, None]
