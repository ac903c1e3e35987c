"""Pixel norm: features of one size in each pixel (Karras et al. 2018, section 4.2)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """``pixel_norm`` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W], or rows [N, D], to the same shape."""
        return pixel_norm(input)


def pixel_norm(input: Tensor) -> Tensor:
    """Rows [N, D] of mean square 1, or maps [N, C, H, W] whose pixels have mean square 1."""
    squares = input.square()
    if input.ndim == 2:
        return input * torch.rsqrt(squares.mean(1, keepdim=True) + 1e-8)
    # On a CPU a sum over few neighbours in memory is slower than a product with a constant.
    channels = input.shape[1]
    means = F.conv2d(squares, squares.new_full((channels, channels, 1, 1), 1 / channels))
    return input * torch.rsqrt(means + 1e-8)
