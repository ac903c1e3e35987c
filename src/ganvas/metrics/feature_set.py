"""One set of images as the metrics see it."""

from dataclasses import dataclass

from torch import Tensor

ENOUGH = 2
"""Images a feature that a Fréchet distance needs, for their covariance to mean anything."""


@dataclass(frozen=True)
class FeatureSet:
    """One set of images as the metrics see it.

    pixels: uint8 [N, C, H, W]. features: [N, d]. logits: [N, K] where the network classifies.
    labels: int64 [N] where the images have any. names: what labels stand for. kinds: what logits
    stand for.
    """

    pixels: Tensor
    features: Tensor
    logits: Tensor | None = None
    labels: Tensor | None = None
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.features)
