"""Bilinear resampling whose gradient is the same in every run, on every device."""

import torch
import torch.nn.functional as F
from torch import Tensor


def bilinear(images: Tensor, grid: Tensor) -> Tensor:
    """Images [N, C, H, W] resampled at the places of a grid: [N, C, H', W'].

    The grid [N, H', W', 2] holds (x, y), with the end pixels at -1 and 1; beyond them lies the
    image's reflection. A CPU uses PyTorch's own kernel. On a GPU that kernel's backward adds up in
    whatever order threads come, and no two runs would agree.
    """
    if images.device.type == "cpu":
        return F.grid_sample(images, grid, "bilinear", "reflection", align_corners=True)
    return gathered(images, grid)


def gathered(images: Tensor, grid: Tensor) -> Tensor:
    """The same by an index of four pixels, whose gradients are sorted before they are added.

    It can be differentiated any number of times.
    """
    height, width = images.shape[-2:]
    columns, rows = (
        _neighbours(place, side)
        for place, side in zip(grid.unbind(-1), (width, height), strict=True)
    )
    item = torch.arange(len(images), device=images.device).view(-1, 1, 1)
    pixels = images.permute(0, 2, 3, 1)
    taps = [
        pixels[item, row, column] * (share_y * share_x)[..., None]
        for row, share_y in rows
        for column, share_x in columns
    ]
    return sum(taps[1:], taps[0]).permute(0, 3, 1, 2)


def _neighbours(place: Tensor, side: int) -> list[tuple[Tensor, Tensor]]:
    """The two pixels beside each place along one side, and the share of each."""
    last = side - 1
    pixel = (place + 1) / 2 * last
    if last:
        pixel = last - (pixel.remainder(2 * last) - last).abs()
    first = pixel.floor().clamp(0, last)
    share = pixel - first
    first = first.long()
    return [(first, 1 - share), ((first + 1).clamp(max=last), share)]
