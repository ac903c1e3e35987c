"""Pixels that fit in memory stay there; larger sets go to a memory-mapped file in the cache."""

import contextlib
import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganvas.cache import cache_path
from ganvas.errors import DataError
from ganvas.limits import total_memory

LEFT_OVER = 24 * 3600
"""Seconds without a write, after which a half written file is a killed process's."""


def memory_share() -> int:
    """A quarter of the memory that this process may use, in bytes; 1 GiB where it is not known."""
    total = total_memory()
    return 1 << 30 if total is None else total // 4


class InMemory:
    """Rows written in any order to an array uint8 [N, C, H, W]."""

    def __init__(self, count: int, shape: tuple[int, int, int]) -> None:
        self._array = np.empty((count, *shape), np.uint8)

    def write(self, row: int, pixels: np.ndarray) -> None:
        """Put an image uint8 [C, H, W] into its row."""
        self._array[row] = pixels

    def finish(self, kept: list[int], channels: int) -> Tensor:
        """The rows ``kept`` (ascending) and the first ``channels``, as a tensor."""
        whole = len(kept) == len(self._array)
        array = (self._array if whole else self._array[kept])[:, :channels]
        return torch.from_numpy(np.ascontiguousarray(array))

    def discard(self) -> None:
        """Nothing to clean up."""


class OnDisk:
    """The same in a temporary file, which is renamed to ``path`` when it is whole.

    It is written with ``write``, not through the map: a full disk is then an error, not a signal.

    Raises:
        DataError: the file cannot be written.
    """

    def __init__(self, shape: tuple[int, int, int], path: Path) -> None:
        self.path = path
        self._shape = shape
        self._row_bytes = math.prod(shape)
        with self._space():
            path.parent.mkdir(parents=True, exist_ok=True)
            sweep(path.parent)
            number, name = tempfile.mkstemp(".part", path.stem, path.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(number, "r+b")

    def write(self, row: int, pixels: np.ndarray) -> None:
        """Put an image uint8 [C, H, W] into its row of the file."""
        with self._space():
            self._file.seek(row * self._row_bytes)
            self._file.write(np.ascontiguousarray(pixels).data)

    def finish(self, kept: list[int], channels: int) -> Tensor:
        """The rows ``kept`` (ascending) and the first ``channels``, as a memory-mapped tensor."""
        shape = (channels, *self._shape[1:])
        row_bytes = math.prod(shape)
        with self._space():
            for row, old in enumerate(kept):
                if row != old or row_bytes != self._row_bytes:
                    self._file.seek(old * self._row_bytes)
                    data = self._file.read(row_bytes)
                    self._file.seek(row * row_bytes)
                    self._file.write(data)
            self._file.truncate(len(kept) * row_bytes)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._temporary, self.path)
        return open_stored(self.path, (len(kept), *shape))

    def discard(self) -> None:
        """Remove what was written so far."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _space(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self.path.parent}: cannot write decoded images ({error.strerror}); make room "
                "there, or set GANVAS_CACHE to a folder with more"
            ) from None


def sweep(folder: Path) -> None:
    """Remove what killed processes left half written: no set takes a day to decode."""
    for path in folder.glob("*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_OVER:
                path.unlink()


def open_stored(path: Path, shape: Sequence[int]) -> Tensor:
    """A tensor on a copy-on-write map of ``path``: writable in memory, never in the file."""
    return torch.from_numpy(np.memmap(path, np.uint8, "c", shape=tuple(shape)))


def stored_path(parts: object) -> Path:
    """The file in the cache for a source and its settings; JSON must be able to write them."""
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogateescape"))
    return cache_path("decoded", f"{digest.hexdigest()[:32]}.u8")


def save_record(
    path: Path,
    shape: Sequence[int],
    reasons: dict[str, str],
    fingerprint: str,
    warnings: Sequence[str],
) -> None:
    """Write beside the pixels at ``path`` what else is needed to use them again.

    Args:
        path: the file of the pixels.
        shape: theirs, [N, C, H, W].
        reasons: why other files could not be decoded, by name.
        fingerprint: of the ``Dataset``.
        warnings: on what will trouble training.
    """
    record = {
        "shape": list(shape),
        "reasons": reasons,
        "fingerprint": fingerprint,
        "warnings": list(warnings),
    }
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(record))
        os.replace(temporary, path.with_suffix(".json"))
    except OSError:  # the pixels will be decoded again
        temporary.unlink(missing_ok=True)


def load_record(path: Path) -> dict | None:
    """The record of a whole, earlier copy; None where there is none or it does not fit."""
    try:
        record = json.loads(path.with_suffix(".json").read_text())
        known = {"shape", "reasons", "fingerprint", "warnings"} <= set(record)
        whole = known and path.stat().st_size == math.prod(record["shape"])
    except (OSError, ValueError, TypeError):
        return None
    return record if whole else None
