"""Layers of an equalised learning rate: stored weights are N(0, 1), a constant scales them in use.

Adam's steps do not depend on a gradient's scale, so weights of unequal ranges would learn at
unequal speeds; with the range in a constant all learn alike (Karras et al. 2018, section 4.1).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.operators.functional import conv2d

GAIN = math.sqrt(2)
"""What keeps the mean square of maps through a LeakyReLU of slope 0.2, nearly."""


class EqualLinear(nn.Module):
    """A linear layer [N, inputs] -> [N, outputs] whose weights are scaled by gain / sqrt(inputs).

    Args:
        inputs, outputs: how many numbers a row has before and after.
        bias: whether there are biases.
        rate: factor of the learning rate of weights and biases under Adam; no output changes with
            it.
        start: the biases' first value.
        gain: deviation of an output for inputs of unit deviation.
        bias_gain: factor of the biases, and so of their learning rate, beside ``rate``.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        bias: bool = True,
        rate: float = 1.0,
        start: float = 0.0,
        gain: float = 1.0,
        bias_gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.scale, self.rate = gain * rate / math.sqrt(inputs), rate
        self.bias_scale = rate * bias_gain
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        start /= self.bias_scale
        self.bias = nn.Parameter(torch.full((outputs,), start)) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Rows [N, inputs] to [N, outputs]."""
        bias = self.bias
        if bias is not None and self.bias_scale != 1:
            bias = bias * self.bias_scale
        # There are mostly fewer inputs than weights, and to scale either is the same.
        return F.linear(input * self.scale, self.weight, bias)

    def extra_repr(self) -> str:
        """The sizes and the learning rate's factor."""
        outputs, inputs = self.weight.shape
        return f"{inputs}, {outputs}, bias={self.bias is not None}, rate={self.rate}"


class EqualConv2d(nn.Module):
    """A convolution of maps whose weights are scaled by gain / sqrt(inputs * kernel^2).

    Args:
        inputs, outputs: channels before and after.
        kernel: the kernel's side in pixels.
        padding: rows of zeros around a map.
        stride: pixels from one place of the kernel to the next.
        bias: whether there are biases.
        gain: deviation of an output for inputs of unit deviation, away from the padding.
        bias_gain: factor of the biases, and so of their learning rate.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        padding: int = 0,
        stride: int = 1,
        bias: bool = True,
        gain: float = 1.0,
        bias_gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.bias_scale = bias_gain
        self.scale, self.steps = gain / math.sqrt(inputs * kernel**2), (stride, padding)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, inputs, H, W] to [N, outputs, H', W']."""
        bias = self.bias
        if bias is not None and self.bias_scale != 1:
            bias = bias * self.bias_scale
        return conv2d(input, self.weight * self.scale, bias, *self.steps)

    def extra_repr(self) -> str:
        """The sizes, the padding and the stride."""
        outputs, inputs, kernel, _ = self.weight.shape
        stride, padding = self.steps
        return f"{inputs}, {outputs}, {kernel}, padding={padding}, stride={stride}"
