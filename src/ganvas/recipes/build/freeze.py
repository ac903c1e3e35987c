"""FreezeD: the first layers of a discriminator stay as they are (Mo et al. 2020)."""

from torch import nn
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized

from ganvas.errors import UsageError
from ganvas.networks.protocols import layers_in_order


def freeze(network: nn.Module, layers: int) -> None:
    """Keep the first layers that have weights, counted from the images on, as they are. In a
    residual block those of its body count before that beside it.

    Raises:
        UsageError: it would leave nothing to train, or the network's layers stand in no one row.
    """
    if layers and not layers_in_order(network):
        raise UsageError(
            "the layers of this discriminator stand in no one row, of which some could be the "
            "first: set freeze to 0"
        )
    weighted = [
        layer
        for layer in network.modules()
        if not isinstance(layer, ParametrizationList)  # which is a part of the layer it stands in
        and _is_weighted(layer)
        and any(p.requires_grad for p in _own_weights(layer))
    ]
    if layers >= max(1, len(weighted)):
        raise UsageError(
            f"freeze must be less than the discriminator's {len(weighted)} layers, not {layers}"
        )
    for layer in weighted[:layers]:
        for weights in _own_weights(layer):
            weights.requires_grad_(False)


def _is_weighted(layer: nn.Module) -> bool:
    names = {name for name, _ in layer.named_parameters(recurse=False)}
    return "weight" in names or is_parametrized(layer, "weight")


def _own_weights(layer: nn.Module) -> list[nn.Parameter]:
    """Of a layer and its parametrizations, not of the layers within it."""
    behind = layer.parametrizations if is_parametrized(layer) else nn.ModuleDict()
    return [*layer.parameters(recurse=False), *behind.parameters()]  # pyright: ignore
