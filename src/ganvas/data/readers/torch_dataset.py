"""Map-style torch datasets of PIL images or tensors."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganvas.data.dataset import Dataset, check_count
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.image_file import is_grey, to_plain
from ganvas.data.decoding.parallel import Progress
from ganvas.data.decoding.values import has_equal_channels
from ganvas.data.part import Part
from ganvas.data.readers.in_memory import from_array
from ganvas.data.readers.raw import Raw, finished, fit_all, fitted, of_colour
from ganvas.errors import DataError

MOST_CLASSES = 10_000


def read_torch_dataset(
    source: Any, part: Part, fit: Fit, name: str, progress: Progress | None
) -> Dataset:
    """A map-style torch dataset whose items are an image, or (image, label, …).

    An image is PIL's or a tensor; a label is an integer, or a vector of attributes.

    Raises:
        DataError: it has no length, or its items are something else.
    """
    if not hasattr(source, "__getitem__") or not hasattr(source, "__len__"):
        raise DataError(
            f"{name}: {type(source).__name__} is no source; give a path, a tensor or array, "
            "(images, labels), or a torch Dataset with a length"
        )
    rows = part.join(list(range(len(source))), None, name)
    items = [source[row] for row in rows]
    labelled = bool(items) and all(isinstance(item, (tuple, list)) for item in items)
    images = [item[0] for item in items] if labelled else items
    pictures = bool(images) and all(isinstance(image, Image.Image) for image in images)
    if pictures:
        raw = Raw(from_pictures(images, fit, name, progress))
    else:
        raw = from_array(stacked(images, name), name)
    if labelled and len(items[0]) > 1:
        describe(raw, [item[1] for item in items], source, name)
    if pictures:
        return finished(raw, name)
    return fitted(raw, of_colour(fit, raw), name, progress)


def describe(raw: Raw, labels: list[Any], source: Any, name: str) -> None:
    """Give ``raw`` what a dataset says of its items, where it is a class or attributes.

    A class is an integer, and the dataset may name them as ``classes``; attributes are a vector of
    0 and 1, named by ``attr_names``, as torchvision's datasets do. Anything else is passed over.
    """
    if is_integer(labels[0]):
        numbers = [int(label) for label in labels]
        # Not numbered anew: two positional parts of one dataset must agree on their classes.
        plain = map(str, range(min(MOST_CLASSES, max(numbers) + 1)))
        names = tuple(map(str, getattr(source, "classes", ()))) or tuple(plain)
        raw.add_labels(numbers, name, names)
    elif (rows := as_attributes(labels)) is not None:
        names = [each for each in getattr(source, "attr_names", ()) if each]
        raw.add_attributes(rows, name, names or None)


def as_attributes(labels: list[Any]) -> Tensor | None:
    """Vectors [A] of one length that hold 0 (or -1) and 1, as [N, A]; None of anything else."""
    if not all(isinstance(label, (Tensor, np.ndarray)) and label.ndim == 1 for label in labels):
        return None
    vectors = [torch.as_tensor(label) for label in labels]
    if vectors[0].is_floating_point() or len({vector.shape for vector in vectors}) > 1:
        return None
    rows = torch.stack(vectors)
    return rows if set(rows.unique().tolist()) <= {-1, 0, 1} else None


def is_integer(label: Any) -> bool:
    """Whether a label is a whole number, or a tensor or an array of one."""
    if isinstance(label, (Tensor, np.ndarray)):
        return label.ndim == 0 and not (isinstance(label, Tensor) and label.is_floating_point())
    return isinstance(label, (int, np.integer))


def stacked(images: list[Any], name: str) -> Tensor:
    """All items as one tensor.

    Raises:
        DataError: their types or shapes differ.
    """
    check_count(len(images), name)
    if not all(isinstance(image, (Tensor, np.ndarray)) for image in images):
        raise DataError(f"{name}: items must be PIL images or tensors, all of one kind")
    shapes = {tuple(image.shape) for image in images}
    if len(shapes) > 1:
        raise DataError(
            f"{name}: items of {len(shapes)} shapes; resize them in the dataset's transform, "
            "or let it give PIL images and choose a size"
        )
    return torch.stack([torch.as_tensor(image) for image in images])


def from_pictures(
    pictures: list[Image.Image], fit: Fit, name: str, progress: Progress | None
) -> Tensor:
    """PIL images as uint8 [N, C, H, W], fitted."""
    check_count(len(pictures), name)
    for picture in pictures:
        if picture.mode in ("I", "F"):
            raise DataError(f"{name}: PIL images of mode {picture.mode}; give 8 or 16 bits")
    sizes = [(picture.height, picture.width) for picture in pictures]
    shape = fit.shape(sizes, all(is_grey(picture) for picture in pictures), name)
    plain = (to_plain(picture, fit.white) for picture in pictures)
    pixels = fit_all(plain, len(pictures), fit, shape, progress)
    grey = fit.channels is None and has_equal_channels(pixels.numpy())
    return pixels[:, :1].contiguous() if grey else pixels
