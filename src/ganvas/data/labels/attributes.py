"""Attributes: several things that an image has or has not, as columns of 0 and 1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.data.labels.classes import number_classes
from ganvas.data.names import some
from ganvas.errors import DataError

PAIRS = (("0", "1"), ("-1", "1"), ("false", "true"), ("no", "yes"), ("0.0", "1.0"))
"""The words of a column for "has not" and "has", in capitals or not."""

MOST_KINDS = 100
"""Different words in a column; one of captions or identities holds no attribute."""


def from_columns(
    columns: Sequence[str], rows: Sequence[Sequence[str]], table: str
) -> tuple[Tensor | None, tuple[str, ...], list[str]]:
    """Attributes uint8 [N, A] with their A names, from N rows of text; and notes on them.

    A column of 0 and 1 (or -1 and 1, false and true, no and yes) is one attribute of its name; one
    of other words is an attribute for each word: hair=blonde. None where nothing is left.

    Raises:
        DataError: two columns make attributes of one name.
    """
    values: list[Tensor] = []
    names: list[str] = []
    notes: list[str] = []
    for number, column in enumerate(columns):
        cells = [row[number] for row in rows]
        if (kinds := len(set(cells))) > MOST_KINDS:
            notes.append(
                f"column {column!r} of {table} left out: its {kinds:,} different values "
                f"are more than {MOST_KINDS}"
            )
            continue
        found, made = from_column(column, cells)
        values.append(found)
        names += made
    if not values:
        return None, (), notes
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{table}: two columns make the attribute {repeated[0]!r}; rename one")
    attributes = torch.cat(values, 1)
    return attributes, tuple(names), [*notes, *note_constant(attributes, names)]


def from_column(column: str, cells: Sequence[str]) -> tuple[Tensor, list[str]]:
    """uint8 [N, K] and K names: one where the cells are a pair such as no and yes."""
    plain = {cell: cell.lower() for cell in set(cells)}
    if pair := next((pair for pair in PAIRS if set(plain.values()) <= set(pair)), None):
        chosen = [plain[cell] == pair[1] for cell in cells]
        return torch.tensor(chosen).view(-1, 1).to(torch.uint8), [column]
    numbers, kinds = number_classes(cells)
    one_hot = numbers[:, None] == torch.arange(len(kinds))
    return one_hot.to(torch.uint8), [f"{column}={kind}" for kind in kinds]


def from_values(
    values: Tensor, count: int, name: str, names: Any = None
) -> tuple[Tensor, tuple[str, ...], list[str]]:
    """Attributes uint8 [N, A], their names (a0, a1, … where none are given), notes on them.

    Args:
        values: integers or booleans [N, A], 0 and 1, or -1 and 1.
        count: N.
        name: what to call the source in an error.
        names: A different names.

    Raises:
        DataError: other values, another shape, or other names.
    """
    shape = list(values.shape)
    if len(shape) != 2 or shape[0] != count or not shape[1]:
        raise DataError(
            f"{name}: attributes of shape {shape} for {count} images; give one row for each"
        )
    if values.is_floating_point() or values.is_complex():
        raise DataError(f"{name}: attributes of type {values.dtype}; give integers, 0 or 1")
    known = set(values.unique().tolist())
    if not (known <= {0, 1} or known <= {-1, 1}):
        raise DataError(
            f"{name}: attributes hold {some([str(value) for value in sorted(known)])}; "
            "give 0 and 1, or -1 and 1"
        )
    given = tuple(f"a{number}" for number in range(shape[1])) if names is None else texts(names)
    if len(set(given)) != shape[1] or len(given) != shape[1] or "" in given:
        raise DataError(f"{name}: {shape[1]} attributes need as many different attribute_names")
    attributes = (values > 0).to(torch.uint8)
    return attributes, given, note_constant(attributes, given)


def texts(names: Any) -> tuple[str, ...]:
    """Names as a tuple of text, from an array or a list."""
    return tuple(str(name).strip() for name in np.asarray(names).reshape(-1).tolist())


def note_constant(attributes: Tensor, names: Sequence[str]) -> list[str]:
    """A sentence on the attributes that are the same in all images."""
    same = (attributes == attributes[:1]).all(0).tolist()
    constant = [name for name, is_same in zip(names, same, strict=True) if is_same]
    if not constant or not len(attributes):
        return []
    plural = "s" if len(constant) > 1 else ""
    return [
        f"{len(constant)} attribute{plural} the same in all {len(attributes):,} images, so that "
        f"nothing can be learned of {'them' if plural else 'it'}: {some(constant)}"
    ]
