"""The one explicit table of feature networks."""

from ganvas.errors import UsageError, unknown
from ganvas.features.custom import custom
from ganvas.features.features import Features
from ganvas.features.imagenet import dinov2, efficientnet_lite0
from ganvas.features.inception import inception
from ganvas.features.network import FeatureNetwork
from ganvas.features.pixels import pixels
from ganvas.features.shipped import digits, fashion, stacked_digits

FEATURES: dict[str, Features] = {
    "digits": Features(digits),
    "fashion": Features(fashion),
    "stacked-digits": Features(stacked_digits),
    "efficientnet-lite0": Features(efficientnet_lite0),
    "inception": Features(inception),
    "dinov2": Features(dinov2),
    "pixels": Features(pixels),
}
"""By the name under ``features``."""

BUILT_IN = frozenset(FEATURES)
"""Those of the project; the others were registered by a user."""


def load_features(name: str) -> FeatureNetwork:
    """A network of the table; ``inception=FILE``; or the user's own, ``module:callable`` or
    ``path/to/file.py:callable``.

    Raises:
        UsageError: there is no such network.
        UserError: its weights cannot be had, or are damaged.
    """
    if name in FEATURES:
        return FEATURES[name].network(name)
    if name.startswith("inception="):
        return inception(name.partition("=")[2])
    if ":" in name:
        return custom(name)
    choices = [*FEATURES, "inception=FILE", "FILE.py:function", "module:callable"]
    raise UsageError(unknown(name, choices, "feature network"))
