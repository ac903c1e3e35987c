"""Two forms of each product of a convolution on a CPU, and which one is taken for which shape.

``native`` is PyTorch's own kernel, the plain form. ``matrix`` gathers patches (or scatters taps)
around one matrix product: faster where a processor's matrix rate is high and a map is small, or
where an image has few channels. ``kernels`` has both; tests hold them equal. A rule decides by
shape and processor; ``measuring`` lets a short trial decide instead, and what it found is written
into the run, because two forms round differently.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators import kernels
from ganvas.networks.operators.kernels import Steps

SMALL_MAP = 16
"""Pixels of the largest map on which the rule prefers a matrix product."""

TRIED_MAP = 64
"""Pixels of the largest map on which a trial tries one; patches of larger ones fill the memory."""

FEW = 4
"""Channels of an image: native transposed kernels leave most of a vector empty there."""


class FormChoice:
    """Which form each shape takes: what was measured, and the rule for everything else."""

    def __init__(self) -> None:
        self.measured: dict[str, str] = {}
        self.measuring = False

    def pick(self, key: str, rule: str, trial: Callable[[], str]) -> str:
        """``native`` or ``matrix`` for a shape.

        Args:
            key: the product and its shape.
            rule: the form to take where nothing was measured.
            trial: measures, and returns the faster form.
        """
        if key not in self.measured and self.measuring:
            self.measured[key] = trial()
        return self.measured.get(key, rule)


CHOICE = FormChoice()
"""The forms that this process takes; ``use`` and ``measuring`` change it."""


def use(measured: Mapping[str, str]) -> None:
    """Take these forms, and the rule for any other shape."""
    CHOICE.measured = dict(measured)


@contextmanager
def measuring() -> Iterator[dict[str, str]]:
    """Measure each shape that is met meanwhile; yields what was found, by shape."""
    CHOICE.measured, CHOICE.measuring = {}, True
    try:
        yield CHOICE.measured
    finally:
        CHOICE.measuring = False


def convolve(x: Tensor, w: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    """x [N, I, H, W], w [O, I, K, L] and bias [O] to [N, O, H', W']."""
    pixels = _out(x.shape[2], w.shape[2], steps) * _out(x.shape[3], w.shape[3], steps)
    rule = "matrix" if pixels == 1 or (pixels <= SMALL_MAP and _has_tiles(x)) else "native"
    forms = {
        "native": lambda: F.conv2d(x, w, bias, stride=steps[0], padding=steps[1]),
        "matrix": lambda: kernels.convolve_by_patches(x, w, bias, steps),
    }
    return _compute("convolve", (x, w), steps, forms, rule, pixels <= TRIED_MAP)


def transpose(g: Tensor, w: Tensor, bias: Tensor | None, steps: Steps, size: list[int]) -> Tensor:
    """g [N, O, H', W'], w [O, I, K, L] and bias [I] to [N, I, *size]."""
    few, pixels = w.shape[1] <= FEW, g.shape[2] * g.shape[3]
    linear = pixels == 1 and steps[1] == 0 and size == list(w.shape[-2:])
    by_matrix = (
        kernels.transpose_linearly
        if linear
        else kernels.transpose_by_planes
        if few
        else kernels.transpose_by_rows
    )
    rule = "matrix" if linear or few or (pixels <= SMALL_MAP and _has_tiles(g)) else "native"
    forms = {
        "native": lambda: kernels.transpose_natively(g, w, bias, steps, size),
        "matrix": lambda: by_matrix(g, w, bias, steps, size),
    }
    worth_a_trial = few or pixels <= TRIED_MAP
    return _compute("transpose", (g, w), (*steps, *size), forms, rule, worth_a_trial)


def weight_gradient(x: Tensor, g: Tensor, steps: Steps, kernel: list[int]) -> Tensor:
    """x [N, I, H, W] and g [N, O, H', W'] to [O, I, *kernel]."""
    pixels, half = g.shape[2] * g.shape[3], g.dtype == torch.bfloat16
    unsafe = half and _meets_unset_memory(x, g, steps, kernel)
    rule = "matrix" if half and (unsafe or pixels <= SMALL_MAP) else "native"
    forms = {
        "native": lambda: kernels.weight_gradient_natively(x, g, steps, kernel),
        "matrix": lambda: kernels.weight_gradient_by_patches(x, g, steps, kernel),
    }
    worth_a_trial = pixels <= TRIED_MAP and not unsafe
    # Runs have these shapes in their recipes' choices under the name "weigh".
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
    if worth_a_trial and (CHOICE.measured or CHOICE.measuring):
        shapes = " ".join("x".join(map(str, operand.shape)) for operand in operands)
        dtype = str(operands[0].dtype).removeprefix("torch.")
        key = f"{name} {dtype} {shapes} {' '.join(map(str, numbers))}"
        form = CHOICE.pick(key, rule, lambda: _fastest(forms, rule))
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
        kernels.reach(side, whole, tap, steps)[0] == slice(0, 0)
        for side, whole, taps in sides
        for tap in range(taps)
    )


def _out(side: int, kernel: int, steps: Steps) -> int:
    return max(0, (side + 2 * steps[1] - kernel) // steps[0] + 1)
