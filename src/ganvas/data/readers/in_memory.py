"""Images that are already in memory: tensors, arrays, (images, labels or attributes) pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganvas.data.dataset import Dataset, check_count, make_dataset, number_classes
from ganvas.data.decoding.decode import to_plain
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.parallel import threaded
from ganvas.data.decoding.values import brighter, has_equal_channels, values_of
from ganvas.data.labels.attributes import from_values
from ganvas.data.part import Part
from ganvas.errors import DataError, UsageError

Progress = Callable[[int, int], None]
FORMS = "[N, H, W], [N, C, H, W] or [N, H, W, C] with C from 1 to 4"
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
TELL_EVERY = 1024


@dataclass
class Raw:
    """A source before its fit: uint8 [N, C, H, W] (points: float32 [N, 2, 1, 1]), labels int64 [N]
    or None, class names, notes; attributes uint8 [N, A] or None, their names.
    """

    pixels: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()


def read_memory(
    source: Any, part: Part, fit: Fit, name: str, progress: Progress | None = None
) -> Dataset:
    """Images from a tensor, an array, or a pair (images, labels); they have no test part.

    uint8, or float in [0, 1] or [-1, 1]; labels are integers [N], or attributes of 0 and 1 [N, A].
    Errors: DataError for any other form, type or range.
    """
    raw = (
        from_pair(source[0], source[1], name)
        if isinstance(source, tuple)
        else from_array(source, name)
    )
    return fitted(select(raw, None, part, name), of_colour(fit, raw), name, progress)


def is_memory(source: Any) -> bool:
    """A tensor, an array, or a pair of anything."""
    return isinstance(source, (Tensor, np.ndarray)) or (
        isinstance(source, tuple) and len(source) == 2
    )


def from_pair(images: Any, labels: Any, name: str) -> Raw:
    if not isinstance(images, (Tensor, np.ndarray)):
        raise DataError(f"{name}: the first of (images, labels) must be a tensor or an array")
    raw = from_array(images, name)
    values = as_values(labels, name)
    if values.ndim == 2:
        add_attributes(raw, values, name)
    else:
        raw.labels, raw.classes = from_labels(values, len(raw.pixels), name)
    return raw


def add_attributes(raw: Raw, values: Any, name: str, names: Any = None) -> None:
    """Attributes from integers or booleans [N, A]; called a0, a1, … where no names are given."""
    found = from_values(as_values(values, name), len(raw.pixels), name, names)
    raw.attributes, raw.attribute_names, notes = found
    raw.notes = (*raw.notes, *notes)


def from_array(images: Tensor | np.ndarray, name: str) -> Raw:
    """uint8 [N, C, H, W] from any documented form and range."""
    first = 3 if isinstance(images, np.ndarray) else 1  # where channels usually are
    tensor = as_tensor(images, name)
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    if tensor.ndim != 4 or 0 in tensor.shape[1:]:
        raise DataError(f"{name}: images of shape {list(tensor.shape)}; give {FORMS}")
    axis = next((axis for axis in (first, 4 - first) if tensor.shape[axis] in MODES), None)
    if axis is None:
        raise DataError(f"{name}: no channels in shape {list(tensor.shape)}; give {FORMS}")
    tensor = tensor.movedim(axis, 1)
    pixels, notes = to_bytes(tensor, name)
    return Raw(pixels.contiguous(), notes=notes)


def as_tensor(images: Tensor | np.ndarray, name: str) -> Tensor:
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
    """uint8 as it is; float by its documented range, told by the minimum."""
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


def from_labels(
    labels: Any, count: int, name: str, classes: Sequence[str] = ()
) -> tuple[Tensor, tuple[str, ...]]:
    """int64 [N] and class names.  Integers are numbered in their order unless names are given.

    labels: integers (also as 3.0) [N] or [N, 1], or one-hot [N, K].
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
    """Labels or attributes as a tensor.  Errors: DataError for what is no array of numbers."""
    try:
        return torch.as_tensor(labels).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        raise DataError(f"{name}: labels are no integers; give one for each image") from None


def select(raw: Raw, test: Raw | None, part: Part, name: str) -> Raw:
    """The wanted part of a source whose test part (if any) is ``test``."""
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
    """The fit with the channels that a whole set in colour (and opacity) asks for: one where its
    colours are equal."""
    found = [part.pixels.numpy() for part in parts if part is not None]
    if fit.channels is not None or any(pixels.shape[1] not in (3, 4) for pixels in found):
        return fit
    grey = all(has_equal_channels(pixels[:, :3]) for pixels in found)
    return replace(fit, channels=1 if grey else 3)


def fitted(raw: Raw, fit: Fit, name: str, progress: Progress | None = None) -> Dataset:
    """Bring pixels to the wanted size and channels (transparency on white); points stay."""
    count, channels, height, width = raw.pixels.shape
    check_count(count, name)
    if raw.pixels.is_floating_point():
        if fit.size is not None or fit.channels is not None or fit.white is not None:
            raise UsageError(f"{name} holds points, which have no size and no channels to choose")
        return finished(raw, raw.pixels, name, raw.notes)
    if fit.white is not None and fit.white < 255:
        raw = replace(raw, pixels=torch.from_numpy(brighter(raw.pixels.numpy(), fit.white)))
    if channels == 3 and fit.channels == 1 and has_equal_channels(raw.pixels.numpy()):
        raw, channels = replace(raw, pixels=raw.pixels[:, :1].contiguous()), 1
    shape = fit.shape([(height, width)], channels < 3, name)
    if shape == (channels, height, width):
        return finished(raw, raw.pixels, name, raw.notes)
    arrays = raw.pixels.permute(0, 2, 3, 1).numpy()
    arrays = arrays[..., 0] if channels == 1 else arrays
    images = (to_plain(Image.fromarray(np.ascontiguousarray(array))) for array in arrays)
    if channels == 2:
        images = (to_plain(from_grey_alpha(array)) for array in arrays)
    pixels = fit_all(images, count, fit, shape, progress)
    notes = (*raw.notes, f"{count:,} images with transparency composited on white")
    return finished(raw, pixels, name, notes if channels in (2, 4) else raw.notes)


def finished(raw: Raw, pixels: Tensor, name: str, notes: Sequence[str]) -> Dataset:
    """Images of a source whose pixels were brought to their size."""
    dataset = make_dataset(
        pixels, raw.labels, raw.classes, name, notes, None, raw.attributes, raw.attribute_names
    )
    if dataset.are_points:
        return dataset
    return replace(dataset, warnings=tuple(values_of(pixels.numpy()).warnings(None)))


def from_grey_alpha(array: np.ndarray) -> Image.Image:
    bands = [Image.fromarray(np.ascontiguousarray(array[..., band])) for band in (0, 1)]
    return Image.merge("LA", bands)


def fit_all(
    images: Any, count: int, fit: Fit, shape: tuple[int, int, int], progress: Progress | None
) -> Tensor:
    pixels = np.empty((count, *shape), np.uint8)
    for row, array in enumerate(threaded(lambda image: fit.apply(image, shape), images)):
        pixels[row] = array
        if progress and ((row + 1) % TELL_EVERY == 0 or row + 1 == count):
            progress(row + 1, count)
    return torch.from_numpy(pixels)
