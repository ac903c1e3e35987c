"""Classes: the one order of their names, and labels as numbers of them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from ganvas.data.names import natural
from ganvas.errors import DataError

T = TypeVar("T")


def class_order(names: Iterable[T]) -> list[T]:
    """Names, or values to be named, in the one order they have everywhere: 0, 1, 2, 10."""
    kinds = sorted(names, key=lambda kind: natural(str(kind)))
    if all(re.fullmatch(r"-?[0-9]{1,18}", str(kind)) for kind in kinds):
        kinds.sort(key=lambda kind: int(str(kind)))  # -1 before 0
    return kinds


def number_classes(values: Sequence[object]) -> tuple[Tensor, tuple[str, ...]]:
    """Labels int64 [N] and class names from N values, in the order of ``class_order``."""
    kinds = class_order(set(values))
    index = {kind: number for number, kind in enumerate(kinds)}
    labels = torch.tensor([index[value] for value in values], dtype=torch.int64)
    return labels, tuple(str(kind) for kind in kinds)


def from_labels(
    labels: Any, count: int, name: str, classes: Sequence[str] = ()
) -> tuple[Tensor, tuple[str, ...]]:
    """Labels int64 [N] and the names of their classes, from an array of numbers.

    Args:
        labels: whole numbers (also as 3.0) [N] or [N, 1], or one-hot vectors [N, K].
        count: N.
        name: what to call the source in an error.
        classes: the names of the classes 0, 1, …; without them, numbers that occur are numbered in
            their order and named after themselves.

    Raises:
        DataError: another shape or type.
    """
    values = whole(flat(as_values(labels, name)))
    if values.ndim != 1 or len(values) != count:
        raise DataError(
            f"{name}: labels of shape {list(values.shape)} for {count} images; give one for each"
        )
    if values.is_floating_point() or values.is_complex():
        raise DataError(f"{name}: labels of type {values.dtype}; give one integer for each image")
    if classes and len(values) and values.min() >= 0 and values.max() < len(classes):
        return values.to(torch.int64), tuple(classes)
    return number_classes(values.tolist())


def flat(values: Tensor) -> Tensor:
    """Labels [N, 1] as [N], and one-hot ones [N, K] as the numbers of their columns [N]."""
    if values.ndim != 2 or not values.numel():
        return values
    if values.shape[1] == 1:
        return values[:, 0]
    one_hot = ((values == 0) | (values == 1)).all() and (values.sum(1) == 1).all()
    return values.float().argmax(1) if one_hot else values


def whole(values: Tensor) -> Tensor:
    """Whole numbers that came as floating-point ones as integers; others as they are."""
    if not values.is_floating_point() or not (values == values.long()).all():
        return values
    return values.long()


def as_values(labels: Any, name: str) -> Tensor:
    """Labels or attributes as a tensor.

    Raises:
        DataError: they are no array of numbers.
    """
    try:
        return torch.as_tensor(labels).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        raise DataError(f"{name}: labels are no integers; give one for each image") from None
