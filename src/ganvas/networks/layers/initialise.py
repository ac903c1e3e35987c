"""Weight initialisation by name, for any network."""

from typing import Literal

import torch
from torch import nn

Init = Literal["torch", "normal", "truncated-normal", "orthogonal"]


@torch.no_grad()
def initialise(network: nn.Module, how: Init) -> nn.Module:
    """Draw the weights of every convolution and linear layer anew; returns the network.

    ``torch`` leaves PyTorch's own initialisation. ``normal`` is N(0, 0.02^2) with BatchNorm scales
    N(1, 0.02^2) (Radford et al. 2016, section 4); ``truncated-normal`` the same cut at two
    deviations; ``orthogonal`` has gain 1 (Saxe et al. 2014). Biases become zero in all three.
    Layers whose weights are all zero stay so: their network means it.
    """
    if how == "torch":
        return network
    fill = {
        "normal": lambda weight: nn.init.normal_(weight, 0.0, 0.02),
        "truncated-normal": lambda weight: nn.init.trunc_normal_(weight, 0.0, 0.02, -0.04, 0.04),
        "orthogonal": nn.init.orthogonal_,
    }[how]
    for layer in network.modules():
        if isinstance(layer, nn.modules.conv._ConvNd | nn.Linear):
            if not layer.weight.any():
                continue
            fill(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm) and how != "orthogonal":
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    return network
