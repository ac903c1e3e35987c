"""``dataset.json``: labels as StyleGAN's tools pack them, by the names of the images.

Its form: {"labels": [["00000/img00000000.png", 6], …]}, a number or a vector each, or null.
"""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from ganvas.data.files import LISTING
from ganvas.data.labels.matching import Matcher
from ganvas.data.labels.tables import LABEL, Table, stack

Pairs = list[tuple[str, Any]]
"""An image's name and its label, as they stand in the file."""


def read_listings(
    roots: Sequence[str], present: set[str], files: Mapping[str, bytes], notes: list[str]
) -> tuple[Table | None, bool]:
    """All listings that lie at ``roots``, as one table, and whether one has the tools' form.

    Args:
        roots: the folders where a listing may lie, "" or ending in "/".
        present: the names of all images.
        files: the bytes of each table by its name.
        notes: gets a sentence on what is of no use.

    Raises:
        DataError: one has classes and another attributes.
    """
    pairs = {root: pairs_of(files[root + LISTING]) for root in roots if root + LISTING in files}
    found = [
        read_listing(root + LISTING, each, Matcher(root, present), notes)
        for root, each in pairs.items()
    ]
    used = [table for table in found if table is not None]
    return (reduce(stack, used) if used else None), any(p is not None for p in pairs.values())


def pairs_of(data: bytes) -> Pairs | None:
    """Names and labels, [] where there are none; None of anything else."""
    try:
        labels = json.loads(data)["labels"]
        return [] if labels is None else [(str(image), label) for image, label in labels]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def read_listing(
    name: str, pairs: Pairs | None, matcher: Matcher, notes: list[str]
) -> Table | None:
    """The listing as a table; None, with a note, where it is of no use.

    It has classes where each image has a number or a one-hot vector, else attributes, 0 or 1.
    """
    if pairs is None:
        notes.append(
            f'{name} is of no use: it has not the form {{"labels": [["image.png", 0], …]}}; mend '
            "it, or write a labels.csv (image,label)"
        )
        return None
    if not pairs:
        return None
    columns, cells = as_cells([label for _, label in pairs])
    if not columns:
        notes.append(
            f"{name} is of no use: its labels are neither whole numbers nor vectors of 0 and 1; "
            "write a labels.csv (image,label)"
        )
        return None
    rows: dict[str, list[str]] = {}
    absent = 0
    for (image, _), row in zip(pairs, cells, strict=True):
        if len(found := matcher.find(image)) == 1:
            rows[found[0]] = row
        else:
            absent += 1
    if absent:
        notes.append(f"{name} names {absent:,} images that are not there")
    return Table(LISTING, columns, rows) if rows else None


def as_cells(labels: list[Any]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Columns, and their cells for each label; no columns where these are no labels."""
    if all(is_whole(label) for label in labels):
        return (LABEL,), [[str(int(label))] for label in labels]
    vectors = [label for label in labels if isinstance(label, list) and label]
    if len(vectors) < len(labels) or len({len(vector) for vector in vectors}) > 1:
        return (), []
    if not all(value in (0, 1) for vector in vectors for value in vector):
        return (), []
    if len(vectors[0]) > 1 and all(sum(vector) == 1 for vector in vectors):
        return (LABEL,), [[str(vector.index(1))] for vector in vectors]
    columns = tuple(f"a{number}" for number in range(len(vectors[0])))
    return columns, [[str(int(value)) for value in vector] for vector in vectors]


def is_whole(label: Any) -> bool:
    """Whether a label of JSON is a whole number (also 3.0)."""
    return isinstance(label, (int, float)) and not isinstance(label, bool) and label == label // 1
