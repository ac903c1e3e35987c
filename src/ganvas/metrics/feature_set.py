"""One set of items as the metrics see it."""

from dataclasses import dataclass, replace

from torch import Tensor

from ganvas.domains import Domain


@dataclass(frozen=True)
class FeatureSet:
    """One set of items, such as images, as the metrics see it.

    items: in the stored form of their domain: images as uint8 [N, C, H, W], tokens as int64
        [N, L], vectors as float32 [N, D].
    features: float [N, d], what a feature network reads in them; d is 0 where no metric that was
        asked for needs features.
    logits: float [N, K], what the network's classifier says; None where it does not classify.
    labels: int64 [N], each an index into ``classes``; None where the items have none.
    classes: the names that labels stand for.
    known_classes: the K names that logits stand for.
    domain: what an item is, with its shape and, of tokens, its vocabulary; None where nobody says.
    """

    items: Tensor
    features: Tensor
    logits: Tensor | None = None
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    known_classes: tuple[str, ...] = ()
    domain: Domain | None = None

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.features)

    @property
    def noun(self) -> str:
        """What several of the items are called, such as "images"."""
        return "items" if self.domain is None else self.domain.noun

    def take(self, positions: Tensor) -> "FeatureSet":
        """The items at ``positions`` int64 [n], in that order."""
        return replace(
            self,
            items=self.items[positions],
            features=self.features[positions],
            logits=None if self.logits is None else self.logits[positions],
            labels=None if self.labels is None else self.labels[positions],
        )
