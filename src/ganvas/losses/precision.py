"""The precision in which losses are computed."""

import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """The tensor in float32 where it has fewer bits, as under autocast; otherwise as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
