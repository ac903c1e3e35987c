"""Bilinear changes of size whose gradient is the same in every run, on every device."""

import torch
import torch.nn.functional as F
from torch import Tensor


def bilinear_resize(
    maps: Tensor, size: tuple[int, int], *, antialias: bool = False, align_corners: bool = False
) -> Tensor:
    """``F.interpolate(mode="bilinear")``: maps [N, C, H, W] to [N, C, *size].

    On a GPU its backward adds up in whatever order threads come, and no two runs would agree.
    """
    if maps.device.type == "cpu":
        return F.interpolate(
            maps, size, mode="bilinear", antialias=antialias, align_corners=align_corners
        )
    return by_matrices(maps, size, antialias, align_corners)


def by_matrices(
    maps: Tensor, size: tuple[int, int], antialias: bool, align_corners: bool
) -> Tensor:
    """The same as two matrix products: it is linear, and each side is its own."""
    with torch.autocast(maps.device.type, enabled=False):
        rows, columns = (
            _matrix(maps, before, after, antialias, align_corners)
            for before, after in zip(maps.shape[-2:], size, strict=True)
        )
        return rows @ maps @ columns.T


def _matrix(maps: Tensor, before: int, after: int, antialias: bool, align_corners: bool) -> Tensor:
    """[after, before]: what becomes of each pixel of one side."""
    exact = torch.promote_types(maps.dtype, torch.float32)
    pixels = torch.eye(before, device=maps.device, dtype=exact)[None, None]
    resized = F.interpolate(
        pixels, (after, before), mode="bilinear", antialias=antialias, align_corners=align_corners
    )
    return resized[0, 0].to(maps.dtype)
