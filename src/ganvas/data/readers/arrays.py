"""Arrays in NumPy's files (.npz, .npy), which are read without ever unpickling."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from ganvas.data.names import some
from ganvas.data.readers.archive_checks import check_total
from ganvas.data.readers.in_memory import from_array
from ganvas.data.readers.raw import Raw
from ganvas.errors import DataError

MAX_BYTES = 8 << 30
NAMES = ("images", "labels", "attributes", "attribute_names")
UNNAMED = {"arr_0": "images", "arr_1": "labels"}
"""What ``numpy.savez(path, images, labels)`` calls them."""


def read_npz(path: Path) -> Raw:
    """The arrays of a .npz, by their names.

    ``images`` [N, H, W, C] or [N, C, H, W], uint8 or float; perhaps ``labels`` [N], or
    ``attributes`` [N, A], 0 or 1, with A ``attribute_names`` (text; without them a0, a1, …). What
    was saved without names, ``arr_0`` and ``arr_1``, is taken for images and labels.

    Raises:
        DataError: no images, objects (which would be pickles), or more than 8 GiB.
    """
    try:
        with zipfile.ZipFile(path) as members:
            size = sum(member.file_size for member in members.infolist())
        check_total(path, size, MAX_BYTES, path.stat().st_size)
        with np.load(path, allow_pickle=False) as file:
            known = {} if "images" in file.files else UNNAMED
            keys = {known.get(key, key): key for key in file.files}
            if "images" not in keys:
                raise DataError(f"{path}: holds {', '.join(file.files)}; name the array images")
            images = file[keys["images"]]
            labels, attributes, names = (
                file[keys[key]] if key in keys else None for key in NAMES[1:]
            )
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise unreadable(path, error) from None
    raw = from_array(images, path.name)
    if unread := sorted(set(map(str, keys)) - set(NAMES)):
        raw.notes = (*raw.notes, f"not read: {some(unread)}; what is read: {', '.join(NAMES)}")
    if known:
        beside = "" if labels is None else " and arr_1 for labels"
        raw.notes = (*raw.notes, f"arr_0 taken for images{beside}")
    if labels is not None:
        raw.add_labels(labels, path.name)
    if attributes is not None:
        raw.add_attributes(attributes, path.name, names)
    return raw


def read_npy(path: Path) -> Raw:
    """The images of a .npy, in the forms of ``read_npz``.

    Raises:
        DataError: objects (which would be pickles), or a damaged file.
    """
    try:
        images = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise unreadable(path, error) from None
    return from_array(np.asarray(images), path.name)


def unreadable(path: Path, error: Exception) -> DataError:
    """The error of a file that NumPy does not read."""
    text = " ".join(str(error).split())
    return DataError(
        f"{path}: not readable as plain arrays ({text}); save it with "
        "numpy.savez(path, images=uint8_array)"
    )
