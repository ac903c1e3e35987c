"""How images of one resolution and the next are put together while a network grows."""

import torch
import torch.nn.functional as F
from torch import Tensor


def faded(before: Tensor, after: Tensor, growth: Tensor, stage: int) -> Tensor:
    """What lies between a stage and the one before it at this growth [].

    ``before`` where growth is stage - 1 or less, ``after`` where it is stage or more.
    """
    dtype = torch.promote_types(before.dtype, after.dtype)  # on a GPU autocast gives them two
    share = (growth - (stage - 1)).clamp(0, 1).to(dtype)
    return before.to(dtype).lerp(after.to(dtype), share)


def doubled(images: Tensor) -> Tensor:
    """Each pixel as 2x2: [N, C, H, W] to [N, C, 2H, 2W]."""
    return F.interpolate(images, scale_factor=2.0, mode="nearest")


def halved(images: Tensor) -> Tensor:
    """The mean of each 2x2: [N, C, 2H, 2W] to [N, C, H, W]."""
    return F.avg_pool2d(images, 2)
