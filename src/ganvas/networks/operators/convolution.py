"""Convolutions that differentiate fast on a CPU, any number of times.

A convolution, its transpose and its weight gradient are the three partial derivatives of one
trilinear form ``T(x, w, g) = <conv(x, w), g>``: by ``g``, by ``x`` and by ``w``. The derivatives of
each are the other two, so three small operators close the calculus, and a gradient penalty's
double backward calls the same kernels as the forward; left to itself, PyTorch's double backward
takes slower detours. ``forms`` has the kernels.

The plain form is ``torch.nn.functional``; tests hold the two equal through two derivatives. Where
nothing is known to be gained (a GPU, other number formats) the plain form is used.
"""

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators import forms
from ganvas.networks.operators.kernels import Steps
from ganvas.networks.operators.tracing import traced


class Conv2d(nn.Conv2d):
    """``nn.Conv2d``, with the operators of this page."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, I, H, W] to [N, O, H', W']."""
        operands = _operands(self, input)
        if operands is None:
            return super().forward(input)
        x, w, bias = operands
        return convolve(x, w, (self.stride[0], int(self.padding[0])), bias)


class ConvTranspose2d(nn.ConvTranspose2d):
    """``nn.ConvTranspose2d``, with the operators of this page."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Maps [N, I, H, W] to [N, O, H', W'], of ``output_size`` where that is given."""
        stride, padding = self.stride[0], int(self.padding[0])
        size = [
            (side - 1) * stride - 2 * padding + kernel
            for side, kernel in zip(input.shape[-2:], self.kernel_size, strict=True)
        ]
        plain = traced() or output_size is not None or any(map(int, self.output_padding))
        operands = None if plain or min(size) < 1 else _operands(self, input)
        if operands is None:
            return super().forward(input, output_size)
        g, w, bias = operands
        return transpose(g, w, (stride, padding), size, bias)


def _operands(
    layer: nn.Conv2d | nn.ConvTranspose2d, input: Tensor
) -> tuple[Tensor, Tensor, Tensor | None] | None:
    """Input, weight and bias in the number format to compute in; None where the plain form is due.

    Fast are float32 and bfloat16 on a CPU. Other settings of a layer are left to the plain form,
    and so is whatever it refuses: its errors are known.
    """
    if input.device.type != "cpu" or traced() or not _fits(layer, input):
        return None
    autocast = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if autocast else input.dtype
    # Autocast leaves float64 and whole numbers as they are; without it nothing is cast.
    cast = (torch.float32, torch.bfloat16, torch.float16) if autocast else (dtype,)
    if dtype not in (torch.float32, torch.bfloat16) or input.dtype not in cast:
        return None
    w, bias = layer.weight, layer.bias  # read once: a spectral norm moves when its weight is read
    if w.dtype not in cast:
        return None
    return input.to(dtype), w.to(dtype), None if bias is None else bias.to(dtype)


def _fits(layer: nn.Conv2d | nn.ConvTranspose2d, input: Tensor) -> bool:
    """Whether this page computes what the layer says: maps, one stride, one padding with zeros."""
    maps = input.dim() == 4 and input.shape[1] == layer.in_channels
    plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    pairs = (layer.stride, layer.padding)
    return maps and plain and all(not isinstance(p, str) and p[0] == p[1] for p in pairs)


def convolve(x: Tensor, w: Tensor, steps: Steps, bias: Tensor | None = None) -> Tensor:
    """dT/dg + bias: x [N, I, H, W], w [O, I, K, L] and bias [O] to [N, O, H', W']."""
    return _Convolve.apply(x, w, bias, steps)  # pyright: ignore


def transpose(
    g: Tensor, w: Tensor, steps: Steps, size: list[int], bias: Tensor | None = None
) -> Tensor:
    """dT/dx + bias: g [N, O, H', W'], w [O, I, K, L] and bias [I] to [N, I, *size]."""
    return _Transpose.apply(g, w, bias, steps, list(size))  # pyright: ignore


def weight_gradient(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """dT/dw: x [N, I, H, W] and g [N, O, H', W'] to [O, I, *kernel]."""
    return _WeightGradient.apply(x, g, steps, list(kernel))  # pyright: ignore


class _Convolve(Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, w: Tensor, bias: Tensor | None, steps: Steps
    ) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.steps = steps  # pyright: ignore
        return forms.convolve(x, w, bias, steps)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        x, w = ctx.saved_tensors
        wants_x, wants_w, wants_bias = wanted(ctx, 3)
        dx = transpose(g, w, ctx.steps, list(x.shape[-2:])) if wants_x else None
        dw = weight_gradient(x, g, ctx.steps, list(w.shape[-2:])) if wants_w else None
        return dx, dw, channel_sums(g) if wants_bias else None, None


class _Transpose(Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
    ) -> Tensor:
        ctx.save_for_backward(g, w)
        ctx.steps = steps  # pyright: ignore
        return forms.transpose(g, w, bias, steps, size)

    @staticmethod
    def backward(ctx, h: Tensor):  # pyright: ignore
        g, w = ctx.saved_tensors
        wants_g, wants_w, wants_bias = wanted(ctx, 3)
        dg = convolve(h, w, ctx.steps) if wants_g else None
        dw = weight_gradient(h, g, ctx.steps, list(w.shape[-2:])) if wants_w else None
        return dg, dw, channel_sums(h) if wants_bias else None, None, None


class _WeightGradient(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
        ctx.save_for_backward(x, g)
        ctx.steps = steps  # pyright: ignore
        return forms.weight_gradient(x, g, steps, kernel)

    @staticmethod
    def backward(ctx, v: Tensor):  # pyright: ignore
        x, g = ctx.saved_tensors
        wants_x, wants_g = wanted(ctx, 2)
        dx = transpose(g, v, ctx.steps, list(x.shape[-2:])) if wants_x else None
        dg = convolve(x, v, ctx.steps) if wants_g else None
        return dx, dg, None, None


def channel_sums(g: Tensor) -> Tensor:
    """A bias's gradient by a matrix product, which is sooner done than a strided sum."""
    rows = g.permute(0, 2, 3, 1).reshape(-1, g.shape[1])
    return torch.mv(rows.T, rows.new_ones(len(rows)))  # autocast leaves this one alone


def wanted(ctx: FunctionCtx, count: int) -> list[bool]:
    """Which of the first ``count`` gradients this backward pass will use.

    A Python function's ``needs_input_grad`` is fixed in the forward: it does not see that a pass
    asks for some inputs alone, as every frozen opponent and every penalty's inner gradient does.
    """
    needed: tuple[bool, ...] = ctx.needs_input_grad  # pyright: ignore
    edges = [node for node, _ in ctx.next_functions]  # pyright: ignore
    edges += [None] * (count - len(edges))  # an absent bias has none
    return [need and _runs(edge) for need, edge in zip(needed[:count], edges[:count], strict=True)]


def _runs(node: object) -> bool:
    if node is None:
        return False
    try:
        return torch._C._will_engine_execute_node(node)  # pyright: ignore
    except (RuntimeError, AttributeError):
        return True  # a leaf under autograd.grad cannot be asked about: compute it
