"""One set of images as the metrics see it."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class FeatureSet:
    """One set of images as the metrics see it.

    pixels: uint8 [N, C, H, W].
    features: float [N, d], what a feature network reads in them.
    logits: float [N, K], what its classifier says; None where it does not classify.
    labels: int64 [N], each an index into ``classes``; None where the images have none.
    classes: the names that labels stand for.
    known_classes: the K names that logits stand for.
    """

    pixels: Tensor
    features: Tensor
    logits: Tensor | None = None
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    known_classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.features)

    def take(self, positions: Tensor) -> "FeatureSet":
        """The images at ``positions`` int64 [n], in that order."""
        return FeatureSet(
            self.pixels[positions],
            self.features[positions],
            None if self.logits is None else self.logits[positions],
            None if self.labels is None else self.labels[positions],
            self.classes,
            self.known_classes,
        )
