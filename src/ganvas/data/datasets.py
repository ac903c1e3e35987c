"""Map-style torch datasets of PIL images or tensors."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganvas.data.decode import is_grey, to_plain
from ganvas.data.fit import Fit
from ganvas.data.images import Images, check_count, make_images
from ganvas.data.memory import Progress, fit_all, fitted, from_array, from_labels
from ganvas.data.part import Part
from ganvas.errors import DataError

MOST_CLASSES = 10_000


def read_dataset(source: Any, part: Part, fit: Fit, name: str, progress: Progress | None) -> Images:
    """A map-style torch dataset whose items are an image, or (image, label, …); PIL or tensor."""
    if not hasattr(source, "__getitem__") or not hasattr(source, "__len__"):
        raise DataError(
            f"{name}: {type(source).__name__} is no source; give a path, a tensor or array, "
            "(images, labels), or a torch Dataset with a length"
        )
    rows = part.join(list(range(len(source))), None, name)
    items = [source[row] for row in rows]
    labelled = bool(items) and all(isinstance(item, (tuple, list)) for item in items)
    images = [item[0] for item in items] if labelled else items
    labels = [item[1] for item in items] if labelled and len(items[0]) > 1 else None
    raw_labels, classes = None, ()
    if labels is not None and is_integer(labels[0]):
        numbers = [int(label) for label in labels]
        # Not numbered anew: two positional parts of one dataset must agree on their classes.
        plain = map(str, range(min(MOST_CLASSES, max(numbers) + 1)))
        names = tuple(map(str, getattr(source, "classes", ()))) or tuple(plain)
        raw_labels, classes = from_labels(numbers, len(items), name, names)
    if images and all(isinstance(image, Image.Image) for image in images):
        return from_pictures(images, raw_labels, classes, fit, name, progress)
    raw = from_array(stacked(images, name), name)
    raw.labels, raw.classes = raw_labels, classes
    return fitted(raw, fit, name, progress)


def is_integer(label: Any) -> bool:
    if isinstance(label, (Tensor, np.ndarray)):
        return label.ndim == 0 and not (isinstance(label, Tensor) and label.is_floating_point())
    return isinstance(label, (int, np.integer))


def stacked(images: list[Any], name: str) -> Tensor:
    """One tensor of all items.  Errors: DataError where types or shapes differ."""
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
    pictures: list[Image.Image],
    labels: Tensor | None,
    classes: tuple[str, ...],
    fit: Fit,
    name: str,
    progress: Progress | None,
) -> Images:
    check_count(len(pictures), name)
    for picture in pictures:
        if picture.mode in ("I", "F"):
            raise DataError(f"{name}: PIL images of mode {picture.mode}; give 8 or 16 bits")
    sizes = [(picture.height, picture.width) for picture in pictures]
    shape = fit.shape(sizes, all(is_grey(picture) for picture in pictures), name)
    pixels = fit_all(map(to_plain, pictures), len(pictures), fit, shape, progress)
    return make_images(pixels, labels, classes, name)
