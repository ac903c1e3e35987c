"""No features at all: for metrics that need none."""

from torch import Tensor

from ganvas.features.features import OWN
from ganvas.features.network import FeatureNetwork, Origin, Reading

NONE = "none"
"""The name of a network that reads nothing, in records."""


def no_features() -> FeatureNetwork:
    """A network that reads any items and returns features [N, 0]."""
    origin = Origin(NONE, OWN, "none", None, "none: as they are")
    return FeatureNetwork(origin, _nothing, smooth=False, reads=None)


def _nothing(items: Tensor) -> Reading:
    return Reading(items.new_zeros(len(items), 0))
