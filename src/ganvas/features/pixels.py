"""Pixels as features: for images too unlike any network's, and as a plain check of the others."""

from torch import Tensor

from ganvas.features.network import BICUBIC, FeatureNetwork, Origin, Reading

SIZE = (16, 16)


def pixels() -> FeatureNetwork:
    """The image itself at 16x16, in [-1, 1]: 256 features a channel."""
    return FeatureNetwork(Origin("pixels", "1", "none", SIZE, BICUBIC), _flat)


def _flat(images: Tensor) -> Reading:
    return Reading(images.flatten(1))
