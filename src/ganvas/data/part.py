"""Which part of a source is wanted: train, test, all, or a positional slice; and how many."""

import re
from dataclasses import dataclass
from typing import TypeVar

from ganvas.errors import DataError, NoSuchPart, UsageError

T = TypeVar("T")
POSITIONS = re.compile(r"(\d*):(\d*)")


@dataclass(frozen=True)
class Part:
    """Which items of a source are wanted.

    split: "train", "test", "all", or "a:b", positions a to b - 1 of the training part.
    limit: the first so many of them at most; None takes all.

    Raises:
        UsageError: another split, or a limit below 1.
    """

    split: str = "train"
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.split not in ("train", "test", "all") and not POSITIONS.fullmatch(self.split):
            raise UsageError(
                f"split {self.split!r} is not known: use train, test, all, "
                'or positions in the training part such as "0:50000"'
            )
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"limit {self.limit} leaves no image: use 1 or more")

    def join(self, train: list[T] | None, test: list[T] | None, name: str) -> list[T]:
        """What is wanted of the training and the test items; None where a source has no such part.

        Raises:
            NoSuchPart: the part is missing or empty.
            DataError: the positions do not lie within the training part.
        """
        if self.split == "all":
            return ((train or []) + (test or []))[: self.limit]
        chosen = test if self.split == "test" else train
        if not chosen:
            raise NoSuchPart(f"{name} has no {self._side} part: {self._advice}")
        return self._positions(chosen, name)[: self.limit]

    @property
    def _side(self) -> str:
        return "test" if self.split == "test" else "training"

    @property
    def _advice(self) -> str:
        if self.split == "test":
            return 'hold images back by position, e.g. split="0:900" and split="900:1000"'
        return 'use split="test" or split="all"'

    def _positions(self, items: list[T], name: str) -> list[T]:
        match = POSITIONS.fullmatch(self.split)
        if not match:
            return items
        first, last = match.groups()
        start, stop = int(first or 0), int(last) if last else len(items)
        if not start < stop <= len(items):
            raise DataError(
                f"{name}: split {self.split} does not lie within the {len(items):,} items of the "
                f"training part: say `data.split=train` for all of them"
            )
        return items[start:stop]
