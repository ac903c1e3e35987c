"""A map smoothed where it keeps its resolution, by the filter of ``resample``: [1, 3, 3, 1] / 8.

It stands behind a transposed convolution, which leaves a pattern of every second pixel, and before
a strided one, which would fold what is finer than its own grid into it (Karras et al. 2020,
appendix B).

The filter is symmetric, so its derivative is itself with the rest of the padding; PyTorch's own
double backward of such a convolution takes thirty times as long on a CPU.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators.tracing import traced

TAPS = 4


class Blur(nn.Module):
    """``blur`` as a layer.

    Args:
        padding: 0 to 3; see ``blur``.
        gain: sum of the filter.
    """

    def __init__(self, padding: int, gain: float = 1.0) -> None:
        super().__init__()
        self.padding, self.gain = padding, gain

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [N, C, H, W] to [N, C, H + d, W + d], d = 2 * padding - 3."""
        return blur(maps, self.padding, self.gain)

    def extra_repr(self) -> str:
        """The padding and the gain."""
        return f"padding={self.padding}, gain={self.gain}"


def blur(maps: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """Maps [N, C, H, W] to [N, C, H + d, W + d], d = 2 * padding - 3; outside lie zeros.

    Args:
        maps: float, on any device.
        padding: 0 to 3.
        gain: sum of the filter; 4 where three of four pixels are zeros.
    """
    operator = _blurred if traced() else _Blur.apply
    return operator(maps, padding, gain)  # pyright: ignore


class _Blur(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, maps: Tensor, padding: int, gain: float) -> Tensor:
        ctx.steps = padding, gain  # pyright: ignore
        return _blurred(maps, padding, gain)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        padding, gain = ctx.steps
        return blur(g, TAPS - 1 - padding, gain), None, None


def _blurred(maps: Tensor, padding: int, gain: float) -> Tensor:
    # Computed where it is used: a table copied to a GPU cannot be recorded as a CUDA graph.
    place = torch.arange(TAPS, dtype=maps.dtype, device=maps.device) - (TAPS - 1) / 2
    line = 1 - place.abs() / 2
    channels = maps.shape[1]
    kernel = (line.outer(line) * (gain / 4)).expand(channels, 1, TAPS, TAPS)
    return F.conv2d(maps, kernel, padding=padding, groups=channels)
