"""Kernels of the three products of a convolution on a CPU: PyTorch's own, and matrix products.

``x`` are maps [N, I, H, W], ``w`` weights [O, I, K, L], ``g`` maps [N, O, H', W']; ``steps`` are
stride and padding. Whatever the kernel, the result is the same but for rounding.
"""

from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Steps = tuple[int, int]
"""(stride, padding), the same along both sides."""

Slices = tuple[slice, slice]
"""Rows and columns of a map."""


def transpose_natively(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """PyTorch's own transposed convolution of g by w, plus bias: [N, I, *size]."""
    stride, padding = steps
    # What a stride has rounded away at the far edges comes back as output padding.
    beyond = [
        whole - ((side - 1) * stride - 2 * padding + kernel)
        for whole, side, kernel in zip(size, g.shape[-2:], w.shape[-2:], strict=True)
    ]
    return F.conv_transpose2d(g, w, bias, stride=stride, padding=padding, output_padding=beyond)


def weight_gradient_natively(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """PyTorch's own weight gradient of a convolution of x, from g: [O, I, *kernel]."""
    stride, padding = steps
    if stride > 1 and 1 in kernel:
        # PyTorch (2.14, AVX2) writes past its memory for 1x1 kernels of few channels, where a
        # stride leaves out pixels at the far edges: these are cut off.
        rows, columns = (
            (side - 1) * stride - padding + reach
            for side, reach in zip(g.shape[-2:], kernel, strict=True)
        )
        x = x[..., :rows, :columns]
    like = x.new_empty(g.shape[1], x.shape[1], *kernel).to(memory_format=torch.channels_last)
    _, weight, _ = torch.ops.aten.convolution_backward(
        g, x, like, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1,
        [False, True, False],
    )  # fmt: skip
    return weight


def convolve_by_patches(x: Tensor, w: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    """The convolution of x by w, plus bias, as one product of all patches: [N, O, H', W']."""
    patches = _patches(x, list(w.shape[-2:]), steps)
    rows = F.linear(patches.flatten(3).flatten(0, 2), _flat(w), bias)
    return rows.unflatten(0, patches.shape[:3]).permute(0, 3, 1, 2)


def weight_gradient_by_patches(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """The weight gradient as one product of all patches: [O, I, *kernel]."""
    flat = _patches(x, kernel, steps).flatten(3).flatten(0, 2)
    scores = g.permute(0, 2, 3, 1).reshape(-1, g.shape[1])
    return (scores.T @ flat).view(g.shape[1], *kernel, x.shape[1]).permute(0, 3, 1, 2)


def transpose_linearly(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """The transposed convolution of a map of a single pixel: a linear layer."""
    rows = (g.flatten(1) @ _flat(w)).view(len(g), *size, w.shape[1])
    return (rows if bias is None else rows.add_(bias)).permute(0, 3, 1, 2)


def transpose_by_rows(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """The transposed convolution with every pixel's taps in one product, each added where it
    belongs; channels lie innermost.
    """
    rows = g.permute(0, 2, 3, 1)
    taps = (rows.flatten(0, 2) @ _flat(w)).view(*rows.shape[:3], *w.shape[-2:], w.shape[1])
    made = _canvas(g, (len(g), *size, w.shape[1]), bias)
    for (down, right), (y, x), (i, j) in _falls(g.shape[-2:], w.shape[-2:], steps, tuple(size)):
        made[:, y, x] += taps[:, i, j, down, right]
    return made.to(g.dtype).permute(0, 3, 1, 2)


def transpose_by_planes(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """The same with a plane a tap and channel, for images of few channels."""
    outs = w.shape[0]
    taps = w.permute(2, 3, 1, 0).reshape(-1, outs) @ g.permute(0, 2, 3, 1).reshape(-1, outs).T
    taps = taps.view(*w.shape[-2:], w.shape[1], len(g), *g.shape[-2:])
    made = _canvas(g, (w.shape[1], len(g), *size), None if bias is None else bias.view(-1, 1, 1, 1))
    for (down, right), (y, x), (i, j) in _falls(g.shape[-2:], w.shape[-2:], steps, tuple(size)):
        made[:, :, y, x] += taps[down, right, :, :, i, j]
    made = made.to(g.dtype).transpose(0, 1)
    return made.contiguous(memory_format=torch.channels_last)


def _flat(w: Tensor) -> Tensor:
    """Weights [O, I, K, L] as [O, K*L*I], in the order of channels-last memory."""
    return w.permute(0, 2, 3, 1).reshape(w.shape[0], -1)


def _patches(x: Tensor, kernel: list[int], steps: Steps) -> Tensor:
    """[N, H', W', K, L, I], in the order of channels-last memory."""
    stride, padding = steps
    rows = F.pad(x.permute(0, 2, 3, 1), (0, 0, *[padding] * 4))
    patches = rows.unfold(1, kernel[0], stride).unfold(2, kernel[1], stride)
    return patches.permute(0, 1, 2, 4, 5, 3).contiguous()


def _canvas(g: Tensor, shape: tuple[int, ...], bias: Tensor | None) -> Tensor:
    """Where taps are summed, in float32 at least: zeros, or the bias, broadcast."""
    dtype = torch.promote_types(g.dtype, torch.float32)
    if bias is None:
        return g.new_zeros(shape, dtype=dtype)
    return g.new_empty(shape, dtype=dtype).copy_(bias)


@cache
def _falls(
    sides: tuple[int, ...], kernel: tuple[int, ...], steps: Steps, size: tuple[int, ...]
) -> list[tuple[tuple[int, int], Slices, Slices]]:
    """Each tap of the kernel, the pixels of the result it falls on, and those it comes from."""
    found = []
    for tap in product(range(kernel[0]), range(kernel[1])):
        (y, i), (x, j) = (reach(*each, steps) for each in zip(sides, size, tap, strict=True))
        found.append((tap, (y, x), (i, j)))
    return found


@cache
def reach(side: int, whole: int, tap: int, steps: Steps) -> tuple[slice, slice]:
    """Along one side: pixel i falls on i * stride + tap - padding, where that lies inside."""
    stride, padding = steps
    first = max(0, -((tap - padding) // stride))
    last = min(side, (whole - 1 - tap + padding) // stride + 1)
    count, start = last - first, first * stride + tap - padding
    if count <= 0:
        return slice(0, 0), slice(0, 0)
    return slice(start, start + count * stride, stride), slice(first, first + count)
