"""How a feature network gets a name: what gives it, and what it reads."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.features.network import BICUBIC, FeatureNetwork, Origin, Reading, file_hash

OWN = "own"
"""The version of a network of a user's own."""


@dataclass(frozen=True)
class Features:
    """A feature network that can be named, of the project or of a user's own::

        def load() -> nn.Module:
            network = Encoder()
            network.load_state_dict(torch.load("encoder.pt", weights_only=True))
            return network

        register(Features(load, reads="tokens"), "my-net")

    load: returns the network when it is first used: a module or a function that takes items in
        network form [N, ...] and returns features [N, d], or a pair of features and logits [N, K];
        or a ``FeatureNetwork``, which says all that follows by itself.
    reads: the name of the domain whose items it reads; None for any.
    classes: the K names that logits stand for; () where it does not classify.
    channels: 1 or 3 where it takes no other images; grey is repeated for a network of 3.
    size: (height, width) to which images are brought; None leaves items as they are.
    """

    load: Callable[[], Any]
    reads: str | None = "image"
    classes: tuple[str, ...] = ()
    channels: int | None = None
    size: tuple[int, int] | None = None

    def network(self, name: str) -> FeatureNetwork:
        """The network, by this name.

        Raises:
            UsageError: ``load`` returns something that cannot be called.
        """
        found = self.load()
        if isinstance(found, FeatureNetwork):
            return found
        resize = "none: as they are" if self.size is None else BICUBIC
        digest = hash_of_source(self.load)
        origin = Origin(name, OWN, digest, self.size, resize, self.classes)
        return FeatureNetwork(origin, reading(found, name), self.channels, reads=self.reads)


def hash_of_source(code: Any) -> str:
    """The hash of the file that a function, a class or a module stands in; "none" without one."""
    try:
        return file_hash(Path(inspect.getfile(code)))
    except (TypeError, OSError):  # a builtin, or a notebook's cell
        return "none"


def reading(read: Any, name: str) -> Callable[[Tensor], Reading]:
    """A function or module of a user's own as one that returns a ``Reading``.

    Args:
        read: items [N, ...] to features [N, d], or to a pair of features and logits.
        name: of the network, for messages.

    Raises:
        UsageError: it cannot be called.
    """
    if not callable(read) or isinstance(read, type):
        raise UsageError(
            f"`features={name}` is not callable: name a function or a network (not a class)"
        )

    def call(items: Tensor) -> Reading:
        found = read(items)
        features, logits = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
        if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != len(items):
            raise UsageError(f"`features={name}` must return features [N, d] for N items")
        return Reading(features, logits)

    return _Wrapped(read, call) if isinstance(read, nn.Module) else call


class _Wrapped(nn.Module):
    """A module of a user's own, whose weights move to a device with it."""

    def __init__(self, network: nn.Module, call: Callable[[Tensor], Reading]) -> None:
        super().__init__()
        self.network = network
        self._call = call

    def forward(self, items: Tensor) -> Reading:
        return self._call(items)
