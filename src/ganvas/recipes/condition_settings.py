"""The setting ``condition``: a class, attributes, or codes without labels, for both networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas import keys
from ganvas.data import Dataset
from ganvas.engine.game import Turn
from ganvas.errors import DataError
from ganvas.games.setup import ConditionSource
from ganvas.sampling.conditions import Conditions

MOST_ROWS = 4_096
"""Kinds of rows of attributes that are remembered; of more, so many at random."""


class ConditionSettings:
    """Settings of what networks are conditioned on: ``conditions`` of a set of images, and
    ``rows`` of the items of a turn::

        @register
        @dataclass(frozen=True)
        class Parity(ConditionSettings):
            def conditions(self, dataset):
                counts = torch.bincount(dataset.labels % 2, minlength=2)
                return Conditions(("even", "odd"), True, torch.eye(2, dtype=torch.uint8), counts)

            def rows(self, known, dataset):
                return lambda turn: one_hot(turn.batch()["label"] % 2, 2).float()

    of_reals: whether the rows of a turn are those of its real images.
    """

    of_reals: ClassVar[bool] = True

    def conditions(self, dataset: Dataset) -> Conditions:
        """The conditions of a set of images.

        Raises:
            DataError: the images do not have what it needs.
        """
        raise NotImplementedError

    def rows(self, known: Conditions, dataset: Dataset) -> Callable[[Turn], Tensor]:
        """A function that gives the conditions float32 [N, K] of a turn's items."""
        raise NotImplementedError

    def condition_source(self, known: Conditions, dataset: Dataset) -> ConditionSource:
        """What a game needs of the ``conditions`` of these images."""
        rows = self.rows(known, dataset)
        return ConditionSource(known.exclusive, rows, self.of_reals)


@dataclass(frozen=True)
class ByClass(ConditionSettings):
    """The class of an image, one-hot."""

    def conditions(self, dataset: Dataset) -> Conditions:
        """The classes, and how often each occurs.

        Raises:
            DataError: fewer than two classes.
        """
        if dataset.labels is None or len(dataset.classes) < 2:
            raise DataError(
                f"{dataset.name} has no classes: put the images of each class into a "
                f"folder of its own, or a labels.csv (image,label) beside them{_hints(dataset)}"
            )
        counts = torch.bincount(dataset.labels, minlength=len(dataset.classes))
        rows = torch.eye(len(dataset.classes), dtype=torch.uint8)
        return Conditions(dataset.classes, True, rows, counts)

    def rows(self, known: Conditions, dataset: Dataset) -> Callable[[Turn], Tensor]:
        """The classes of the turn's real images, one-hot."""
        return lambda turn: F.one_hot(turn.batch()["label"], len(known.names)).float()


@dataclass(frozen=True)
class ByAttributes(ConditionSettings):
    """Attributes of an image, 0 or 1 each.

    columns: names of those to use; an empty tuple uses all.
    """

    columns: tuple[str, ...] = ()

    def conditions(self, dataset: Dataset) -> Conditions:
        """The combinations of attributes that occur, ``MOST_ROWS`` at most, and how often.

        Raises:
            DataError: no attributes, or none of a name in ``columns``.
        """
        if dataset.attributes is None:
            raise DataError(
                f"{dataset.name} has no attributes: put a labels.csv with a column each "
                f"(image,Smiling,Eyeglasses) beside the images{_hints(dataset)}"
            )
        places = self._places(dataset.attribute_names)
        found, counts = torch.unique(dataset.attributes[:, places], dim=0, return_counts=True)
        if len(found) > MOST_ROWS:
            chosen = torch.randperm(len(found), generator=keys.generator(0, "rows"))[:MOST_ROWS]
            found, counts = found[chosen], counts[chosen]
        names = tuple(dataset.attribute_names[place] for place in places)
        return Conditions(names, False, found.to(torch.uint8), counts)

    def rows(self, known: Conditions, dataset: Dataset) -> Callable[[Turn], Tensor]:
        """The attributes of the turn's real images."""
        places = self._places(dataset.attribute_names)

        def rows(turn: Turn) -> Tensor:
            attributes = turn.batch()["attributes"]
            # By numbers: an index would have to travel to the device within the round.
            return torch.stack([attributes[:, place] for place in places], 1).float()

        return rows

    def _places(self, names: Sequence[str]) -> list[int]:
        unknown = [column for column in self.columns if column not in names]
        if unknown:
            raise DataError(f"no attribute {unknown[0]!r}: there are {', '.join(names)}")
        return [names.index(column) for column in self.columns or names]


@dataclass(frozen=True)
class Codes(ConditionSettings):
    """Codes that belong to no image, all equally likely: InfoGAN gives them a meaning.

    count: how many codes there are, 2 or more.

    Raises:
        ValueError: fewer than 2.
    """

    count: int = 10

    of_reals = False

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError("codes need a count of at least 2")

    def conditions(self, dataset: Dataset) -> Conditions:
        """The codes, whatever the images are."""
        names = tuple(f"code{number}" for number in range(self.count))
        rows = torch.eye(self.count, dtype=torch.uint8)
        return Conditions(names, True, rows, torch.ones(self.count, dtype=torch.int64))

    def rows(self, known: Conditions, dataset: Dataset) -> Callable[[Turn], Tensor]:
        """Codes drawn for the turn, one-hot."""

        def drawn(turn: Turn) -> Tensor:
            places = turn.draw.uniform("codes") * self.count
            return F.one_hot(places.long().clamp(max=self.count - 1), self.count).float()

        return drawn


def _hints(dataset: Dataset) -> str:
    """What was noted of tables and folders while reading, which may be the reason."""
    words = (".csv", ".json", "folders")
    found = [note for note in dataset.notes if any(word in note for word in words)]
    return f" ({'; '.join(found)})" if found else ""
