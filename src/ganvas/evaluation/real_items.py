"""The real items of an evaluation: what was trained on, and others of the kind."""

import re
from dataclasses import dataclass, replace
from typing import Any

from ganvas.data import Dataset, load_dataset
from ganvas.domains import Domain
from ganvas.errors import DataError, NoSuchPart


@dataclass(frozen=True)
class RealItems:
    """Real items, such as images, to compare samples with.

    training: what was, or could be, trained on.
    held_out: others of the kind, in the same shape; None where there are none.
    part: what a screen calls the training items: ``training``, or ``given`` where nobody says that
        anything was trained on them.
    """

    training: Dataset
    held_out: Dataset | None
    part: str = "training"

    @property
    def domain(self) -> Domain:
        """What an item is."""
        return self.training.domain

    def as_given(self) -> "RealItems":
        """The same of a source of which nobody says that anything was trained on it."""
        return replace(self, part="training" if self.held_out is not None else "given")


def load_real_items(source: Any, split: str = "train", **options: Any) -> RealItems:
    """The training items of a source, and others that are held out, where it has any.

    Args:
        source, options: as for ``load_dataset``.
        split: what was trained on.

    Raises:
        DataError: the source cannot be read.
    """
    training = load_dataset(source, split=split, **options)
    how = {key: options[key] for key in ("fit", "white") if key in options}
    return RealItems(training, held_out(source, split, training, **how))


def held_out(source: Any, split: str, training: Dataset, **how: Any) -> Dataset | None:
    """Items of a source that are not among its ``training`` ones, in their shape; or None.

    They are its test part; where it has none and ``split`` is the first N items, all others.

    Args:
        source: as for ``load_dataset``.
        split: what ``training`` is of the source.
        how: ``fit`` and ``white``, as for ``load_dataset``.
    """
    options = {**training.domain.fitting(), **how}
    if split in ("all", "test"):
        return None
    try:
        return load_dataset(source, split="test", **options)
    except NoSuchPart:
        pass
    first = re.fullmatch(r"0?:(\d+)", split)
    if first is None:
        return None
    try:
        return load_dataset(source, split=f"{first[1]}:", **options)
    except DataError:  # there is nothing after the first N
        return None
