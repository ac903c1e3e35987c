"""A loaded source: items, perhaps labels, attributes, further fields; a fingerprint of all."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ganvas.data.names import printable
from ganvas.domains import Domain, check_known
from ganvas.errors import DataError

BLOCK = 1 << 24
"""Bytes hashed at a time, so that a memory-mapped set is never in memory as a whole."""

LABEL, ATTRIBUTES = "label", "attributes"
"""What labels and attributes are called in a batch."""


@dataclass(frozen=True, eq=False)
class Field:
    """A further field of the items of a data set, such as tokens beside images.

    domain: what it is.
    stored: of all items, in stored form [N, ...].
    """

    domain: Domain
    stored: Tensor


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded source of N items.

    domain: what an item is.
    pixels: the items in stored form, such as images uint8 [N, C, H, W] with C 1 or 3, perhaps
        memory-mapped (privately: what is written stays in memory).
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
    fields: further fields of the items, by the name that they have in a batch; {} without.

    Raises:
        ValueError: a further field has the name of another one, or another number of items.
    """

    domain: Domain
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
    fields: Mapping[str, Field] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, further in self.fields.items():
            if name in (self.domain.field, LABEL, ATTRIBUTES):
                raise ValueError(
                    f"a further field cannot be called {name}: items have that already"
                )
            if len(further.stored) != len(self):
                raise ValueError(f"{len(further.stored)} of {name} for {len(self)} items")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one item in network form: of an image, (C, H, W)."""
        return self.domain.shape

    @property
    def remarks(self) -> tuple[str, ...]:
        """How many of the source's files are used, if not all, and the notes."""
        if self.files is None or self.files == len(self):
            return self.notes
        return (f"{len(self):,} of {self.files:,} files used", *self.notes)

    def words(self) -> str:
        """One line for a screen: what is used, and what is not."""
        kinds = {"classes": len(self.classes), "attributes": len(self.attribute_names)}
        parts = [f"{printable(self.name)}: {self.domain.counted(len(self))}"]
        parts[0] += "".join(f", {count} {kind}" for kind, count in kinds.items() if count)
        return "; ".join([*parts, *self.remarks])

    def __len__(self) -> int:
        return self.pixels.shape[0]


def make_dataset(
    domain: Domain,
    pixels: Tensor,
    labels: Tensor | None = None,
    classes: Sequence[str] = (),
    name: str = "items in memory",
    notes: Sequence[str] = (),
    fingerprint: str | None = None,
    attributes: Tensor | None = None,
    attribute_names: Sequence[str] = (),
    fields: Mapping[str, Field] | None = None,
) -> Dataset:
    """A ``Dataset`` of these fields; None computes its fingerprint.

    Raises:
        DataError: fewer than two items, or items of another shape than the domain's.
        UsageError: a domain of one's own that was not registered.
        ValueError: as for ``Dataset``.
    """
    check_known(domain)
    check_count(len(pixels), name)
    found = tuple(domain.to_network(pixels[:1]).shape[1:])
    if found != domain.shape:
        raise DataError(
            f"{name}: an item has the shape {found}, not {domain.shape} as {domain} has"
        )
    fields = fields or {}
    if fingerprint is None:
        fingerprint = fingerprint_of(pixels, labels, classes, attributes, attribute_names, fields)
    return Dataset(
        domain, pixels, labels, tuple(classes), fingerprint, name, tuple(notes), attributes,
        tuple(attribute_names), fields=fields,
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
    fields: Mapping[str, Field] | None = None,
) -> str:
    """The text "sha256:…" over shape, pixels, labels, attributes, further fields and all names,
    endianness fixed."""
    digest = hashlib.sha256(repr((tuple(pixels.shape), tuple(classes))).encode())
    for block in _blocks(pixels):
        digest.update(block)
    if labels is not None:
        digest.update(np.ascontiguousarray(labels.numpy().astype("<i8")).data)
    if attributes is not None:  # runs older than attributes keep their fingerprints
        digest.update(repr(tuple(attribute_names)).encode())
        digest.update(attributes.contiguous().numpy().data)
    for name, further in sorted((fields or {}).items()):
        digest.update(repr((name, tuple(further.stored.shape))).encode())
        for block in _blocks(further.stored):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"


def _blocks(stored: Tensor) -> Iterator[memoryview]:
    """The bytes of items, some at a time."""
    rows = max(1, BLOCK // max(1, stored[:1].numel()))
    for start in range(0, len(stored), rows):
        yield stored[start : start + rows].contiguous().numpy().data


def taken(dataset: Dataset, rows: slice | Tensor) -> Dataset:
    """Some of the items, with all their fields; the fingerprint follows."""
    pixels = dataset.pixels[rows]
    if len(pixels) == len(dataset) and isinstance(rows, slice):
        return dataset
    labels, attributes = (
        None if each is None else each[rows] for each in (dataset.labels, dataset.attributes)
    )
    fields = {
        name: replace(each, stored=each.stored[rows]) for name, each in dataset.fields.items()
    }
    names = dataset.classes, dataset.attribute_names
    check_count(len(pixels), dataset.name)
    return replace(
        dataset,
        pixels=pixels,
        labels=labels,
        attributes=attributes,
        fields=fields,
        fingerprint=fingerprint_of(pixels, labels, names[0], attributes, names[1], fields),
    )


def in_order(dataset: Dataset, classes: Sequence[str]) -> Dataset:
    """The same items, whose classes are numbered in another order of the same names."""
    assert dataset.labels is not None and sorted(classes) == sorted(dataset.classes)
    numbers = torch.tensor([classes.index(name) for name in dataset.classes])
    labels = numbers[dataset.labels]
    return with_labels(dataset, labels, classes)


def with_labels(dataset: Dataset, labels: Tensor | None, classes: Sequence[str]) -> Dataset:
    """The same items under other labels, or none; the fingerprint follows."""
    found = fingerprint_of(
        dataset.pixels, labels, classes, dataset.attributes, dataset.attribute_names, dataset.fields
    )
    return replace(dataset, labels=labels, classes=tuple(classes), fingerprint=found)
