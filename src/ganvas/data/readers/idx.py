"""The idx format of MNIST and its relatives: one file, or a folder with the usual four."""

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ganvas.data.readers.in_memory import from_array
from ganvas.data.readers.raw import Raw
from ganvas.errors import DataError

UNSIGNED_BYTE = 8
MAX_BYTES = 8 << 30


def is_idx(path: Path) -> bool:
    """Whether a file is one, by its name: …-idx3-ubyte, …idx1-ubyte.gz and so on."""
    name = path.name.removesuffix(".gz")
    return name.endswith("ubyte") and "idx" in name


def read_idx(path: Path) -> np.ndarray:
    """The array uint8 in one idx file, gzipped or not.

    Raises:
        DataError: it is damaged, or holds something else.
    """
    try:
        with open(path, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            return parse(gzip.GzipFile(fileobj=raw) if zipped else raw, path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as an idx file ({error}); get it again") from None


def parse(file: "BinaryIO | gzip.GzipFile", path: Path) -> np.ndarray:
    """The array in an open idx file; ``path`` is named in errors."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE or magic[3] > 4:
        raise DataError(f"{path}: not an idx file of unsigned bytes (it begins with {magic.hex()})")
    header = file.read(4 * magic[3])
    sides = [int.from_bytes(header[place : place + 4], "big") for place in range(0, len(header), 4)]
    count = math.prod(sides)
    if len(header) < 4 * magic[3] or count > MAX_BYTES:
        raise DataError(f"{path}: damaged idx header, or more than 8 GiB; get the file again")
    data = file.read(count)
    if len(data) < count:
        raise DataError(f"{path}: truncated, {len(data)} of {count} bytes; get the file again")
    return np.frombuffer(bytearray(data), np.uint8).reshape(sides)


def read_pair(images_path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Images uint8 [N, H, W] and the labels uint8 [N] in the file beside them, or None."""
    images = read_idx(images_path)
    if images.ndim != 3:
        raise DataError(f"{images_path}: holds no images but {images.ndim}-dimensional data")
    labels_path = labels_beside(images_path)
    if labels_path is None:
        return images, None
    labels = read_idx(labels_path)
    if labels.shape != images.shape[:1]:
        raise DataError(f"{labels_path}: {labels.size} labels for {len(images)} images")
    return images, labels


def labels_beside(images_path: Path) -> Path | None:
    """The file of the labels of a file of images, in the same folder; None where there is none."""
    name = images_path.name.replace("images", "labels").replace("idx3", "idx1")
    plain = images_path.with_name(name.removesuffix(".gz"))
    for path in (plain, plain.with_name(plain.name + ".gz")):
        if path != images_path and path.is_file():
            return path
    return None


def read_images(path: Path, name: str | None = None, classes: Sequence[str] = ()) -> Raw:
    """The images in one idx file, with the labels in the file beside it, if any.

    Args:
        path: the file of the images.
        name: what to call the source in an error; None takes the file's name.
        classes: the names of the classes; without them, they are named after their numbers.
    """
    name = path.name if name is None else name
    images, labels = read_pair(path)
    raw = from_array(images[..., None], name)
    if labels is not None:
        raw.add_labels(labels, name, classes)
    return raw


def read_idx_folder(folder: Path) -> tuple[Raw, Raw | None]:
    """The training part and the test part, if any, of a folder that ``find_images`` knows.

    A test part alone is taken for the training part.
    """
    found = {part: read_images(path) for part, path in find_images(folder).items()}
    if "train" not in found:
        return found["test"], None
    return found["train"], found.get("test")


def find_images(folder: Path) -> dict[str, Path]:
    """The folder's image files by part: {"train": …, "test": …}, each only if present."""
    found: dict[str, Path] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # no such folder, or not ours to read: whoever needs the files will say so
        return found
    for path in paths:
        if is_idx(path) and "images" in path.name and path.is_file():
            found.setdefault("train" if "train" in path.name else "test", path)
    return found
