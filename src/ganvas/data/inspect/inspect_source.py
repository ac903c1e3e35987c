"""A look at a source before training: sizes, classes, attributes, repeats, damage, the fit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from ganvas.data.dataset import Dataset
from ganvas.data.decoding.fit import Fit, Size, fit_text
from ganvas.data.decoding.notes import notes_on
from ganvas.data.decoding.survey import read_headers
from ganvas.data.files import Files
from ganvas.data.inspect.inspection import Inspection, warnings_of
from ganvas.data.inspect.repeats import digest, digests_of, repeats
from ganvas.data.labels.classes import class_order
from ganvas.data.labels.layout import lay_out
from ganvas.data.part import Part
from ganvas.data.source import load_dataset, open_files


def inspect_source(
    source: Any,
    *,
    split: str = "all",
    size: Size = None,
    fit: str = "keep",
    channels: int | None = None,
    white: int | None = None,
) -> Inspection:
    """Look at every image of a source; the arguments are those of ``load_dataset``.

    Raises:
        UsageError: an unknown option.
        DataError: nothing can be read.
    """
    part, wanted = Part(split), Fit(size, channels, fit, white)
    files = open_files(source)
    if files is not None:
        found = inspect_files(files, part, wanted)
    else:
        dataset = load_dataset(source, split=split, channels=channels, white=white)
        found = INSPECTIONS.get(dataset.domain.name, inspect_items)(dataset, wanted)
    return replace(found, warnings=(*warnings_of(found), *found.warnings))


def inspect_files(files: Files, part: Part, fit: Fit) -> Inspection:
    """What is in a folder or an archive; images are called by their paths in it."""
    survey = read_headers(files)
    layout = lay_out(list(survey.headers), set(survey.headers) | set(survey.reasons), survey.tables)
    chosen = part.join(layout.train, layout.test, files.name)
    digests, reasons, values = digests_of(files, set(chosen), fit.white)
    chosen = [name for name in chosen if name in digests]
    headers = [survey.headers[name] for name in chosen]
    everything = survey.headers.values()
    sizes = [(header.height, header.width) for header in everything]
    grey = not values.coloured or all(header.grey for header in everything)
    text, shape = fit_text(sizes, grey, fit, files.name)
    notes = [] if shape is None else notes_on(survey, reasons, chosen, fit, shape)
    return Inspection(
        files.name,
        len(headers),
        text,
        sizes=ordered((header.height, header.width) for header in headers),
        modes=ordered(header.mode for header in headers),
        formats=ordered(header.format for header in headers),
        classes=class_counts([] if layout.labels is None else map(layout.labels.get, chosen)),
        attributes=attribute_counts(layout.attributes_of(chosen), layout.attribute_names),
        duplicates=repeats((name, digests[name]) for name in chosen),
        unreadable=tuple(sorted((survey.reasons | reasons).items())),
        notes=(*notes, *layout.notes),
        warnings=tuple(values.warnings(fit.white)),
    )


def inspect_images(dataset: Dataset, fit: Fit) -> Inspection:
    """The same of images that are no files; they are called by their position."""
    channels, height, width = dataset.shape
    text, _ = fit_text([(height, width)], channels < 3, fit, dataset.name)
    count = len(dataset)
    labels = [] if dataset.labels is None else dataset.labels.tolist()
    return Inspection(
        dataset.name,
        count,
        text,
        sizes=Counter({(height, width): count}),
        modes=Counter({"L" if channels == 1 else "RGB": count}),
        formats=Counter({"array": count}),
        classes=class_counts(dataset.classes[label] for label in labels),
        attributes=attribute_counts(dataset.attributes, dataset.attribute_names),
        duplicates=repeats((str(row), digest(p)) for row, p in enumerate(dataset.pixels.numpy())),
        notes=dataset.notes,
        warnings=dataset.warnings,
    )


def inspect_items(dataset: Dataset, fit: Fit) -> Inspection:
    """Of items of any kind: how many there are in all, and in each class."""
    labels = [] if dataset.labels is None else dataset.labels
    counts = np.bincount(labels, minlength=len(dataset.classes)).tolist()
    return Inspection(
        dataset.name,
        len(dataset),
        f"{dataset.domain.words()}: as they are",
        classes=dict(zip(dataset.classes, counts, strict=True)),
        notes=dataset.notes,
        noun=dataset.domain.noun,
    )


INSPECTIONS = {"image": inspect_images}
"""How items of a domain are looked at, by its name; others by ``inspect_items``."""


def ordered(values: Iterable[Any]) -> Counter[Any]:
    """How often each value occurs, most common first."""
    return Counter(dict(Counter(values).most_common()))


def class_counts(names: Iterable[Any]) -> dict[str, int]:
    """How many images each class has, of the class of each image."""
    counts = Counter(names)
    return {name: counts[name] for name in class_order(counts)}


def attribute_counts(attributes: Tensor | None, names: Sequence[str]) -> dict[str, int]:
    """How many images have each attribute, most common first."""
    if attributes is None:
        return {}
    counts = dict(zip(names, attributes.sum(0).tolist(), strict=True))
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
