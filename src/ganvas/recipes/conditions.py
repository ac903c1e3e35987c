"""What networks may be told: a class, attributes, or codes that nobody labelled."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas import keys
from ganvas.data import Images
from ganvas.engine.game import Turn
from ganvas.errors import DataError, UsageError
from ganvas.games.cast import Told

MOST_ROWS = 4_096
"""Kinds of rows of attributes that are remembered; of more, so many at random."""
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Conditions:
    """The conditions of a set of images, from which samples are told theirs.

    names: of the K numbers. exclusive: a row is one-hot, a class. rows: the kinds of rows there
    are, uint8 [M, K]; counts: of each [M]. of: the conditions of a turn's items, float32 [N, K].
    """

    names: tuple[str, ...]
    exclusive: bool
    rows: Tensor
    counts: Tensor

    def draw(self, seed: int, count: int, first: int = 0) -> Tensor:
        """Rows float32 [count, K], as often as in the data; the i-th by (seed, first + i) alone."""
        edges = self.counts.double().cumsum(0) / self.counts.sum()
        places = torch.tensor(
            [
                torch.rand((), generator=keys.generator(seed, "condition", first + i)).item()
                for i in range(count)
            ],
            dtype=torch.float64,
        )
        return self.rows[torch.searchsorted(edges, places).clamp(max=len(edges) - 1)].float()

    def of_label(self, label: str) -> Tensor:
        """The row [K] of a class by its name; by its number where no class is named by one.

        Raises:
            UsageError: there are no classes, or none like that.
        """
        if not self.exclusive:
            raise UsageError(f"this run knows attributes ({self.shown()}), not labels: say --attr")
        if label in self.names:
            return F.one_hot(torch.tensor(self.names.index(label)), len(self.names)).float()
        named_by_numbers = any(map(NUMBER.fullmatch, self.names))
        if not named_by_numbers and label.isdecimal() and int(label) < len(self.names):
            return F.one_hot(torch.tensor(int(label)), len(self.names)).float()
        raise UsageError(f"no label {label!r}: there are {self.shown()}")

    def with_attributes(self, rows: Tensor, wanted: Mapping[str, bool]) -> Tensor:
        """Rows [N, K] with some attributes set.

        Raises:
            UsageError: there are no attributes, or none of that name.
        """
        if self.exclusive:
            raise UsageError(f"this run knows labels ({self.shown()}), not attributes: say --label")
        rows = rows.clone()
        for name, value in wanted.items():
            if name not in self.names:
                raise UsageError(f"no attribute {name!r}: there are {self.shown()}")
            rows[:, self.names.index(name)] = float(value)
        return rows

    def labels(self, rows: Tensor) -> Tensor | None:
        """Numbers of classes int64 [N] of rows [N, K]; None of attributes."""
        return rows.argmax(1) if self.exclusive else None

    def plain(self) -> dict[str, Any]:
        """For a JSON file."""
        rows = [] if self.exclusive else ["".join(map(str, row)) for row in self.rows.tolist()]
        known = {"names": list(self.names), "exclusive": self.exclusive}
        return {**known, "rows": rows, "counts": self.counts.tolist()}

    def shown(self) -> str:
        """The names, the first ones of many."""
        shown = ", ".join(self.names[:12])
        return shown + (f" and {len(self.names) - 12} more" if len(self.names) > 12 else "")


def from_plain(plain: Mapping[str, Any]) -> Conditions:
    """What ``Conditions.plain`` wrote."""
    names = tuple(plain["names"])
    rows = torch.eye(len(names), dtype=torch.uint8)
    if not plain["exclusive"]:
        rows = torch.tensor([[int(bit) for bit in row] for row in plain["rows"]]).to(torch.uint8)
    return Conditions(names, plain["exclusive"], rows, torch.tensor(plain["counts"]))


class Condition:
    """Settings of what networks are told: ``conditions`` of a set, and ``rows`` of a turn.

    of_reals: the rows of a turn are those of its real images.
    """

    of_reals: ClassVar[bool] = True

    def conditions(self, images: Images) -> Conditions:
        """Raises DataError where the images do not have what it needs."""
        raise NotImplementedError

    def rows(self, known: Conditions) -> Callable[[Turn], Tensor]:
        raise NotImplementedError

    def told(self, images: Images) -> Told:
        """What a game needs of it."""
        known = self.conditions(images)
        return Told(len(known.names), known.exclusive, self.rows(known), self.of_reals)


@dataclass(frozen=True)
class ByClass(Condition):
    """The class of an image, one-hot."""

    def conditions(self, images: Images) -> Conditions:
        if images.labels is None or len(images.classes) < 2:
            raise DataError(
                f"{images.name} has no classes to tell: put the images of each class into a folder "
                f"of its own, or a labels.csv (image,label) beside them{_hints(images)}"
            )
        counts = torch.bincount(images.labels, minlength=len(images.classes))
        rows = torch.eye(len(images.classes), dtype=torch.uint8)
        return Conditions(images.classes, True, rows, counts)

    def rows(self, known: Conditions) -> Callable[[Turn], Tensor]:
        return lambda turn: F.one_hot(_batch(turn).labels, len(known.names)).float()


@dataclass(frozen=True)
class ByAttributes(Condition):
    """Attributes of an image, 0 or 1 each. columns: which; nothing takes all."""

    columns: tuple[str, ...] = ()

    def conditions(self, images: Images) -> Conditions:
        if images.attributes is None:
            raise DataError(
                f"{images.name} has no attributes to tell: put a labels.csv with a column each "
                f"(image,Smiling,Eyeglasses) beside the images{_hints(images)}"
            )
        places = self._places(images.attribute_names)
        found, counts = torch.unique(images.attributes[:, places], dim=0, return_counts=True)
        if len(found) > MOST_ROWS:
            chosen = torch.randperm(len(found), generator=keys.generator(0, "rows"))[:MOST_ROWS]
            found, counts = found[chosen], counts[chosen]
        names = tuple(images.attribute_names[place] for place in places)
        return Conditions(names, False, found.to(torch.uint8), counts)

    def told(self, images: Images) -> Told:
        known = self.conditions(images)
        places = self._places(images.attribute_names)

        def rows(turn: Turn) -> Tensor:
            attributes = _batch(turn).attributes
            # By numbers: an index would have to travel to the device within the round.
            return torch.stack([attributes[:, place] for place in places], 1).float()

        return Told(len(known.names), False, rows)

    def _places(self, names: Sequence[str]) -> list[int]:
        unknown = [column for column in self.columns if column not in names]
        if unknown:
            raise DataError(f"no attribute {unknown[0]!r}: there are {', '.join(names)}")
        return [names.index(column) for column in self.columns or names]


@dataclass(frozen=True)
class Codes(Condition):
    """A number of codes, each as likely, that belong to no image: what InfoGAN gives a meaning.

    Raises:
        ValueError: fewer than 2.
    """

    count: int = 10

    of_reals = False

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError("codes need a count of at least 2")

    def conditions(self, images: Images) -> Conditions:
        names = tuple(f"code{number}" for number in range(self.count))
        rows = torch.eye(self.count, dtype=torch.uint8)
        return Conditions(names, True, rows, torch.ones(self.count, dtype=torch.int64))

    def rows(self, known: Conditions) -> Callable[[Turn], Tensor]:
        def drawn(turn: Turn) -> Tensor:
            places = turn.draw.uniform("codes") * self.count
            return F.one_hot(places.long().clamp(max=self.count - 1), self.count).float()

        return drawn


def _hints(images: Images) -> str:
    """What was noted of tables and folders while reading, which may be the reason."""
    words = (".csv", ".json", "folders")
    found = [note for note in images.notes if any(word in note for word in words)]
    return f" ({'; '.join(found)})" if found else ""


def _batch(turn: Turn) -> Any:
    """The items of the round: what fakes are told is what the reals beside them are."""
    return turn.shared("batch", turn.draw.data)
