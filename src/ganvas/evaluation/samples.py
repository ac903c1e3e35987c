"""Samples that are evaluated, wherever they are from."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.features import FeatureNetwork, extract
from ganvas.metrics.feature_set import FeatureSet

Progress = Callable[[str, int, int], None]
"""Called with (what is done, how many are done, of how many)."""


@dataclass(frozen=True)
class Samples:
    """Images that were drawn.

    pixels: uint8 [N, C, H, W].
    labels: int64 [N], the class that was asked for; None where none was.
    classes: the names that labels stand for.
    """

    pixels: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pixels)

    def features(self, network: FeatureNetwork, progress: Progress | None = None) -> FeatureSet:
        """The samples as the metrics see them, read by ``network``."""
        found = extract(network, self.pixels, stage(progress, "reading samples"))
        known = network.origin.classes
        return FeatureSet(
            self.pixels, found.features, found.logits, self.labels, self.classes, known
        )


def stage(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """The progress of one stage, called with (done, total); None where nobody listens."""
    return None if progress is None else lambda done, total: progress(what, done, total)


def choose_positions(total: int, count: int, seed: int = 0) -> Tensor | None:
    """Positions int64 [count] of ``count`` of ``total`` images at random, in ascending order; None
    for all of them."""
    if count >= total:
        return None
    order = torch.randperm(total, generator=keys.generator(seed, "reals"))
    return order[:count].sort().values
