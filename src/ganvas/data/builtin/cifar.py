"""CIFAR-10 from its binary version: the other two are pickles and MATLAB files, never opened."""

import tarfile
import zlib
from pathlib import Path

import numpy as np
import torch

from ganvas.cache import cache_path
from ganvas.data.builtin.download import fetched
from ganvas.data.readers.raw import Raw
from ganvas.errors import DataError

ARCHIVE = "cifar-10-binary.tar.gz"
URL = f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes
PER_FILE = 10_000
COUNTS = {"train": 5 * PER_FILE, "test": PER_FILE}
FILES = {
    "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test": ("test_batch.bin",),
}
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


def read_cifar10(part: str) -> Raw:
    """The "train" or "test" part, [N, 3, 32, 32].

    Raises:
        DataError: it is not in the cache and cannot be fetched.
    """
    return read_archive(fetched(cache_path(ARCHIVE), URL, MD5), part)


def read_archive(path: Path, part: str) -> Raw:
    """The "train" or "test" part from an archive of the binary version.

    Raises:
        DataError: it holds something else.
    """
    records = np.concatenate([parse(path, name, data) for name, data in members(path, part)])
    labels = torch.from_numpy(records[:, 0].astype(np.int64))
    if int(labels.max()) >= len(CLASSES):
        raise DataError(f"{path}: label {int(labels.max())} is not CIFAR-10's; get {URL}")
    pixels = np.ascontiguousarray(records[:, 1:]).reshape(-1, 3, 32, 32)
    return Raw(torch.from_numpy(pixels), labels, CLASSES)


def members(path: Path, part: str) -> list[tuple[str, bytes]]:
    """Names and bytes of the part's files, in order."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                base = member.name.rsplit("/", 1)[-1]
                if base in FILES[part] and member.isfile() and (file := tar.extractfile(member)):
                    found[base] = file.read(PER_FILE * RECORD + 1)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged ({error}); get it again from {URL}") from None
    if missing := [name for name in FILES[part] if name not in found]:
        raise DataError(f"{path}: lacks {', '.join(missing)}; get the binary version from {URL}")
    return [(name, found[name]) for name in FILES[part]]


def parse(path: Path, name: str, data: bytes) -> np.ndarray:
    """The records of one file, uint8 [N, RECORD]."""
    if not data or len(data) % RECORD or len(data) > PER_FILE * RECORD:
        raise DataError(f"{path}: {name} has {len(data)} bytes, not whole records; get {URL}")
    return np.frombuffer(data, np.uint8).reshape(-1, RECORD)
