"""Images that are already in memory: tensors, arrays, (images, labels or attributes) pairs."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.data.dataset import Dataset, taken
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.parallel import Progress
from ganvas.data.labels.classes import as_values
from ganvas.data.part import Part
from ganvas.data.readers.raw import Raw, fitted, of_colour, select
from ganvas.errors import DataError

FORMS = "[N, H, W], [N, C, H, W] or [N, H, W, C] with C from 1 to 4"
MOST_CHANNELS = 4


def read_memory(
    source: Any, part: Part, fit: Fit, name: str, progress: Progress | None = None
) -> Dataset:
    """Images from a tensor, an array, or a pair (images, labels); they have no test part.

    Images are uint8, or float in [0, 1] or [-1, 1]; labels are integers [N], or attributes of 0
    and 1 [N, A].

    Raises:
        DataError: any other form, type or range.
    """
    pair = isinstance(source, tuple)
    raw = from_pair(source[0], source[1], name) if pair else from_array(source, name)
    return fitted(select(raw, None, part, name), of_colour(fit, raw), name, progress)


def part_of(dataset: Dataset, part: Part) -> Dataset:
    """The wanted part of a data set that is there already; it has no test part.

    Raises:
        DataError: there is no such part.
    """
    rows = part.join(list(range(len(dataset))), None, dataset.name)
    return taken(dataset, slice(rows[0], rows[-1] + 1))


def is_memory(source: Any) -> bool:
    """Whether a source is a tensor, an array, or a pair of anything."""
    return isinstance(source, (Tensor, np.ndarray)) or (
        isinstance(source, tuple) and len(source) == 2
    )


def from_pair(images: Any, labels: Any, name: str) -> Raw:
    """Images with their labels [N] or attributes [N, A]."""
    if not isinstance(images, (Tensor, np.ndarray)):
        raise DataError(f"{name}: the first of (images, labels) must be a tensor or an array")
    raw = from_array(images, name)
    values = as_values(labels, name)
    if values.ndim == 2:
        raw.add_attributes(values, name)
    else:
        raw.add_labels(values, name)
    return raw


def from_array(images: Tensor | np.ndarray, name: str) -> Raw:
    """Images in any form and range that ``read_memory`` knows, without labels."""
    first = 3 if isinstance(images, np.ndarray) else 1  # where channels usually are
    tensor = as_tensor(images, name)
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    if tensor.ndim != 4 or 0 in tensor.shape[1:]:
        raise DataError(f"{name}: images of shape {list(tensor.shape)}; give {FORMS}")
    places = (first, 4 - first)
    axis = next((place for place in places if tensor.shape[place] <= MOST_CHANNELS), None)
    if axis is None:
        raise DataError(f"{name}: no channels in shape {list(tensor.shape)}; give {FORMS}")
    tensor = tensor.movedim(axis, 1)
    pixels, notes = to_bytes(tensor, name)
    return Raw(pixels.contiguous(), notes=notes)


def as_tensor(images: Tensor | np.ndarray, name: str) -> Tensor:
    """Images as a tensor on the CPU; an array must hold uint8 or floats."""
    if isinstance(images, Tensor):
        return images.detach().cpu()
    if images.dtype.kind not in "uif":
        raise DataError(f"{name}: values of type {images.dtype}; give uint8, or float in [0, 1]")
    native = images.astype(images.dtype.newbyteorder("="), copy=not images.flags.writeable)
    if native.dtype.kind == "f":
        native = native.astype(np.float32, copy=False)
    elif native.dtype != np.uint8:
        raise DataError(
            f"{name}: integers of type {images.dtype}; convert them to uint8, 0 to 255, first"
        )
    return torch.from_numpy(np.ascontiguousarray(native))


def to_bytes(tensor: Tensor, name: str) -> tuple[Tensor, tuple[str, ...]]:
    """The values as uint8, and a note where they were floats.

    Floats are in [-1, 1] where one of them is negative, else in [0, 1].
    """
    if tensor.dtype == torch.uint8:
        return tensor, ()
    if not tensor.is_floating_point():
        raise DataError(
            f"{name}: values of type {tensor.dtype}; give uint8 (0 to 255), "
            "or float in [0, 1] or [-1, 1]"
        )
    if tensor.numel() == 0:
        return tensor.to(torch.uint8), ()
    low, high = (bound.item() for bound in tensor.aminmax())
    if not (low >= -1 and high <= 1):  # also where they are NaN
        raise DataError(
            f"{name}: float values from {low:.4g} to {high:.4g}; scale them to [0, 1] or [-1, 1], "
            "without NaN, or give uint8"
        )
    if low < 0:
        values, text = tensor.float().add(1).mul(127.5), "[-1, 1]"
    else:
        values, text = tensor.float().mul(255), "[0, 1]"
    return values.round().to(torch.uint8), (f"float values read as {text}",)
