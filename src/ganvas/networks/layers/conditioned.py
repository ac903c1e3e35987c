"""Layers that take conditions [N, K] beside their input.

A condition is a row of K numbers: a class is one-hot, attributes are 0 or 1 each. A linear map of
such a row is a class's embedding, or the sum of those of attributes, so one form serves both.
"""

import torch
from torch import Tensor, nn

from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.protocols import Conditioned


class Sequence(nn.Sequential):
    """``nn.Sequential`` that hands conditions, where there are any, to layers that take them."""

    def forward(self, input: Tensor, conditions: Tensor | None = None) -> Tensor:
        """What the layers make of the input, one after another."""
        for layer in self:
            takes = isinstance(layer, Conditioned | Sequence)
            input = layer(input, conditions) if takes else layer(input)
        return input


class Concatenate(Conditioned):
    """Conditions appended to rows [N, D], or as constant planes to maps [N, C, H, W].

    Mirza & Osindero 2014, section 3.2.
    """

    def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
        """Rows [N, D] to [N, D + K], or maps [N, C, H, W] to [N, C + K, H, W]."""
        return append(input, conditions.to(input.dtype))


class ConditionalBatchNorm2d(Conditioned):
    """BatchNorm whose gain and bias a linear map of the conditions moves from 1 and 0.

    de Vries et al. 2017, section 3.1; in a generator: Miyato & Koyama 2018, section 5.
    """

    def __init__(self, channels: int, conditions: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(channels)
        self.gain = nn.Linear(conditions, channels, bias=False)
        self.bias = nn.Linear(conditions, channels, bias=False)
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
        """Maps [N, C, H, W] and conditions [N, K] to maps of the same shape."""
        normal = self.norm(input)
        gain, bias = self.gain(conditions), self.bias(conditions)
        return torch.addcmul(bias[:, :, None, None], normal, 1 + gain[:, :, None, None])


def batch_norm(channels: int, conditions: int) -> nn.Module:
    """BatchNorm of maps; ``ConditionalBatchNorm2d`` where there are conditions."""
    return ConditionalBatchNorm2d(channels, conditions) if conditions else BatchNorm2d(channels)


def append(input: Tensor, rows: Tensor) -> Tensor:
    """Rows [N, K] behind rows, or as constant planes behind maps, in the input's memory order."""
    if input.ndim == 2:
        return torch.cat([input, rows], 1)
    planes = rows[:, :, None, None].expand(-1, -1, *input.shape[2:])
    if input.is_contiguous() or not input.is_contiguous(memory_format=torch.channels_last):
        return torch.cat([input, planes], 1)
    # Constant planes lie in no order of their own, and PyTorch would then choose the other one.
    pixels = [maps.permute(0, 2, 3, 1) for maps in (input, planes)]
    return torch.cat(pixels, 3).permute(0, 3, 1, 2)
