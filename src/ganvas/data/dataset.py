"""A loaded source: pixels, perhaps labels or attributes, and a fingerprint of all."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ganvas.data.names import printable
from ganvas.errors import DataError

BLOCK = 1 << 24
"""Bytes hashed at a time, so that a memory-mapped set is never in memory as a whole."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded source of N items.

    pixels: images uint8 [N, C, H, W] with C 1 or 3, perhaps memory-mapped (privately: what is
        written stays in memory); or points float32 [N, 2, 1, 1], in about [-1, 1].
    labels: int64 [N], each an index into ``classes``; None without labels.
    classes: the names of the classes; () without labels.
    fingerprint: "sha256:…" of pixels, labels, attributes and names; the same on every machine.
    name: what to call the source on a screen.
    notes: sentences on what was skipped or converted while reading.
    attributes: uint8 [N, A], 1 where an image has an attribute, else 0; None without attributes.
    attribute_names: the A names, as the source spells them; () without attributes.
    warnings: sentences on what will trouble training.
    files: how many files the source has, used or not; None where it is no folder and no archive.
    lossy: the share of images that still show what JPEG did to them: stored so, at less than twice
        their size here.
    """

    pixels: Tensor
    labels: Tensor | None
    classes: tuple[str, ...]
    fingerprint: str
    name: str
    notes: tuple[str, ...] = ()
    attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: int | None = None
    lossy: float = 0.0

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    @property
    def are_points(self) -> bool:
        """Whether these are points in the plane, not images."""
        return self.pixels.is_floating_point()

    @property
    def remarks(self) -> tuple[str, ...]:
        """How many of the source's files are used, if not all, and the notes."""
        if self.files is None or self.files == len(self):
            return self.notes
        return (f"{len(self):,} of {self.files:,} files used", *self.notes)

    def words(self) -> str:
        """One line for a screen: what is used, and what is not."""
        kinds = {"classes": len(self.classes), "attributes": len(self.attribute_names)}
        noun = "" if self.are_points else "images, "
        parts = [f"{printable(self.name)}: {len(self):,} {noun}{shape_words(self.shape)}"]
        parts[0] += "".join(f", {count} {kind}" for kind, count in kinds.items() if count)
        return "; ".join([*parts, *self.remarks])

    def __len__(self) -> int:
        return self.pixels.shape[0]


def shape_words(shape: tuple[int, int, int]) -> str:
    """(C, H, W) as a user reads it: "28x28 grey", width first."""
    channels, height, width = shape
    if channels == 2:
        return "points in the plane"
    return f"{width}x{height} {'grey' if channels == 1 else 'colour'}"


def make_dataset(
    pixels: Tensor,
    labels: Tensor | None,
    classes: Sequence[str],
    name: str,
    notes: Sequence[str] = (),
    fingerprint: str | None = None,
    attributes: Tensor | None = None,
    attribute_names: Sequence[str] = (),
) -> Dataset:
    """A ``Dataset`` of these fields; None computes its fingerprint.

    Raises:
        DataError: fewer than two images.
    """
    check_count(len(pixels), name)
    if fingerprint is None:
        fingerprint = fingerprint_of(pixels, labels, classes, attributes, attribute_names)
    return Dataset(
        pixels, labels, tuple(classes), fingerprint, name, tuple(notes), attributes,
        tuple(attribute_names),
    )  # fmt: skip


def check_count(count: int, name: str) -> None:
    """Refuse a source of fewer than two images.

    Raises:
        DataError: it is one.
    """
    if count < 2:
        found = "no image" if count == 0 else "only 1 image"
        raise DataError(
            f"{name}: {found} found; a GAN needs at least 2 images (in practice hundreds), "
            "so give a folder or archive with more of them"
        )


def fingerprint_of(
    pixels: Tensor,
    labels: Tensor | None,
    classes: Sequence[str],
    attributes: Tensor | None = None,
    attribute_names: Sequence[str] = (),
) -> str:
    """The text "sha256:…" over shape, pixels, labels, attributes and names, endianness fixed."""
    digest = hashlib.sha256(repr((tuple(pixels.shape), tuple(classes))).encode())
    rows = max(1, BLOCK // max(1, pixels[:1].numel()))
    for start in range(0, len(pixels), rows):
        digest.update(pixels[start : start + rows].contiguous().numpy().data)
    if labels is not None:
        digest.update(np.ascontiguousarray(labels.numpy().astype("<i8")).data)
    if attributes is not None:  # runs older than attributes keep their fingerprints
        digest.update(repr(tuple(attribute_names)).encode())
        digest.update(attributes.contiguous().numpy().data)
    return f"sha256:{digest.hexdigest()}"


def in_order(dataset: Dataset, classes: Sequence[str]) -> Dataset:
    """The same items, whose classes are numbered in another order of the same names."""
    assert dataset.labels is not None and sorted(classes) == sorted(dataset.classes)
    numbers = torch.tensor([classes.index(name) for name in dataset.classes])
    labels = numbers[dataset.labels]
    return with_labels(dataset, labels, classes)


def with_labels(dataset: Dataset, labels: Tensor | None, classes: Sequence[str]) -> Dataset:
    """The same items under other labels, or none; the fingerprint follows."""
    found = fingerprint_of(
        dataset.pixels, labels, classes, dataset.attributes, dataset.attribute_names
    )
    return replace(dataset, labels=labels, classes=tuple(classes), fingerprint=found)
