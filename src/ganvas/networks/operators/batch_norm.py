"""BatchNorm whose second derivative is as fast as its first, on a CPU.

A gradient penalty differentiates BatchNorm's gradient once more. PyTorch composes that out of a
dozen strided passes; the closed form below takes the first derivative's own kernel and three more.
"""

from functools import reduce

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators.tracing import traced


class BatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` (Ioffe & Szegedy 2015), with the operators of this page in training.

    The plain form is taken on other devices, in evaluation, for other number formats, and for what
    it refuses, such as one value a channel. A third derivative raises RuntimeError.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to maps of the same shape; running statistics move in training."""
        fast = (torch.float32, torch.bfloat16, torch.float64)
        if not self.training or input.device.type != "cpu" or input.dtype not in fast:
            return super().forward(input)
        usual = self.affine and self.momentum is not None and self.track_running_stats
        if not usual or traced():
            return super().forward(input)
        maps = input.dim() == 4 and input.shape[1] == self.num_features
        if not maps or input.numel() <= self.num_features:
            return super().forward(input)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        running = (self.running_mean, self.running_var)
        return _Normalise.apply(input, self.weight, self.bias, *running, self.momentum, self.eps)  # pyright: ignore


class _Normalise(Function):
    """(x - mean) r w + b with the batch's own mean and r = 1 / sqrt(variance + eps)."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, w: Tensor, b: Tensor, mean, variance, momentum, eps):
        made, mean, r = torch.native_batch_norm(x, w, b, mean, variance, True, momentum, eps)
        ctx.save_for_backward(x, w, mean, r)
        return made

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        return *_Slope.apply(g, *ctx.saved_tensors), None, None, None, None  # pyright: ignore


class _Slope(Function):
    """(dx, dw, db) of a normalisation, from the gradient g of its output.

    With h = (x - mean) r, m values a channel and P(a) = a - mean(a) - h mean(a h), which is
    symmetric, dx = w r P(g), dw = sum(g h), db = sum(g). The Jacobian of h by x is r P, that of r
    is -r^2 h / m; what stands in ``_Bend`` follows from these by the chain rule.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, g: Tensor, x: Tensor, w: Tensor, mean: Tensor, r: Tensor):
        dx, dw, db = _slope(_like(g, x), x, w, mean, r)
        ctx.save_for_backward(g, x, w, mean, r, dx, dw, db)
        ctx.set_materialize_grads(False)
        return dx, dw, db

    @staticmethod
    def backward(ctx, v: Tensor | None, vw: Tensor | None, vb: Tensor | None):  # pyright: ignore
        return *_Bend.apply(v, vw, vb, *ctx.saved_tensors), None, None  # pyright: ignore


class _Bend(Function):
    """From the gradients of dx, dw and db to those of g, x and w."""

    @staticmethod
    def forward(ctx: FunctionCtx, v: Tensor | None, vw: Tensor | None, vb: Tensor | None, *saved):
        g, x, w, mean, r, dx, dw, db = saved
        to_g, to_x, to_w = [], [], None
        if v is not None:
            v, g = _like(v, x), _like(g, x)
            pv, vh, vs = _slope(v, x, w, mean, r)  # w r P(v), sum(v h), sum(v)
            m = x.numel() // x.shape[1]
            inner = _channel_sums(v * g) - vs * db / m - vh * dw / m  # sum(v P(g))
            to_g.append(pv)
            by_h = -w * r.square() * inner / m
            to_x.append(_combined(x, mean, r * by_h, (pv, -r * dw / m), (dx, -r * vh / m)))
            to_w = r * inner
        if vw is not None:
            to_x.append(_slope(_like(g, x), x, vw, mean, r)[0])
            to_g.append(_combined(x, mean, r * vw))
        if vb is not None:
            to_g.append(vb.to(g.dtype).view(1, -1, 1, 1).expand_as(g))
        return _sum(to_g), _sum(to_x), to_w

    @staticmethod
    def backward(ctx, *_):  # pyright: ignore
        raise RuntimeError("BatchNorm2d has no third derivative")


def _sum(parts: list[Tensor]) -> Tensor | None:
    return reduce(torch.add, parts) if parts else None


def _slope(g: Tensor, x: Tensor, w: Tensor, mean: Tensor, r: Tensor) -> list[Tensor]:
    slope = torch.ops.aten.native_batch_norm_backward
    return slope(g, x, w, None, None, mean, r, True, 0.0, [True, True, True])


def _like(g: Tensor, x: Tensor) -> Tensor:
    """``g`` in the memory order of ``x``: kernels that meet two at once are 30 times slower."""
    if x.is_contiguous(memory_format=torch.channels_last):
        return g.contiguous(memory_format=torch.channels_last)
    return g.contiguous()


def _channel_sums(x: Tensor) -> Tensor:
    return x.sum((0, 2, 3), dtype=torch.promote_types(x.dtype, torch.float32))


def _combined(x: Tensor, mean: Tensor, by_x: Tensor, *parts: tuple[Tensor, Tensor]) -> Tensor:
    """by_x (x - mean) + the sum of each tensor times its number a channel."""
    shaped = [factor.to(x.dtype).view(1, -1, 1, 1) for factor in (-by_x * mean, by_x)]
    made = torch.addcmul(shaped[0], x, shaped[1])
    for tensor, factor in parts:
        made.addcmul_(tensor, factor.to(x.dtype).view(1, -1, 1, 1))
    return made
