"""Halving and doubling maps with a bilinear filter; each is the other's derivative.

Along each side a triangle that reaches two pixels either way weighs the four pixels around a halved
one by [1, 3, 3, 1] / 8, and brings a doubled pixel a quarter of the way to its neighbour: [1, 2, 1]
before pairs are averaged, and after each pixel is repeated. Beyond the edges lie zeros.

As matrices, ``double = 4 halve^T``, so the two operators are closed under differentiation, and a
gradient penalty's double backward calls the same kernels as the forward. PyTorch's own derivative
of such a convolution, in bfloat16 on a CPU, takes thirty times as long.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators.tracing import traced


class Halve(nn.Module):
    """``halve`` as a layer."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, C, H, W] of even sides to [N, C, H/2, W/2]."""
        return halve(maps)


class Double(nn.Module):
    """``double`` as a layer."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, C, H, W] to [N, C, 2H, 2W]."""
        return double(maps)


def halve(maps: Tensor, gain: float = 1.0) -> Tensor:
    """Maps [N, C, H, W] of even sides to [N, C, H/2, W/2], times ``gain``."""
    return (_halved if traced() else _Halve.apply)(maps, gain)  # pyright: ignore


def double(maps: Tensor, gain: float = 1.0) -> Tensor:
    """Maps [N, C, H, W] to [N, C, 2H, 2W], times ``gain``."""
    return (_doubled if traced() else _Double.apply)(maps, gain)  # pyright: ignore


class _Halve(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, maps: Tensor, gain: float) -> Tensor:
        ctx.gain = gain  # pyright: ignore
        return _halved(maps, gain)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        return double(g, ctx.gain / 4), None


class _Double(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, maps: Tensor, gain: float) -> Tensor:
        ctx.gain = gain  # pyright: ignore
        return _doubled(maps, gain)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        return halve(g, ctx.gain * 4), None


def _halved(maps: Tensor, gain: float) -> Tensor:
    return _filtered(maps, 4, gain, stride=2)


def _doubled(maps: Tensor, gain: float) -> Tensor:
    # Copies and a short filter: a transposed depthwise convolution is many times slower.
    return _filtered(F.interpolate(maps, scale_factor=2, mode="nearest"), 3, gain)


def _filtered(maps: Tensor, taps: int, gain: float, stride: int = 1) -> Tensor:
    """Each channel convolved with the triangle, read at 3 or 4 places a side, of sum ``gain``."""
    # Computed where it is used: a table copied to a GPU cannot be recorded as a CUDA graph.
    place = torch.arange(taps, dtype=maps.dtype, device=maps.device) - (taps - 1) / 2
    line = 1 - place.abs() / 2
    channels = maps.shape[1]
    kernel = (line.outer(line) * (gain / 4)).expand(channels, 1, taps, taps)
    return F.conv2d(maps, kernel, stride=stride, padding=1, groups=channels)
