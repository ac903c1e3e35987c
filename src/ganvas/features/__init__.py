"""Feature networks: named, hashed, with a stated input size and resize rule."""

from ganvas.features.extract import extract
from ganvas.features.feature_table import FEATURES, load_features
from ganvas.features.features import Features
from ganvas.features.network import FeatureNetwork, Origin, Reading

__all__ = [
    "FEATURES",
    "FeatureNetwork",
    "Features",
    "Origin",
    "Reading",
    "extract",
    "load_features",
]
