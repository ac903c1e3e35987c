"""One call for every kind of source: which reader takes it is looked up in explicit tables."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ganvas.data.builtin import cifar
from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.dataset import Dataset
from ganvas.data.decoding.fit import Fit, Size
from ganvas.data.decoding.parallel import Progress
from ganvas.data.files import ENDINGS, Files
from ganvas.data.part import Part
from ganvas.data.readers.arrays import read_npy, read_npz
from ganvas.data.readers.folder import Folder
from ganvas.data.readers.idx import find_images, is_idx, read_idx_folder, read_images
from ganvas.data.readers.image_files import read_files
from ganvas.data.readers.in_memory import is_memory, part_of, read_memory
from ganvas.data.readers.raw import Raw, fitted, of_colour, select
from ganvas.data.readers.tar import Tar
from ganvas.data.readers.torch_dataset import read_torch_dataset
from ganvas.data.readers.zip import Zip
from ganvas.data.source_names import is_builtin, is_own, names, own_items
from ganvas.errors import DataError, nearest

Parts = tuple[str, Raw, Raw | None]
"""A source that is read as a whole: its name, its training part, its test part."""

ARCHIVES: dict[str, Callable[[Path], Files]] = {
    ".zip": Zip, ".tar": Tar, ".tar.gz": Tar, ".tgz": Tar, ".tar.bz2": Tar, ".tar.xz": Tar,
}  # fmt: skip
"""The archives of image files, by the ending of their name."""

ARRAYS: dict[str, Callable[[Path], Raw]] = {".npz": read_npz, ".npy": read_npy}
"""The files of arrays, by the ending of their name."""

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")
"""Endings of files that may hold a pickle, which is never read."""

KINDS = "a folder, a .zip, .tar, .tar.gz, .npz or idx file"


def load_dataset(
    source: Any,
    *,
    split: str = "train",
    size: Size = None,
    channels: int | None = None,
    fit: str = "keep",
    white: int | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    memory_bytes: int | None = None,
) -> Dataset:
    """The items of a source: images as uint8 [N, C, H, W], others in the form of their domain.

    Args:
        source: "mnist", "stacked-mnist", "fashion-mnist", "cifar10"; "ring", "grid", "spiral"
            (points); a path to a folder, .zip, .tar(.gz), .npz, .npy or idx file(s); a tensor or
            array, uint8 or float in [0, 1] or [-1, 1]; a pair of (images, labels [N] or attributes
            [N, A]); a map-style torch Dataset of PIL images or tensors; a ``Dataset``, whose items
            stay as they are; or the name of a source of one's own (``ganvas.register``).
        split: "train", "test", "all", or positions in the training part such as "0:50000".
        size: the shorter side in pixels, or (height, width); None leaves images as they are, all of
            one size.
        channels: 1 or 3; None chooses 1 where all images are grey (also as three equal channels).
        fit: "keep" the set's median aspect, "crop" a square, "pad" to a square with white,
            "stretch".
        white: the value that becomes 255, such as 4095 of 12 bits in 16-bit files; None takes the
            largest that the files could hold.
        limit: take the first so many at most; None takes all.
        progress: called now and then with how many images are done, and of how many.
        memory_bytes: folders and archives that decode to more are kept in a memory-mapped file in
            the cache folder (GANVAS_CACHE); None takes a quarter of the machine's memory.

    Raises:
        UsageError: an option is none of these.
        DataError: the source cannot be read, or not so.
    """
    part, wanted = Part(split, limit), Fit(size, channels, fit, white)
    if is_own(source):
        items, part = own_items(source, part)
        options: dict[str, Any] = {"channels": channels, "white": white, "progress": progress}
        read = load_dataset(items, split=part.split, size=size, fit=fit, limit=limit, **options)
        return replace(read, name=source)
    if isinstance(source, Dataset):
        return part_of(source, part)
    files = open_files(source)
    if files is not None:
        return read_files(files, part, wanted, progress, memory_bytes)
    parts = plain_parts(source, part)
    if parts is None:
        reader = read_memory if is_memory(source) else read_torch_dataset
        return reader(source, part, wanted, memory_name(source), progress)
    name, train, test = parts
    chosen = select(train, test, part, name)
    return fitted(chosen, of_colour(wanted, train, test), name, progress)


def open_files(source: Any) -> Files | None:
    """The folder or archive that ``source`` names; None where it is something else."""
    if not isinstance(source, (str, Path)) or is_builtin(source):
        return None
    path = existing(source)
    if path.is_dir():
        return None if find_images(path) else Folder(path)
    if path.name == cifar.ARCHIVE:
        return None
    kind = next((kind for ending, kind in ARCHIVES.items() if ends(path, ending)), None)
    return None if kind is None else kind(path)


def plain_parts(source: Any, part: Part) -> Parts | None:
    """The parts of what is read as a whole; None where ``source`` is in memory."""
    if not isinstance(source, (str, Path)):
        return None
    if is_builtin(source):
        return two_parts(str(source), BUILTIN[str(source)].read, part)
    path = existing(source)
    if path.name == cifar.ARCHIVE:
        return two_parts("cifar10", partial(cifar.read_archive, path), part)
    if path.is_dir():
        return path.name, *read_idx_folder(path)
    if is_idx(path):
        return path.name, read_images(path), None
    read = next((read for ending, read in ARRAYS.items() if ends(path, ending)), None)
    if read is None:
        raise DataError(advice(path))
    return path.name, read(path), None


def two_parts(name: str, read: Callable[[str], Raw], part: Part) -> Parts:
    """The parts that are wanted, of those that ``read`` reads by their name.

    Where the training part is not wanted, an empty one stands in its place.
    """
    if part.split == "test":
        test = read("test")
        empty = None if test.labels is None else test.labels[:0]
        nothing = Raw(test.pixels[:0], empty, test.classes, domain=test.domain)
        return name, nothing, test
    train = read("train")
    return name, train, read("test") if part.split == "all" else None


def existing(source: str | Path) -> Path:
    """The path of a source.

    Raises:
        DataError: there is none; with the name of a built-in source where one is close.
    """
    path = Path(os.path.expanduser(source))
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        pass
    close = nearest(str(source), names())
    known = ", ".join(names())
    guess = f"did you mean {close[0]}?" if close else f"give {KINDS}, or one of {known}"
    raise DataError(f"no source {str(source)!r}: {guess}")


def advice(path: Path) -> str:
    """What to do with a file that is no source."""
    if any(ends(path, ending) for ending in PICKLES):
        return (
            f"{path}: may hold a pickle, which is never read; "
            "save the images with numpy.savez(path, images=uint8_array)"
        )
    if path.suffix[1:].lower() in ENDINGS:
        return f"{path}: one image; a GAN needs at least 2 images, so give the folder they are in"
    return f"{path}: not a source; give {KINDS}"


def ends(path: Path, ending: str) -> bool:
    """Whether a file's name ends so, in capitals or not."""
    return path.name.lower().endswith(ending)


def memory_name(source: Any) -> str:
    """What to call a source that has no path."""
    first = source[0] if isinstance(source, tuple) and source else source
    return {"Tensor": "tensor", "ndarray": "array"}.get(type(first).__name__, type(first).__name__)
