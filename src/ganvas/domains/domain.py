"""What every kind of item must say of itself, and what kinds have in common.

An item has three forms. *Stored*: as a data set keeps it, such as bytes. *Network form*: what
networks take and return. *Finished*: what people get, such as bytes with the channels last.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.domains.pictures import enlarged, save_png, stacked
from ganvas.domains.writers import Chunk, Writer, ending_error, ending_of, save_npz, whole
from ganvas.errors import NonFinite

Score = Callable[[Tensor], Tensor]
"""A discriminator's scores of items in network form [N, ...], [N, ...], float32 on the CPU."""

Key = list[tuple[tuple[int, int, int], str]]
"""What the colours of a picture mean: pairs of (red, green, blue) and a few words."""

MOST_ROWS = 32
"""Classes that a contact sheet has rows for."""


class Domain(ABC):
    """A kind of item. Each kind is a frozen dataclass whose fields determine the shape of an item::

        @register
        @dataclass(frozen=True)
        class Smell(Domain):
            name, noun, field, caption = "smell", "smells", "smell", "training smells"
            size: int

            @property
            def shape(self):
                return (self.size,)

            def words(self):
                return f"{self.size} receptors"

            def noise(self, count, generator):
                return torch.rand(count, self.size, generator=generator)

            def sheet(self, finished, columns=None, labels=None):
                grey = (255 * finished.clamp(0, 1)).byte().numpy()
                return PIL.Image.fromarray(grey).convert("RGB")

    name: of the kind, in records and tables.
    noun: what a screen calls several of them.
    field: the name of such items in a batch.
    caption: what a page calls a picture of training items.
    sheet_count: how many samples a sheet holds.
    shown_count: how many training items are shown together.
    class_columns: how many samples of a class stand in a row, where each class has one; None where
        a sheet has no rows.
    has_readers: whether ``load_dataset`` reads such items from files, and finished ones in memory.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    field: ClassVar[str]
    caption: ClassVar[str]
    sheet_count: ClassVar[int] = 64
    shown_count: ClassVar[int] = 64
    class_columns: ClassVar[int | None] = 8
    has_readers: ClassVar[bool] = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one item in network form."""

    @abstractmethod
    def words(self) -> str:
        """What such an item is, in a few words for a screen, such as "28x28 grey"."""

    @abstractmethod
    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """Random items in stored form [count, ...], for trials that look at no item."""

    @abstractmethod
    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """A picture of items.

        Args:
            finished: items [N, ...].
            columns: items in a row; None chooses. Kinds without rows pass over it.
            labels: the class of each, int64 [N], for kinds that show it; None without.
        """

    def pairs(self, left: Tensor, right: Tensor) -> Picture:
        """A picture of finished items [N, ...], each with the one of [N, ...] that belongs to it:
        by default one after the other."""
        return self.sheet(torch.stack([left, right], 1).flatten(0, 1), columns=2)

    def to_network(self, stored: Tensor) -> Tensor:
        """Items in network form, from stored ones [N, ...], which are left as they are."""
        return stored

    def finish(self, values: Tensor) -> Tensor:
        """Finished items on the CPU, from items in network form [N, ...].

        Raises:
            NonFinite: values are not finite.
        """
        return finite(values).float().cpu()

    def to_stored(self, finished: Tensor) -> Tensor:
        """Stored items of finished ones [N, ...], as metrics compare samples with stored items; by
        default the same."""
        return finished

    def mirrored(self, stored: Tensor) -> Tensor:
        """Stored items [N, ...], mirrored left-right; the same items where a kind has no mirror."""
        return stored

    def counted(self, count: int) -> str:
        """So many of them in words, such as "60,000 images, 28x28 grey"."""
        return f"{count:,} {self.noun}, {self.words()}"

    def counted_of(self, count: int, source: str) -> str:
        """So many items of a source in words, such as "60,000 images of mnist, 28x28 grey"."""
        return f"{count:,} {self.noun} of {source}, {self.words()}"

    def reading(self) -> dict[str, Any]:
        """What ``load_dataset`` must be asked for, so that a source is read as such items again."""
        return {}

    def fitting(self) -> dict[str, Any]:
        """What ``load_dataset`` must be asked for, so that other items get the shape of these."""
        return {}

    def portrait(
        self,
        samples: Tensor,
        reals: Tensor,
        score: Score | None = None,
        columns: int | None = None,
    ) -> Picture:
        """The picture of a run at some time: by default, the sheet of its samples.

        Args:
            samples: finished items of the generator [N, ...].
            reals: finished training items [M, ...], for kinds that show them beside samples.
            score: scores items, for kinds that show scores; None where nothing can be scored.
            columns: as for ``sheet``.
        """
        return self.sheet(samples, columns)

    def key(self, *, scored: bool) -> Key:
        """What the colours of a ``portrait`` mean; [] where they need no explanation.

        scored: whether it shows scores.
        """
        return []

    def contact_sheet(
        self, stored: Tensor, labels: Tensor | None, order: Tensor, count: int, columns: int
    ) -> Picture:
        """Some items of a data set, without repeats; where there are classes, a row for each.

        Args:
            stored: all items of the data set [N, ...].
            labels: the class of each, int64 [N]; None without.
            order: a random order of all items, int64 [N].
            count: items to show, where there are no classes.
            columns: items in a row, at most.
        """
        if labels is None:
            rows = list(order[:count].split(columns))
        else:
            kinds = range(min(int(labels.max()) + 1, MOST_ROWS))
            rows = [order[labels[order] == kind][:columns] for kind in kinds]
        shown = [self.finish(self.to_network(stored[row])) for row in rows if len(row)]
        return stacked([self.sheet(items, len(items)) for items in shown])

    @property
    def writers(self) -> Mapping[str, Writer]:
        """What writes samples, by the ending of a path; "/" stands for a folder."""
        return {".png": Writer(self._save_sheet), ".npz": Writer(self._save_npz)}

    def writer(self, out: str) -> Writer:
        """What writes samples to this path, by its ending.

        Raises:
            UsageError: nothing does; the message names the endings that work.
        """
        found = self.writers.get(ending_of(out))
        if found is None:
            raise ending_error(out, self.writers, f"this run draws {self.noun}, so ")
        return found

    def plain(self) -> dict[str, Any]:
        """The name and all fields, as JSON can hold them; see ``from_plain``."""
        return {"name": self.name, **dataclasses.asdict(self)}  # pyright: ignore[reportArgumentType]

    def _save_sheet(self, chunks: Iterator[Chunk], count: int, out: Path) -> None:
        items, labels = whole(chunks)
        save_png(enlarged(self.sheet(items, labels=labels)), out)

    def _save_npz(self, chunks: Iterator[Chunk], count: int, out: Path) -> None:
        save_npz(chunks, count, out, self.noun)


def finite(values: Tensor) -> Tensor:
    """The same values.

    Raises:
        NonFinite: some are not finite.
    """
    if not bool(torch.isfinite(values).all()):
        raise NonFinite(
            "the generator draws numbers that are not finite: its weights are damaged, so use an "
            "earlier checkpoint (`at`)"
        )
    return values
