"""A source that was read as a whole, before it is cut to the wanted part and fitted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL.Image import Image as Picture
from PIL.Image import fromarray, merge
from torch import Tensor

from ganvas.data.dataset import Dataset, check_count, make_dataset
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.image_file import to_plain
from ganvas.data.decoding.parallel import Progress, threaded
from ganvas.data.decoding.values import brighter, has_equal_channels, values_of
from ganvas.data.labels.attributes import from_values
from ganvas.data.labels.classes import as_values, from_labels
from ganvas.data.part import Part
from ganvas.domains import Domain, Image
from ganvas.errors import UsageError

TELL_EVERY = 1024
"""Images between two calls of ``progress``."""


@dataclass
class Raw:
    """A source before its fit.

    pixels: images uint8 [N, C, H, W]; or items in the stored form of ``domain``.
    labels: int64 [N], each an index into ``classes``; None without labels.
    classes: the names of the classes; () without labels.
    notes: sentences on what was converted.
    attributes: uint8 [N, A], 0 or 1; None without attributes.
    attribute_names: the A names; () without attributes.
    domain: what an item is, where items stay as they are; None for images, which are yet to be
        fitted.
    """

    pixels: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()
    domain: Domain | None = None

    def add_labels(self, labels: Any, name: str, classes: Sequence[str] = ()) -> None:
        """Labels in any form that ``from_labels`` knows, with the names of their classes."""
        self.labels, self.classes = from_labels(labels, len(self.pixels), name, classes)

    def add_attributes(self, values: Any, name: str, names: Any = None) -> None:
        """Attributes from integers or booleans [N, A]; None calls them a0, a1, …"""
        found = from_values(as_values(values, name), len(self.pixels), name, names)
        self.attributes, self.attribute_names, notes = found
        self.notes = (*self.notes, *notes)


def select(raw: Raw, test: Raw | None, part: Part, name: str) -> Raw:
    """The wanted part of a source.

    Args:
        raw: the source's training part.
        test: its test part; None where it has none.
        part: what is wanted of them.
        name: what to call the source in an error.

    Raises:
        DataError: there is no such part.
    """
    train_rows = list(range(len(raw.pixels)))
    test_rows = None
    if test is not None:
        test_rows = list(range(len(train_rows), len(train_rows) + len(test.pixels)))
    rows = part.join(train_rows, test_rows, name)
    first, last = (rows[0], rows[-1] + 1) if rows else (0, 0)
    other = Raw(raw.pixels[:0]) if test is None else test

    def chosen(train: Tensor | None, test: Tensor | None) -> Tensor | None:
        return None if train is None else stretch_of(train, test, first, last)

    return replace(
        raw,
        pixels=stretch_of(raw.pixels, other.pixels, first, last),
        labels=chosen(raw.labels, other.labels),
        attributes=chosen(raw.attributes, other.attributes),
    )


def stretch_of(train: Tensor, test: Tensor | None, first: int, last: int) -> Tensor:
    """Rows ``first`` to ``last`` of the two one after the other, without a copy if in one."""
    count = len(train)
    if test is None or last <= count:
        return train[first:last]
    if first >= count:
        return test[first - count : last - count]
    return torch.cat([train[first:], test[: last - count]])


def of_colour(fit: Fit, *parts: Raw | None) -> Fit:
    """The fit with its number of channels chosen, where it is open and the whole set has colours.

    It is 1 where the three colours are equal in all images of all parts, else 3.
    """
    found = [part.pixels.numpy() for part in parts if part is not None and part.domain is None]
    if (
        fit.channels is not None
        or not found
        or any(pixels.shape[1] not in (3, 4) for pixels in found)
    ):
        return fit
    grey = all(has_equal_channels(pixels[:, :3]) for pixels in found)
    return replace(fit, channels=1 if grey else 3)


def fitted(raw: Raw, fit: Fit, name: str, progress: Progress | None = None) -> Dataset:
    """Bring images to the wanted size and channels (transparency on white); others stay.

    Raises:
        DataError: fewer than two items.
        UsageError: a fit is asked of what is no image.
    """
    check_count(len(raw.pixels), name)
    if raw.domain is not None:
        if fit.size is not None or fit.channels is not None or fit.white is not None:
            noun = raw.domain.noun
            raise UsageError(f"{name} holds {noun}, which have no size and no channels to choose")
        return dataset_of(raw, raw.domain, name)
    if fit.white is not None and fit.white < 255:
        raw = replace(raw, pixels=torch.from_numpy(brighter(raw.pixels.numpy(), fit.white)))
    if raw.pixels.shape[1] == 3 and fit.channels == 1 and has_equal_channels(raw.pixels.numpy()):
        raw = replace(raw, pixels=raw.pixels[:, :1].contiguous())
    count, channels, height, width = raw.pixels.shape
    shape = fit.shape([(height, width)], channels < 3, name)
    if shape != (channels, height, width):
        pixels = fit_all(plain_images(raw.pixels), count, fit, shape, progress)
        note = f"{count:,} images with transparency composited on white"
        notes = (*raw.notes, note) if channels in (2, 4) else raw.notes
        raw = replace(raw, pixels=pixels, notes=notes)
    return finished(raw, name)


def finished(raw: Raw, name: str) -> Dataset:
    """The data set of images that have their size, with a warning where values look odd."""
    dataset = dataset_of(raw, Image(*raw.pixels.shape[1:]), name)
    return replace(dataset, warnings=tuple(values_of(raw.pixels.numpy()).warnings(None)))


def dataset_of(raw: Raw, domain: Domain, name: str) -> Dataset:
    """The data set of a source whose items are as they shall be."""
    return make_dataset(
        domain, raw.pixels, raw.labels, raw.classes, name, raw.notes, None, raw.attributes,
        raw.attribute_names,
    )  # fmt: skip


def plain_images(pixels: Tensor) -> Iterator[Picture]:
    """Images of mode L or RGB, one by one, from uint8 [N, C, H, W] with C from 1 to 4."""
    channels = pixels.shape[1]
    for array in pixels.permute(0, 2, 3, 1).numpy():
        if channels == 2:
            bands = [fromarray(np.ascontiguousarray(array[..., band])) for band in (0, 1)]
            yield to_plain(merge("LA", bands))
        else:
            array = array[..., 0] if channels == 1 else array
            yield to_plain(fromarray(np.ascontiguousarray(array)))


def fit_all(
    images: Iterable[Picture],
    count: int,
    fit: Fit,
    shape: tuple[int, int, int],
    progress: Progress | None,
) -> Tensor:
    """So many images, fitted: uint8 [N, C, H, W], where (C, H, W) is ``shape``."""
    pixels = np.empty((count, *shape), np.uint8)
    for row, array in enumerate(threaded(lambda image: fit.apply(image, shape), images)):
        pixels[row] = array
        if progress and ((row + 1) % TELL_EVERY == 0 or row + 1 == count):
            progress(row + 1, count)
    return torch.from_numpy(pixels)
