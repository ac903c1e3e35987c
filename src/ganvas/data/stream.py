"""An endless stream of batches, each a pure function of its place in the stream."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas import keys
from ganvas.data.dataset import Dataset

EPOCHS_KEPT = 2
"""Orders that are remembered: a batch may span the end of one epoch and the start of the next."""


@dataclass
class Batch:
    """Some items of a stream, on its device.

    images: float32 [B, C, H, W] in [-1, 1]; points are [B, 2, 1, 1].
    labels: int64 [B]; None without labels.
    attributes: float32 [B, A], 0 or 1; None without attributes.
    """

    images: Tensor
    labels: Tensor | None
    attributes: Tensor | None = None


Piece = tuple[Tensor, Tensor | None, Tensor | None]
"""Pixels, labels and attributes of some items, where and in the types in which they are kept."""


class ItemStream:
    """Endless batches from a data set of N items.

    Item i of the stream is item ``order[i % N]`` of epoch ``i // N``. The order and the flips of an
    epoch come from generators keyed by the seed and the epoch, so that a resumed run, a micro-batch
    or a process gets what the uninterrupted, whole batch would have had there.

    Args:
        dataset: the items.
        seed: of the orders and the flips.
        device: where batches are made.
        flip: mirror each item left-right with probability 1/2, anew in every epoch.
        shuffle: False goes through the items in their own order.
        resident_bytes: pixels up to so many bytes are kept on the device; None takes a quarter of
            what is free on a GPU, 2 GiB elsewhere. It changes the speed alone, never a batch.
    """

    def __init__(
        self,
        dataset: Dataset,
        seed: int,
        device: torch.device | str,
        *,
        flip: bool = False,
        shuffle: bool = True,
        resident_bytes: int | None = None,
    ) -> None:
        self.count = len(dataset)
        self.seed = seed
        self.device = torch.device(device)
        self.flip = flip
        self.shuffle = shuffle
        if resident_bytes is None:
            resident_bytes = free_share(self.device)
        resident = self.device.type == "cpu" or dataset.pixels.numel() <= resident_bytes
        self._home = self.device if resident else torch.device("cpu")
        self._pixels = dataset.pixels.to(self._home)
        self._labels = None if dataset.labels is None else dataset.labels.to(self._home)
        kept = dataset.attributes
        self._attributes = None if kept is None else kept.to(self._home)
        self._epochs: OrderedDict[int, tuple[Tensor | None, Tensor | None]] = OrderedDict()

    def batch(self, start: int, count: int) -> Batch:
        """Items ``start`` to ``start + count`` of the stream; may be larger than the data set.

        Raises:
            ValueError: ``start`` is negative, or ``count`` below 1.
        """
        if start < 0 or count < 1:
            raise ValueError(f"start {start} must be 0 or more and count {count} 1 or more")
        pieces = []
        while count > 0:
            epoch, first = divmod(start, self.count)
            taken = min(count, self.count - first)
            pieces.append(self._piece(epoch, first, first + taken))
            start, count = start + taken, count - taken
        pixels, labels, attributes = pieces[0] if len(pieces) == 1 else joined(pieces)
        return Batch(
            self._normalised(pixels),
            None if labels is None else labels.to(self.device),
            None if attributes is None else attributes.to(self.device).to(torch.float32),
        )

    def _piece(self, epoch: int, first: int, last: int) -> Piece:
        """Positions ``first`` to ``last`` of one epoch."""
        order, flips = self._epoch(epoch)

        def taken(whole: Tensor) -> Tensor:
            return whole[first:last] if order is None else whole.index_select(0, order[first:last])

        pixels = taken(self._pixels)
        if flips is not None:
            pixels = torch.where(flips[first:last], pixels.flip(3), pixels)
        labels = None if self._labels is None else taken(self._labels)
        return pixels, labels, None if self._attributes is None else taken(self._attributes)

    def _epoch(self, epoch: int) -> tuple[Tensor | None, Tensor | None]:
        """The order int64 [N] and the flips bool [N, 1, 1, 1] of one epoch."""
        if epoch not in self._epochs:
            order = flips = None
            if self.shuffle:
                order = torch.randperm(
                    self.count, generator=keys.generator(self.seed, "shuffle", epoch)
                ).to(self._home)
            if self.flip:
                drawn = torch.rand(self.count, generator=keys.generator(self.seed, "flip", epoch))
                flips = (drawn < 0.5).view(-1, 1, 1, 1).to(self._home)
            self._epochs[epoch] = order, flips
            while len(self._epochs) > EPOCHS_KEPT:
                self._epochs.popitem(last=False)
        return self._epochs[epoch]

    def _normalised(self, pixels: Tensor) -> Tensor:
        if self._home != self.device:  # a quarter of the bytes travel: conversion happens there
            pinned = pixels.pin_memory() if self.device.type == "cuda" else pixels
            pixels = pinned.to(self.device, non_blocking=True)
        if pixels.is_floating_point():  # points are what they are
            return pixels
        return pixels.to(torch.float32).div_(127.5).sub_(1)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces one after the other."""
    pixels, labels, attributes = zip(*pieces, strict=True)
    return (
        torch.cat(pixels),
        None if labels[0] is None else torch.cat(labels),
        None if attributes[0] is None else torch.cat(attributes),
    )


def free_share(device: torch.device) -> int:
    """Bytes of a device that pixels may take where no number is set."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 4
    return 2 << 30
