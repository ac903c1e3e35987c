"""Samples that are evaluated, wherever they are from."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.domains import Domain
from ganvas.errors import UsageError
from ganvas.features import FeatureNetwork, extract
from ganvas.metrics.feature_set import FeatureSet

Progress = Callable[[str, int, int], None]
"""Called with (what is done, how many are done, of how many)."""


@dataclass(frozen=True)
class Samples:
    """Items that were drawn.

    domain: what an item is.
    items: in stored form [N, ...]: images as uint8 [N, C, H, W].
    labels: int64 [N], the class that was asked for; None where none was.
    classes: the names that labels stand for.
    """

    domain: Domain
    items: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()

    @classmethod
    def finished(
        cls,
        domain: Domain,
        finished: Tensor,
        labels: Tensor | None = None,
        classes: tuple[str, ...] = (),
    ) -> "Samples":
        """The same of finished items [N, ...], as a run draws them.

        Raises:
            UsageError: they do not become items of the domain's shape.
        """
        items = domain.to_stored(finished)
        shape = tuple(domain.to_network(items[:1]).shape[1:])
        if shape != domain.shape:
            kind = type(domain).__name__
            raise UsageError(
                f"finished {domain.noun} of the shape {tuple(finished.shape[1:])} are no "
                f"{domain.noun} of {domain.shape}: give {kind} a `to_stored(finished)` that makes "
                f"stored items of finished ones"
            )
        return cls(domain, items, labels, classes)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.items)

    def features(self, network: FeatureNetwork, progress: Progress | None = None) -> FeatureSet:
        """The samples as the metrics see them, read by ``network``."""
        tell = stage(progress, "reading samples")
        found = extract(network, self.items, tell, self.domain.to_network)
        return FeatureSet(
            self.items,
            found.features,
            found.logits,
            self.labels,
            self.classes,
            network.origin.classes,
            self.domain,
        )


def stage(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """The progress of one stage, called with (done, total); None where nobody listens."""
    return None if progress is None else lambda done, total: progress(what, done, total)


def choose_positions(total: int, count: int, seed: int = 0) -> Tensor | None:
    """Positions int64 [count] of ``count`` of ``total`` items at random, in ascending order; None
    for all of them."""
    if count >= total:
        return None
    order = torch.randperm(total, generator=keys.generator(seed, "reals"))
    return order[:count].sort().values
