"""The built-in sources by name.

mnist and stacked-mnist are in the package, fashion-mnist and cifar10 are fetched once, points in
the plane are drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ganvas.data.builtin import cifar, clouds, fashion, mnist, stacked
from ganvas.data.readers.raw import Raw


@dataclass(frozen=True)
class Builtin:
    """A source that goes by a name.

    read: reads one part, "train" or "test".
    counts: the number of items in each part, known before anything is read.
    """

    read: Callable[[str], Raw]
    counts: Mapping[str, int]


BUILTIN = {
    "mnist": Builtin(mnist.read_mnist, mnist.COUNTS),
    "stacked-mnist": Builtin(stacked.read_stacked_mnist, stacked.COUNTS),
    "fashion-mnist": Builtin(fashion.read_fashion_mnist, fashion.COUNTS),
    "cifar10": Builtin(cifar.read_cifar10, cifar.COUNTS),
    **{name: Builtin(partial(clouds.read_points, name), clouds.COUNTS) for name in clouds.CLOUDS},
}
"""Every built-in source by its name."""
