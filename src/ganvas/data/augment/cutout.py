"""A rectangle cut out of each image."""

from typing import Literal

import torch
from torch import Tensor

Span = Literal["centres", "rims"]
"""Whether an image reaches from its first pixel's centre to its last one's, or from rim to rim."""


def outside_square(
    images: Tensor, y: Tensor, x: Tensor, share: float | Tensor, span: Span = "centres"
) -> Tensor:
    """A mask [N, 1, H, W] that is 0 in a rectangle, 1 elsewhere.

    Args:
        images: those to mask [N, C, H, W]; the mask has their type.
        y, x: the rectangle's centre [N, 1, 1, 1]; the image reaches from -1 to 1.
        share: the rectangle's sides, as a share of the image's; a number or [N, 1, 1, 1].
        span: what reaches from -1 to 1.
    """
    return outside_rectangle(images, (y, share), (x, share), span)


def outside_rectangle(
    images: Tensor,
    rows: tuple[Tensor, float | Tensor],
    columns: tuple[Tensor, float | Tensor],
    span: Span,
) -> Tensor:
    """``outside_square`` of a centre and a share for each of two sides."""
    height, width = images.shape[-2:]
    inside_rows = _inside(rows, height, span)[:, :, :, None]
    inside_columns = _inside(columns, width, span)[:, :, None, :]
    return (~(inside_rows & inside_columns)).to(images.dtype)


def _inside(hole: tuple[Tensor, float | Tensor], side: int, span: Span) -> Tensor:
    """Which pixels of a side lie in a hole: [N, 1, side]."""
    centre, share = hole[0].flatten(2), hole[1]
    share = share.flatten(2) if isinstance(share, Tensor) else share
    reach = 1 if span == "centres" else 1 - 1 / side
    places = torch.linspace(-reach, reach, side, device=centre.device)
    return (places - centre).abs() < share
