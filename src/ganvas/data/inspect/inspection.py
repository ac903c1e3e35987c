"""A look at a source before training: sizes, classes, attributes, repeats, damage, the fit."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganvas import keys
from ganvas.data.dataset import Dataset, class_order
from ganvas.data.decoding.collect import look, notes_on
from ganvas.data.decoding.decode import BRIGHTEST, Header, Unreadable, decode, quiet
from ganvas.data.decoding.fit import Fit, Size
from ganvas.data.decoding.parallel import threaded
from ganvas.data.decoding.values import Values, values_of
from ganvas.data.labels.layout import lay_out
from ganvas.data.names import some
from ganvas.data.part import Part
from ganvas.data.plane import portrait
from ganvas.data.readers.files import Entry, Files
from ganvas.data.source import load_dataset, open_files
from ganvas.errors import DataError

FEW = 20  # images in a class, or with or without an attribute
SMALL = 100  # images in a set
UNEVEN = 10  # times as many in the largest class as in the smallest
MANY_REPEATS = 0.01  # of all images
GAP = 2  # pixels between the images of a sheet
MOST_ROWS = 32


@dataclass(frozen=True)
class Inspection:
    """What is in a source.

    sizes: (height, width) to count, most common first; modes and formats likewise.
    classes: name to count; {} without labels.
    attributes: name to how many images have it, most common first; {} without attributes.
    duplicates: groups of names whose decoded pixels are equal.
    unreadable: (name, reason).  fit: what the fit would do, as text.
    """

    name: str
    count: int
    sizes: Counter[tuple[int, int]]
    modes: Counter[str]
    formats: Counter[str]
    classes: dict[str, int]
    attributes: dict[str, int]
    duplicates: tuple[tuple[str, ...], ...]
    unreadable: tuple[tuple[str, str], ...]
    fit: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


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

    Errors: UsageError for an unknown option, DataError where nothing can be read.
    """
    part, wanted = Part(split), Fit(size, channels, fit, white)
    files = open_files(source)
    if files is not None:
        return inspect_files(files, part, wanted)
    return inspect_dataset(
        load_dataset(source, split=split, channels=channels, white=white), wanted
    )


def inspect_files(files: Files, part: Part, fit: Fit) -> Inspection:
    survey = look(files)
    layout = lay_out(list(survey.headers), set(survey.headers) | set(survey.reasons), survey.tables)
    chosen = part.join(layout.train, layout.test, files.name)
    digests, reasons, values = digests_of(files, set(chosen), fit.white)
    chosen = [name for name in chosen if name in digests]
    headers = [survey.headers[name] for name in chosen]
    everything = survey.headers.values()
    text, shape = fit_text(
        [(header.height, header.width) for header in everything],
        not values.coloured or all(header.grey for header in everything), fit, files.name,
    )  # fmt: skip
    notes = [] if shape is None else notes_on(survey, reasons, chosen, fit, shape)
    labels = [] if layout.labels is None else [layout.labels[name] for name in chosen]
    bad = survey.reasons | reasons
    attributes = shares(layout.attributes_of(chosen), layout.attribute_names)
    return build(
        files.name, headers, labels, attributes, repeats((name, digests[name]) for name in chosen),
        tuple(sorted(bad.items())), text, (*notes, *layout.notes), values.warnings(fit.white),
    )  # fmt: skip


def inspect_dataset(dataset: Dataset, fit: Fit) -> Inspection:
    """The same for what is no folder or archive; images are called by their position."""
    if dataset.are_points:
        return inspect_points(dataset)
    channels, height, width = dataset.shape
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    header = Header(height, width, mode, "array", channels < 3, channels in (2, 4))
    text, _ = fit_text([(height, width)], channels < 3, fit, dataset.name)
    labels = [] if dataset.labels is None else [dataset.classes[i] for i in dataset.labels.tolist()]
    digests = ((str(row), digest(pixels)) for row, pixels in enumerate(dataset.pixels.numpy()))
    attributes = shares(dataset.attributes, dataset.attribute_names)
    return build(
        dataset.name, [header] * len(dataset), labels, attributes, repeats(digests), (), text,
        dataset.notes, dataset.warnings,
    )  # fmt: skip


def inspect_points(dataset: Dataset) -> Inspection:
    """Of points there is a number in all and in each mode; sizes, modes and formats are empty."""
    labels = [] if dataset.labels is None else dataset.labels
    counts = np.bincount(labels, minlength=len(dataset.classes)).tolist()
    classes = dict(zip(dataset.classes, counts, strict=True))
    warnings = warn(len(dataset), classes, {}, (), ())
    return Inspection(
        dataset.name, len(dataset), Counter(), Counter(), Counter(), classes, {}, (), (),
        "points in the plane: as they are", dataset.notes, tuple(warnings),
    )  # fmt: skip


def build(
    name: str,
    headers: Sequence[Header],
    labels: Sequence[str],
    attributes: dict[str, int],
    duplicates: tuple[tuple[str, ...], ...],
    unreadable: tuple[tuple[str, str], ...],
    fit: str,
    notes: tuple[str, ...],
    troubles: Sequence[str],
) -> Inspection:
    counts = Counter(labels)
    classes = {name: counts[name] for name in class_order(counts)}
    sizes = ordered((header.height, header.width) for header in headers)
    warnings = [*warn(len(headers), classes, attributes, duplicates, unreadable), *troubles]
    return Inspection(
        name, len(headers), sizes, ordered(header.mode for header in headers),
        ordered(header.format for header in headers), classes, attributes, duplicates, unreadable,
        fit, notes, tuple(warnings),
    )  # fmt: skip


def ordered(values: Iterable[Any]) -> Counter[Any]:
    """Counts, most common first."""
    return Counter(dict(Counter(values).most_common()))


def shares(attributes: Tensor | None, names: Sequence[str]) -> dict[str, int]:
    """How many images have each attribute, most common first."""
    if attributes is None:
        return {}
    counts = dict(zip(names, attributes.sum(0).tolist(), strict=True))
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def digests_of(
    files: Files, names: set[str], white: int | None
) -> tuple[dict[str, bytes], dict[str, str], Values]:
    """A digest of each file's decoded pixels, the reasons where there are none, the values."""

    def read(entry: Entry) -> tuple[str, tuple[bytes, Values] | str]:
        try:
            with entry.open() as file:
                image = decode(file, white=white)
            pixels = np.asarray(image)
            planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)[None]
            return entry.name, (digest(pixels), values_of(planes, image.info.get(BRIGHTEST)))
        except Unreadable as error:
            return entry.name, str(error)
        except OSError as error:
            return entry.name, f"cannot be opened: {error.strerror or error}"

    digests: dict[str, bytes] = {}
    reasons: dict[str, str] = {}
    values = Values()
    with quiet():
        wanted = (entry for entry in files.entries() if entry.name in names)
        for name, found in threaded(read, wanted):
            if isinstance(found, str):
                reasons[name] = found
                continue
            digests[name] = found[0]
            values = values.joined(found[1])
    varied = len(set(digests.values())) != 1 or len(digests) == 1  # one alone is no repeat
    return digests, reasons, replace(values, varied=varied)


def digest(pixels: np.ndarray) -> bytes:
    start = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    start.update(np.ascontiguousarray(pixels).data)
    return start.digest()


def repeats(digests: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, ...], ...]:
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name, value in digests:
        groups[value].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def fit_text(
    sizes: Sequence[tuple[int, int]], grey: bool, fit: Fit, name: str
) -> tuple[str, tuple[int, int, int] | None]:
    """What the fit would do, and the shape it would give (None where it cannot)."""
    try:
        shape = fit.shape(sizes, grey, name)
    except DataError as error:
        return str(error), None
    target = f"{shape[2]}x{shape[1]}"
    if fit.size is None or set(sizes) == {shape[1:]}:
        return f"{target}: as they are", shape
    if fit.how in ("pad", "stretch"):
        done = {"pad": "padded with white where the aspect differs", "stretch": "stretched"}
        return f"{target}: {done[fit.how]}", shape
    lost = sum(fit.lost(height, width, shape) for height, width in sizes) / len(sizes)
    return f"{target}: {f'cropped {lost:.0%} on average' if lost >= 0.005 else 'resized'}", shape


def warn(
    count: int,
    classes: dict[str, int],
    attributes: dict[str, int],
    duplicates: Sequence[Sequence[str]],
    unreadable: Sequence[tuple[str, str]],
) -> list[str]:
    """Plain sentences on what will trouble training."""
    sentences = []
    if count < SMALL:
        plural = "them" if count > 1 else "it"
        images = f"{count} image{'s' if count > 1 else ''}"
        sentences.append(f"only {images}: a GAN will learn {plural} by heart")
    sentences += [
        f"class {name!r} has only {number} image{'s' if number > 1 else ''}"
        for name, number in classes.items()
        if number < FEW
    ]
    if classes and max(classes.values()) > UNEVEN * min(classes.values()):
        sentences.append(
            f"the classes are uneven: {min(classes.values())} to {max(classes.values())} images"
        )
    # One that all or none have is told in the notes.
    rare = [name for name, number in attributes.items() if 0 < min(number, count - number) < FEW]
    if rare:
        sentences.append(
            f"fewer than {FEW} images have, or lack, {len(rare)} of the "
            f"{len(attributes)} attributes: {some(rare)}"
        )
    extra = sum(len(group) - 1 for group in duplicates)
    if extra > MANY_REPEATS * count:
        sentences.append(f"{extra} images repeat others exactly")
    if unreadable:
        sentences.append(f"{len(unreadable)} files could not be read")
    return sentences


def contact_sheet(
    dataset: Dataset, count: int = 64, columns: int = 8, seed: int = 0
) -> Image.Image:
    """``count`` images drawn without repeats, in rows of ``columns`` (mode L or RGB).

    With classes: a row for each of the first 32 classes, up to ``columns`` images of it. Of points:
    10,000 of them where they lie, a colour a class.
    Errors: ValueError for a count or columns below 1.
    """
    if count < 1 or columns < 1:
        raise ValueError(f"count {count} and columns {columns} must be 1 or more")
    if dataset.are_points:
        return portrait(dataset)
    order = torch.randperm(len(dataset), generator=keys.generator(seed, "contact sheet"))
    if dataset.labels is None:
        picked = order[:count].tolist()
        rows = [picked[start : start + columns] for start in range(0, len(picked), columns)]
    else:
        labels = dataset.labels[order]
        number = min(len(dataset.classes), MOST_ROWS)
        rows = [order[labels == index][:columns].tolist() for index in range(number)]
    return paste(dataset, [row for row in rows if row])


def paste(dataset: Dataset, rows: Sequence[Sequence[int]]) -> Image.Image:
    channels, height, width = dataset.shape
    wide = max(len(row) for row in rows) * (width + GAP) + GAP
    sheet = np.full((len(rows) * (height + GAP) + GAP, wide, channels), 255, np.uint8)
    for line, row in enumerate(rows):
        top = GAP + line * (height + GAP)
        for column, index in enumerate(row):
            left = GAP + column * (width + GAP)
            pixels = dataset.pixels[index].permute(1, 2, 0).numpy()
            sheet[top : top + height, left : left + width] = pixels
    return Image.fromarray(sheet[..., 0] if channels == 1 else sheet)
