"""Convolutions that differentiate fast on a CPU, any number of times.

A convolution, its transpose and its weight gradient are the three partial derivatives of one
trilinear form ``T(x, w, g) = <conv(x, w), g>``: by ``g``, by ``x`` and by ``w``. The derivatives of
each are the other two, so three small operators close the calculus, and a gradient penalty's
double backward calls the same kernels as the forward. (Left to itself, PyTorch's double backward
takes slower detours, and its bfloat16 weight gradient on maps of at most 4x4 is about half as fast
as one matrix product over patches.)

The plain form is ``torch.nn.functional``; tests hold the two equal through two derivatives. Where
nothing is known to be gained (a GPU, float32, other shapes) the plain form is used.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

SMALL_MAP = 16
"""Largest map, in pixels, on which patches beat the native weight gradient."""


class Conv2d(nn.Conv2d):
    """``nn.Conv2d`` (square, ungrouped, undilated), with the operators of this page."""

    def forward(self, input: Tensor) -> Tensor:
        dtype = fast_dtype(input)
        if dtype is None:
            return super().forward(input)
        steps = (self.stride[0], int(self.padding[0]))
        return _add_rows(convolve(input.to(dtype), self.weight.to(dtype), steps), self.bias)


class ConvTranspose2d(nn.ConvTranspose2d):
    """``nn.ConvTranspose2d`` (square, ungrouped, undilated), with the operators of this page."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        dtype = fast_dtype(input)
        if dtype is None or output_size is not None or any(map(int, self.output_padding)):
            return super().forward(input, output_size)
        height, width = input.shape[-2:]
        stride, padding = self.stride[0], int(self.padding[0])
        size = [
            (side - 1) * stride - 2 * padding + kernel
            for side, kernel in zip((height, width), self.kernel_size, strict=True)
        ]
        made = transpose(input.to(dtype), self.weight.to(dtype), (stride, padding), size)
        return _add_rows(made, self.bias)


def fast_dtype(input: Tensor) -> torch.dtype | None:
    """bfloat16 where this page is worth taking (a CPU under autocast); otherwise None."""
    if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return None
    dtype = torch.get_autocast_dtype("cpu")
    return dtype if dtype == torch.bfloat16 else None


Steps = tuple[int, int]
"""(stride, padding), the same along both sides."""


def convolve(x: Tensor, w: Tensor, steps: Steps) -> Tensor:
    """dT/dg: x [N, I, H, W] and w [O, I, K, L] to [N, O, H', W']."""
    return _Convolve.apply(x, w, steps)  # pyright: ignore


def transpose(g: Tensor, w: Tensor, steps: Steps, size: list[int]) -> Tensor:
    """dT/dx: g [N, O, H', W'] and w [O, I, K, L] to [N, I, *size]."""
    return _Transpose.apply(g, w, steps, list(size))  # pyright: ignore


def weigh(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """dT/dw: x [N, I, H, W] and g [N, O, H', W'] to [O, I, *kernel]."""
    return _Weigh.apply(x, g, steps, list(kernel))  # pyright: ignore


class _Convolve(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, w: Tensor, steps: Steps) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.steps = steps  # pyright: ignore
        return F.conv2d(x, w, stride=steps[0], padding=steps[1])

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        x, w = ctx.saved_tensors
        wants_x, wants_w = _wanted(ctx)
        dx = transpose(g, w, ctx.steps, list(x.shape[-2:])) if wants_x else None
        dw = weigh(x, g, ctx.steps, list(w.shape[-2:])) if wants_w else None
        return dx, dw, None


class _Transpose(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, g: Tensor, w: Tensor, steps: Steps, size: list[int]) -> Tensor:
        ctx.save_for_backward(g, w)
        ctx.steps = steps  # pyright: ignore
        stride, padding = steps
        # What a stride has rounded away at the far edges comes back as output padding.
        beyond = [
            whole - ((side - 1) * stride - 2 * padding + kernel)
            for whole, side, kernel in zip(size, g.shape[-2:], w.shape[-2:], strict=True)
        ]
        return F.conv_transpose2d(g, w, stride=stride, padding=padding, output_padding=beyond)

    @staticmethod
    def backward(ctx, h: Tensor):  # pyright: ignore
        g, w = ctx.saved_tensors
        wants_g, wants_w = _wanted(ctx)
        dg = convolve(h, w, ctx.steps) if wants_g else None
        dw = weigh(h, g, ctx.steps, list(w.shape[-2:])) if wants_w else None
        return dg, dw, None, None


class _Weigh(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
        ctx.save_for_backward(x, g)
        ctx.steps = steps  # pyright: ignore
        if g.shape[-2] * g.shape[-1] <= SMALL_MAP:
            return _weigh_by_patches(x, g, steps, kernel)
        return _weigh_natively(x, g, steps, kernel)

    @staticmethod
    def backward(ctx, v: Tensor):  # pyright: ignore
        x, g = ctx.saved_tensors
        wants_x, wants_g = _wanted(ctx)
        dx = transpose(g, v, ctx.steps, list(x.shape[-2:])) if wants_x else None
        dg = convolve(x, v, ctx.steps) if wants_g else None
        return dx, dg, None, None


def _weigh_natively(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    stride, padding = steps
    like = x.new_empty(g.shape[1], x.shape[1], *kernel).to(memory_format=torch.channels_last)
    _, weight, _ = torch.ops.aten.convolution_backward(
        g, x, like, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1,
        [False, True, False],
    )  # fmt: skip
    return weight


def _weigh_by_patches(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """One matrix product of all scores with all patches, in the order of channels-last memory."""
    stride, padding = steps
    rows = F.pad(x.permute(0, 2, 3, 1), (0, 0, *[padding] * 4))
    patches = rows.unfold(1, kernel[0], stride).unfold(2, kernel[1], stride)
    flat = patches.permute(0, 1, 2, 4, 5, 3).reshape(-1, kernel[0] * kernel[1] * x.shape[1])
    scores = g.permute(0, 2, 3, 1).reshape(-1, g.shape[1])
    return (scores.T @ flat).view(g.shape[1], *kernel, x.shape[1]).permute(0, 3, 1, 2)


def _wanted(ctx: FunctionCtx) -> tuple[bool, bool]:
    """Which of the first two gradients this backward pass will use.

    A Python function's ``needs_input_grad`` is fixed in the forward: it does not see that a pass
    asks for some inputs alone, as every frozen opponent and every penalty's inner gradient does.
    """
    needed: tuple[bool, ...] = ctx.needs_input_grad  # pyright: ignore
    edges = [node for node, _ in ctx.next_functions]  # pyright: ignore
    first, second = (need and _runs(node) for need, node in zip(needed[:2], edges[:2], strict=True))
    return first, second


def _runs(node: object) -> bool:
    if node is None:
        return False
    try:
        return torch._C._will_engine_execute_node(node)  # pyright: ignore
    except (RuntimeError, AttributeError):
        return True  # a leaf under autograd.grad cannot be asked about: compute it


class _AddRows(Function):
    """Add one number a channel; its gradient by a matrix product, not by a strided sum."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, bias: Tensor) -> Tensor:
        return x + bias.view(1, -1, 1, 1)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        _, wants_bias = _wanted(ctx)
        rows = g.permute(0, 2, 3, 1).reshape(-1, g.shape[1])
        return g, rows.new_ones(len(rows)) @ rows if wants_bias else None


def _add_rows(x: Tensor, bias: Tensor | None) -> Tensor:
    return x if bias is None else _AddRows.apply(x, bias.to(x.dtype))  # pyright: ignore
