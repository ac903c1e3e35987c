"""Spectral normalisation of a network's layers."""

from torch import nn


def spectral(network: nn.Module) -> nn.Module:
    """Put every convolution and linear layer under spectral normalisation; returns the network.

    Each weight is divided by its largest singular value (Miyato et al. 2018).
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.utils.parametrizations.spectral_norm(layer)
    return network
