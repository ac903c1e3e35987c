"""Convolutions of maps by weights that are computed, as ``torch.nn.functional`` has them.

On a CPU they are ganvas' own operators, which differentiate fast; elsewhere the plain ones.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators import convolution
from ganvas.networks.operators.tracing import traced


def conv2d(
    maps: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """``F.conv2d``: maps [N, I, H, W], weight [O, I, K, L] and bias [O] to [N, O, H', W']."""
    dtype = fast_format(maps, weight)
    if dtype is None:
        return F.conv2d(maps, weight, bias, stride, padding)
    bias = None if bias is None else bias.to(dtype)
    return convolution.convolve(maps.to(dtype), weight.to(dtype), (stride, padding), bias)


def conv_transpose2d(maps: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """``F.conv_transpose2d``: maps [N, I, H, W] and weight [I, O, K, L] to [N, O, H', W']."""
    dtype = fast_format(maps, weight)
    if dtype is None:
        return F.conv_transpose2d(maps, weight, None, stride, padding)
    size = [
        (side - 1) * stride - 2 * padding + kernel
        for side, kernel in zip(maps.shape[-2:], weight.shape[-2:], strict=True)
    ]
    return convolution.transpose(maps.to(dtype), weight.to(dtype), (stride, padding), size)


def fast_format(
    maps: Tensor, weight: Tensor, devices: tuple[str, ...] = ("cpu",)
) -> torch.dtype | None:
    """The number format that ganvas' own operators should compute in; None where none is due.

    They are for float32 and bfloat16 on these devices, and no tracer sees into them.
    """
    fast, device = (torch.float32, torch.bfloat16), maps.device.type
    if device not in devices or traced():
        return None
    if maps.dtype not in fast or weight.dtype not in fast:
        return None
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        return dtype if dtype in fast else None
    return maps.dtype if maps.dtype == weight.dtype else None
