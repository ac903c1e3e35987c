"""A grouped 3x3 convolution that differentiates fast, any number of times, on CPUs and GPUs.

The calculus of ``convolution`` for groups of channels: the convolution, its transpose and its
weight gradient are each other's derivatives. PyTorch's kernels of the three are fast; its
double backward calls them a group at a time.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators.convolution import channel_sums, wanted
from ganvas.networks.operators.functional import fast_format


class GroupedConv2d(nn.Conv2d):
    """Maps [N, C, H, W] to maps of the same shape, 3x3, within groups of ``group`` channels."""

    def __init__(self, channels: int, group: int) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=channels // group)

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to maps of the same shape."""
        dtype = fast_format(input, self.weight, ("cpu", "cuda"))
        if dtype is None or self.bias is None:
            return super().forward(input)
        operands = [each.to(dtype) for each in (input, self.weight, self.bias)]
        return _Convolve.apply(*operands, self.groups)  # pyright: ignore


class _Convolve(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, w: Tensor, bias: Tensor | None, groups: int) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.groups = groups  # pyright: ignore
        return F.conv2d(x, w, bias, padding=1, groups=groups)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        x, w = ctx.saved_tensors
        wants_x, wants_w, wants_bias = wanted(ctx, 3)
        dx = _Transpose.apply(g, w, ctx.groups) if wants_x else None
        dw = _WeightGradient.apply(x, g, ctx.groups) if wants_w else None
        return dx, dw, channel_sums(g) if wants_bias else None, None


class _Transpose(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, g: Tensor, w: Tensor, groups: int) -> Tensor:
        ctx.save_for_backward(g, w)
        ctx.groups = groups  # pyright: ignore
        return _derivative(g, g, w, groups, by=0)

    @staticmethod
    def backward(ctx, h: Tensor):  # pyright: ignore
        g, w = ctx.saved_tensors
        wants_g, wants_w = wanted(ctx, 2)
        dg = _Convolve.apply(h, w, None, ctx.groups) if wants_g else None
        dw = _WeightGradient.apply(h, g, ctx.groups) if wants_w else None
        return dg, dw, None


class _WeightGradient(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, g: Tensor, groups: int) -> Tensor:
        ctx.save_for_backward(x, g)
        ctx.groups = groups  # pyright: ignore
        channels = x.shape[1]
        like = x.new_empty(channels, channels // groups, 3, 3)
        return _derivative(g, x, like.to(memory_format=torch.channels_last), groups, by=1)

    @staticmethod
    def backward(ctx, v: Tensor):  # pyright: ignore
        x, g = ctx.saved_tensors
        wants_x, wants_g = wanted(ctx, 2)
        dx = _Transpose.apply(g, v, ctx.groups) if wants_x else None
        dg = _Convolve.apply(x, v, None, ctx.groups) if wants_g else None
        return dx, dg, None


def _derivative(g: Tensor, x: Tensor, w: Tensor, groups: int, by: int) -> Tensor:
    """Of a convolution of x by w, for the gradient g of its result: by x (0) or by w (1)."""
    return torch.ops.aten.convolution_backward(
        g, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], groups, [by == 0, by == 1, False]
    )[by]
