"""One call for every kind of source: which reader takes it is looked up in explicit tables."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.data.dataset import Dataset
from ganvas.data.decoding.fit import Fit, Size
from ganvas.data.decoding.parallel import Progress
from ganvas.data.files import ENDINGS, Files
from ganvas.data.part import Part
from ganvas.data.readers import cifar
from ganvas.data.readers.arrays import read_npy, read_npz
from ganvas.data.readers.builtin import BUILTIN
from ganvas.data.readers.folder import Folder
from ganvas.data.readers.idx import find_images, is_idx, read_pair
from ganvas.data.readers.image_files import read_files
from ganvas.data.readers.in_memory import from_array, is_memory, read_memory
from ganvas.data.readers.raw import Raw, fitted, of_colour, select
from ganvas.data.readers.tar import Tar
from ganvas.data.readers.torch_dataset import read_torch_dataset
from ganvas.data.readers.zip import Zip
from ganvas.errors import DataError

ARCHIVES: dict[str, Callable[[Path], Files]] = {
    ".zip": Zip, ".tar": Tar, ".tar.gz": Tar, ".tgz": Tar, ".tar.bz2": Tar, ".tar.xz": Tar,
}  # fmt: skip
ARRAYS: dict[str, Callable[[Path], Raw]] = {".npz": read_npz, ".npy": read_npy}
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")
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
    """Load ``source`` as uint8 [N, C, H, W], or, where it is of points, float32 [N, 2, 1, 1].

    source: "mnist", "stacked-mnist", "fashion-mnist", "cifar10"; "ring", "grid", "spiral" (points);
    a path to a folder, .zip, .tar(.gz), .npz, .npy or idx file(s); a tensor or array, uint8 or
    float in [0, 1] or [-1, 1]; (images, labels [N] or attributes [N, A]); or a map-style torch
    Dataset of PIL images or tensors.
    split: "train", "test", "all", or positions in the training part such as "0:50000".
    size: the shorter side, or (height, width); None: as they are, all must agree.
    channels: 1, 3, or None: 1 where all images are grey (three equal channels are), else 3.
    fit: "keep" the set's median aspect, "crop" a square, "pad" to a square with white, "stretch".
    white: the value that becomes 255, such as 4095 of 12 bits in 16-bit files; None: the largest
    that the files could hold.
    limit: at most the first so many.  progress: called with (done, total).
    memory_bytes: folders and archives that decode to more than this are kept in a memory-mapped
    file in the cache folder (GANVAS_CACHE); None: a quarter of the machine's memory.
    Errors: UsageError for an option that is not one of these, DataError for the data.
    """
    part, shape = Part(split, limit), Fit(size, channels, fit, white)
    files = open_files(source)
    if files is not None:
        return read_files(files, part, shape, progress, memory_bytes)
    parts = plain_parts(source, part)
    if parts is None:
        read = read_memory if is_memory(source) else read_torch_dataset
        return read(source, part, shape, memory_name(source), progress)
    name, train, test = parts
    shape = of_colour(shape, train, test)
    return fitted(select(train, test, part, name), shape, name, progress)


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


def plain_parts(source: Any, part: Part) -> tuple[str, Raw, Raw | None] | None:
    """Name, training and test part of what is read as a whole; None for what is in memory."""
    if not isinstance(source, (str, Path)):
        return None
    if is_builtin(source):
        return two_parts(str(source), BUILTIN[str(source)], part)
    path = existing(source)
    if path.name == cifar.ARCHIVE:
        return two_parts("cifar10", lambda side: cifar.read_archive(path, side), part)
    if path.is_dir():
        return idx_folder(path)
    if is_idx(path):
        return path.name, idx_raw(path), None
    read = next((read for ending, read in ARRAYS.items() if ends(path, ending)), None)
    if read is None:
        raise DataError(advice(path))
    return path.name, read(path), None


def is_builtin(source: str | Path) -> bool:
    """Only a plain string is a built-in's name; Path("mnist") and "./mnist" are paths."""
    return isinstance(source, str) and source in BUILTIN


def two_parts(name: str, read: Callable[[str], Raw], part: Part) -> tuple[str, Raw, Raw | None]:
    """Read no more than is wanted; an empty stand-in keeps the positions."""
    if part.split == "test":
        test = read("test")
        empty = None if test.labels is None else test.labels[:0]
        return name, Raw(test.pixels[:0], empty, test.classes), test
    train = read("train")
    return name, train, read("test") if part.split == "all" else None


def idx_folder(path: Path) -> tuple[str, Raw, Raw | None]:
    found = {side: idx_raw(images) for side, images in find_images(path).items()}
    if "train" not in found:
        return path.name, found["test"], None
    return path.name, found["train"], found.get("test")


def idx_raw(path: Path) -> Raw:
    images, labels = read_pair(path)
    raw = from_array(images[..., None], path.name)
    if labels is not None:
        raw.add_labels(labels, path.name)
    return raw


def existing(source: str | Path) -> Path:
    """The path.  Errors: DataError, with a built-in name where one is close."""
    path = Path(os.path.expanduser(source))
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        pass
    close = difflib.get_close_matches(str(source).lower(), BUILTIN, 1)
    names = ", ".join(BUILTIN)
    guess = f"did you mean {close[0]}?" if close else f"give {KINDS}, or one of {names}"
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
    return path.name.lower().endswith(ending)


def memory_name(source: Any) -> str:
    """What to call a source that has no path."""
    first = source[0] if isinstance(source, tuple) and source else source
    return {"Tensor": "tensor", "ndarray": "array"}.get(type(first).__name__, type(first).__name__)
