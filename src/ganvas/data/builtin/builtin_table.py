"""The built-in sources by name.

mnist and stacked-mnist are in the package, fashion-mnist and cifar10 are fetched once, points in
the plane are drawn.
"""

from collections.abc import Callable

from ganvas.data.builtin import cifar, clouds, fashion, mnist, stacked
from ganvas.data.readers.raw import Raw

BUILTIN: dict[str, Callable[[str], Raw]] = {
    "mnist": mnist.read_mnist,
    "stacked-mnist": stacked.read_stacked_mnist,
    "fashion-mnist": fashion.read_fashion_mnist,
    "cifar10": cifar.read_cifar10,
    **clouds.READERS,
}
"""How a part ("train" or "test") of each is read."""

NUMBERS = {
    "mnist": mnist.COUNTS,
    "stacked-mnist": stacked.COUNTS,
    "fashion-mnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    **dict.fromkeys(clouds.READERS, clouds.COUNTS),
}
"""The number of images in each part, known before anything is read."""
