"""An endless stream of batches, each a pure function of its place in the stream."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.data.dataset import ATTRIBUTES, LABEL, Dataset, Field

EPOCHS_KEPT = 2
"""Epochs that are remembered of each order: a batch may span the end of one and the start of the
next."""


Batch = dict[str, Tensor]
"""Items of a stream by the names of their fields, on its device, first axis the item.

The domain's field (such as ``image``, in network form) and further ones; ``label``, int64 [B];
``attributes``, float32 [B, A], 0 or 1. There is no key for what a data set has not.
"""

TRAIN = "train"
"""The usual source: its orders and flips have the keys that they had when there was no other."""


@dataclass(frozen=True)
class Kept:
    """A field of all items of a data set.

    stored: [N, ...], where and in the type in which it is kept.
    mirrored: mirrors stored items; None where nothing is to be mirrored.
    to_network: brings stored items into the form in which a batch has them.
    """

    stored: Tensor
    mirrored: Callable[[Tensor], Tensor] | None
    to_network: Callable[[Tensor], Tensor]


class ItemStream:
    """Endless batches from a data set of N items.

    Item i of the stream is item ``order[i % N]`` of epoch ``i // N``. The order and the flips of an
    epoch come from generators keyed by the seed, the source and the epoch, so that a resumed run, a
    micro-batch or a process gets what the uninterrupted, whole batch would have had there. Two
    sources never share an order.

    Args:
        dataset: the items.
        seed: of the orders and the flips.
        device: where batches are made.
        source: the name of the stream among those of a run.
        flip: mirror each item left-right with probability 1/2, anew in every epoch; all fields of
            an item together.
        shuffle: False goes through the items in their own order.
        resident_bytes: items of up to so many bytes are kept on the device; None takes a quarter of
            what is free on a GPU, 2 GiB elsewhere. It changes the speed alone, never a batch.
    """

    def __init__(
        self,
        dataset: Dataset,
        seed: int,
        device: torch.device | str,
        *,
        source: str = TRAIN,
        flip: bool = False,
        shuffle: bool = True,
        resident_bytes: int | None = None,
    ) -> None:
        self.count = len(dataset)
        self.seed = seed
        self.device = torch.device(device)
        self.source = source
        self.flip = flip
        self.shuffle = shuffle
        if resident_bytes is None:
            resident_bytes = free_share(self.device)
        fields = {dataset.domain.field: Field(dataset.domain, dataset.pixels), **dataset.fields}
        size = sum(each.stored.nbytes for each in fields.values())
        resident = self.device.type == "cpu" or size <= resident_bytes
        self._home = self.device if resident else torch.device("cpu")
        self._kept = {
            name: Kept(each.stored.to(self._home), each.domain.mirrored, each.domain.to_network)
            for name, each in fields.items()
        }
        if dataset.labels is not None:
            self._kept[LABEL] = Kept(dataset.labels.to(self._home), None, Tensor.long)
        if dataset.attributes is not None:
            self._kept[ATTRIBUTES] = Kept(dataset.attributes.to(self._home), None, Tensor.float)
        self._epochs: dict[tuple[int, str], Epoch] = {}

    def batch(self, start: int, count: int, order: str = "") -> Batch:
        """Items ``start`` to ``start + count`` of the stream; may be larger than the data set.

        Args:
            start: 0 or more.
            count: 1 or more.
            order: the name of another order of the same items, with flips of its own; "" is the
                stream's own.

        Raises:
            ValueError: ``start`` is negative, or ``count`` below 1.
        """
        if start < 0 or count < 1:
            raise ValueError(f"start {start} must be 0 or more and count {count} 1 or more")
        places = list(self._places(start, count, order))
        return {name: self._field(each, places) for name, each in self._kept.items()}

    def _places(self, start: int, count: int, order: str) -> Iterator["Place"]:
        """Where the items are, one place for each epoch that they lie in."""
        while count > 0:
            epoch, first = divmod(start, self.count)
            taken = min(count, self.count - first)
            rows, flips = self._epoch(epoch, order)
            part = slice(first, first + taken)
            yield part, None if rows is None else rows[part], None if flips is None else flips[part]
            start, count = start + taken, count - taken

    def _field(self, kept: Kept, places: Sequence["Place"]) -> Tensor:
        """One field of the items at these places, as a batch has it."""
        pieces = [_piece(kept, place) for place in places]
        items = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        if self._home != self.device:  # a quarter of the bytes travel: conversion happens there
            pinned = items.pin_memory() if self.device.type == "cuda" else items
            items = pinned.to(self.device, non_blocking=True)
        return kept.to_network(items)

    def _epoch(self, epoch: int, order: str) -> "Epoch":
        """The order int64 [N] and the flips bool [N] of one epoch."""
        if (epoch, order) not in self._epochs:
            rows = flips = None
            if self.shuffle:
                rows = torch.randperm(
                    self.count, generator=self._generator("shuffle", epoch, order)
                )
                rows = rows.to(self._home)
            if self.flip:
                drawn = torch.rand(self.count, generator=self._generator("flip", epoch, order))
                flips = (drawn < 0.5).to(self._home)
            self._epochs[epoch, order] = rows, flips
            of_order = [each for each in self._epochs if each[1] == order]
            for passed in of_order[:-EPOCHS_KEPT]:
                del self._epochs[passed]
        return self._epochs[epoch, order]

    def _generator(self, what: str, epoch: int, order: str) -> torch.Generator:
        """Keyed by seed, epoch and the names of the source and of the order, where they have any
        that are not the usual ones."""
        names = (self.source, order) if order else () if self.source == TRAIN else (self.source,)
        return keys.generator(self.seed, what, epoch, *names)


Epoch = tuple[Tensor | None, Tensor | None]
"""The order int64 [N] and the flips bool [N] of an epoch; None where there are none."""

Place = tuple[slice, Tensor | None, Tensor | None]
"""Positions in an epoch; the rows of a data set that stand there, and who of them is mirrored."""


def _piece(kept: Kept, place: Place) -> Tensor:
    """Stored items at one place."""
    part, rows, flips = place
    items = kept.stored[part] if rows is None else kept.stored.index_select(0, rows)
    if flips is None or kept.mirrored is None:
        return items
    return torch.where(flips.view(-1, *[1] * (items.ndim - 1)), kept.mirrored(items), items)


def free_share(device: torch.device) -> int:
    """Bytes of a device that pixels may take where no number is set."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 4
    return 2 << 30
