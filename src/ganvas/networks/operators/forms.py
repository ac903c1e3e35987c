"""Two forms of each product of a convolution on a CPU, and which one is taken for which shape.

``native`` is PyTorch's own kernel, the plain form. ``matrix`` gathers patches (or scatters taps)
around one matrix product: faster where a processor's matrix rate is high and a map is small, or
where an image has few channels. Tests hold the two equal. A rule decides by shape and processor;
``measuring`` lets a short trial decide instead, and what it found is written into the run, because
two forms round differently.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Steps = tuple[int, int]
"""(stride, padding), the same along both sides."""

Slices = tuple[slice, slice]
"""Rows and columns of a map."""

SMALL_MAP = 16
"""Pixels of the largest map on which the rule prefers a matrix product."""

TRIED_MAP = 64
"""Pixels of the largest map on which a trial tries one; patches of larger ones fill the memory."""

FEW = 4
"""Channels of an image: native transposed kernels leave most of a vector empty there."""


class Table:
    """Which form each shape takes: what was measured, and the rule for everything else."""

    def __init__(self) -> None:
        self.measured: dict[str, str] = {}
        self.measuring = False

    def pick(self, key: str, rule: str, trial: Callable[[], str]) -> str:
        if key not in self.measured and self.measuring:
            self.measured[key] = trial()
        return self.measured.get(key, rule)


TABLE = Table()


def use(measured: Mapping[str, str]) -> None:
    """Take these forms, and the rule for any other shape."""
    TABLE.measured = dict(measured)


@contextmanager
def measuring() -> Iterator[dict[str, str]]:
    """Measure each shape that is met meanwhile; yields what was found, by shape."""
    TABLE.measured, TABLE.measuring = {}, True
    try:
        yield TABLE.measured
    finally:
        TABLE.measuring = False


def convolve(x: Tensor, w: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    """x [N, I, H, W], w [O, I, K, L] and bias [O] to [N, O, H', W']."""
    pixels = _out(x.shape[2], w.shape[2], steps) * _out(x.shape[3], w.shape[3], steps)
    rule = "matrix" if pixels == 1 or (pixels <= SMALL_MAP and _has_tiles(x)) else "native"
    forms = {
        "native": lambda: F.conv2d(x, w, bias, stride=steps[0], padding=steps[1]),
        "matrix": lambda: convolve_by_patches(x, w, bias, steps),
    }
    return _compute("convolve", (x, w), steps, forms, rule, pixels <= TRIED_MAP)


def transpose(g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]) -> Tensor:
    """g [N, O, H', W'], w [O, I, K, L] and bias [I] to [N, I, *size]."""
    few, pixels = w.shape[1] <= FEW, g.shape[2] * g.shape[3]
    linear = pixels == 1 and steps[1] == 0 and size == list(w.shape[-2:])
    by_matrix = transpose_linearly if linear else transpose_by_planes if few else transpose_by_rows
    rule = "matrix" if linear or few or (pixels <= SMALL_MAP and _has_tiles(g)) else "native"
    forms = {
        "native": lambda: transpose_natively(g, w, bias, steps, size),
        "matrix": lambda: by_matrix(g, w, bias, steps, size),
    }
    worth_a_trial = few or pixels <= TRIED_MAP
    return _compute("transpose", (g, w), (*steps, *size), forms, rule, worth_a_trial)


def weigh(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """x [N, I, H, W] and g [N, O, H', W'] to [O, I, *kernel]."""
    pixels, half = g.shape[2] * g.shape[3], g.dtype == torch.bfloat16
    unsafe = half and _meets_unset_memory(x, g, steps, kernel)
    rule = "matrix" if half and (unsafe or pixels <= SMALL_MAP) else "native"
    forms = {
        "native": lambda: weigh_natively(x, g, steps, kernel),
        "matrix": lambda: weigh_by_patches(x, g, steps, kernel),
    }
    worth_a_trial = pixels <= TRIED_MAP and not unsafe
    return _compute("weigh", (x, g), (*steps, *kernel), forms, rule, worth_a_trial)


def _compute(
    name: str,
    operands: tuple[Tensor, Tensor],
    numbers: tuple[int, ...],
    forms: dict[str, Callable[[], Tensor]],
    rule: str,
    worth_a_trial: bool,
) -> Tensor:
    if torch.is_autocast_enabled("cpu") and operands[0].dtype != torch.get_autocast_dtype("cpu"):
        with torch.autocast("cpu", enabled=False):  # the operands have the format to compute in
            return _compute(name, operands, numbers, forms, rule, worth_a_trial)
    form = rule
    if worth_a_trial and (TABLE.measured or TABLE.measuring):
        shapes = " ".join("x".join(map(str, operand.shape)) for operand in operands)
        dtype = str(operands[0].dtype).removeprefix("torch.")
        key = f"{name} {dtype} {shapes} {' '.join(map(str, numbers))}"
        form = TABLE.pick(key, rule, lambda: _fastest(forms, rule))
    return _owned(forms[form]())


def _owned(made: Tensor) -> Tensor:
    """The same memory under a tensor of its own: no view may leave a Function and then change."""
    return made.new_empty(0).set_(made) if made._is_view() else made  # pyright: ignore


def _fastest(forms: dict[str, Callable[[], Tensor]], rule: str) -> str:
    """The faster form; the rule's, unless another takes less than nine tenths of its time."""
    best = {name: float("inf") for name in forms}
    for turn in range(4):
        for name, form in forms.items():
            began = time.perf_counter()
            form()
            if turn:  # the first one warms up
                best[name] = min(best[name], time.perf_counter() - began)
    fastest = min(best, key=lambda name: best[name])
    return fastest if best[fastest] < 0.9 * best[rule] else rule


@cache
def _amx() -> bool:
    return torch.cpu._is_amx_tile_supported()


def _has_tiles(operand: Tensor) -> bool:
    """Whether the processor multiplies bfloat16 matrices in tiles, far faster than it convolves."""
    return operand.dtype == torch.bfloat16 and _amx()


def _meets_unset_memory(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> bool:
    """Whether PyTorch's bfloat16 weight gradient (2.15, AVX-512) may give what nobody computed.

    Seen where a tap of the kernel sees padding alone: its memory is left as it was. And, rarely,
    with one channel on maps of a few pixels: a NaN.
    """
    if x.shape[1] == 1 and g.shape[2] * g.shape[3] <= SMALL_MAP:
        return True
    if steps[1] == 0:
        return False
    sides = zip(g.shape[-2:], x.shape[-2:], kernel, strict=True)
    return any(
        _fall(side, whole, tap, steps)[0] == slice(0, 0)
        for side, whole, reach in sides
        for tap in range(reach)
    )


def _out(side: int, kernel: int, steps: Steps) -> int:
    return max(0, (side + 2 * steps[1] - kernel) // steps[0] + 1)


def transpose_natively(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    stride, padding = steps
    # What a stride has rounded away at the far edges comes back as output padding.
    beyond = [
        whole - ((side - 1) * stride - 2 * padding + kernel)
        for whole, side, kernel in zip(size, g.shape[-2:], w.shape[-2:], strict=True)
    ]
    return F.conv_transpose2d(g, w, bias, stride=stride, padding=padding, output_padding=beyond)


def weigh_natively(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    stride, padding = steps
    like = x.new_empty(g.shape[1], x.shape[1], *kernel).to(memory_format=torch.channels_last)
    _, weight, _ = torch.ops.aten.convolution_backward(
        g, x, like, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1,
        [False, True, False],
    )  # fmt: skip
    return weight


def convolve_by_patches(x: Tensor, w: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    patches = _patches(x, list(w.shape[-2:]), steps)
    rows = F.linear(patches.flatten(3).flatten(0, 2), _flat(w), bias)
    return rows.unflatten(0, patches.shape[:3]).permute(0, 3, 1, 2)


def weigh_by_patches(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    flat = _patches(x, kernel, steps).flatten(3).flatten(0, 2)
    scores = g.permute(0, 2, 3, 1).reshape(-1, g.shape[1])
    return (scores.T @ flat).view(g.shape[1], *kernel, x.shape[1]).permute(0, 3, 1, 2)


def transpose_linearly(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """From a single pixel: a linear layer."""
    rows = (g.flatten(1) @ _flat(w)).view(len(g), *size, w.shape[1])
    return (rows if bias is None else rows.add_(bias)).permute(0, 3, 1, 2)


def transpose_by_rows(
    g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]
) -> Tensor:
    """Every pixel's taps in one product, each added where it belongs; channels lie innermost."""
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
        (y, i), (x, j) = (_fall(*each, steps) for each in zip(sides, size, tap, strict=True))
        found.append((tap, (y, x), (i, j)))
    return found


@cache
def _fall(side: int, whole: int, tap: int, steps: Steps) -> tuple[slice, slice]:
    """Along one side: pixel i falls on i * stride + tap - padding, where that lies inside."""
    stride, padding = steps
    first = max(0, -((tap - padding) // stride))
    last = min(side, (whole - 1 - tap + padding) // stride + 1)
    count, start = last - first, first * stride + tap - padding
    if count <= 0:
        return slice(0, 0), slice(0, 0)
    return slice(start, start + count * stride, stride), slice(first, first + count)
