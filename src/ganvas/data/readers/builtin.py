"""The named sources: mnist and stacked-mnist (in the package), fashion-mnist and cifar10 (fetched
once); points in the plane (drawn)."""

from ganvas.data.readers import cifar, clouds, fashion, mnist, stacked

BUILTIN = {
    "mnist": mnist.read_mnist,
    "stacked-mnist": stacked.read_stacked_mnist,
    "fashion-mnist": fashion.read_fashion_mnist,
    "cifar10": cifar.read_cifar10,
    **clouds.READERS,
}

NUMBERS = {
    "mnist": mnist.COUNTS,
    "stacked-mnist": stacked.COUNTS,
    "fashion-mnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    **dict.fromkeys(clouds.READERS, clouds.COUNTS),
}
"""Images of each part: known before anything is read."""
