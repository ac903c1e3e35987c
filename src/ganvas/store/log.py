"""Loggers behind one small protocol. None of them can stop a training run.

A logger gets one flat record a line, ``images`` first, and the path of each new sample grid. On
resume it is cut back to the checkpoint's clock, so that a resumed log is the uninterrupted one.
"""

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ganvas.store.json_lines import START, Part, Place, read_lines, read_on

Record = Mapping[str, Any]
"""One line of a log: ``images`` first, then numbers by name, such as ``loss/generator``."""


class Logger(Protocol):
    """What a logger does; W&B or MLflow are ten lines of this."""

    def write(self, record: Record) -> None:
        """Log one record."""
        ...

    def image(self, images: int, path: Path) -> None:
        """Log a new sample grid, a PNG file, at ``images`` seen."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class JsonLines:
    """``log.jsonl``: one JSON object a line.

    Args:
        path: the file, which is continued where there is one.
        keep_bytes: cut it to so many bytes first; None keeps it whole.
    """

    def __init__(self, path: Path, keep_bytes: int | None = None) -> None:
        if keep_bytes is not None and path.exists():
            os.truncate(path, min(keep_bytes, path.stat().st_size))  # never longer: of zeros
        self.path = path
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - held until close
        self._whole = self._file.tell()

    def write(self, record: Record) -> None:
        """Write one line."""
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()

    def image(self, images: int, path: Path) -> None:
        """Leave pictures out: they lie in ``samples/``."""

    def bytes(self) -> int:
        """How long the log is now, safely on disk: what a checkpoint notes."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._whole = self._file.tell()
        except (OSError, ValueError):
            pass  # a log that cannot be written ends where it last was whole
        return self._whole

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoard:
    """``tensorboard/``: every number against images seen, and the sample grids.

    Its files cannot be cut, so on resume they are written anew from what the log still holds.

    Args:
        folder: its files; what was there is deleted.
        records: of the log so far.
        grids: the sample grids so far, by images seen.
    """

    def __init__(self, folder: Path, records: Sequence[Record], grids: dict[int, Path]) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        shutil.rmtree(folder, ignore_errors=True)
        self._writer = SummaryWriter(str(folder), max_queue=100)
        for record in records:
            self.write(record)
        for images, path in sorted(grids.items()):
            self.image(images, path)

    def write(self, record: Record) -> None:
        """Add each number as a scalar of its own."""
        for name, value in record.items():
            if name != "images" and isinstance(value, int | float):
                self._writer.add_scalar(name, value, record["images"])

    def image(self, images: int, path: Path) -> None:
        """Add a sample grid."""
        import numpy as np
        from PIL import Image

        with Image.open(path) as grid:
            pixels = np.asarray(grid.convert("RGB"))
        self._writer.add_image("samples", pixels, images, dataformats="HWC")

    def close(self) -> None:
        """Write what is left and close the files."""
        self._writer.close()


def tensorboard(
    folder: Path, records: Sequence[Record], grids: dict[int, Path]
) -> list[TensorBoard]:
    """A TensorBoard logger, or none and a warning where it cannot be had."""
    try:
        return [TensorBoard(folder, records, grids)]
    except Exception as error:
        warnings.warn(f"no TensorBoard in this run: {error}", RuntimeWarning, stacklevel=2)
        return []


class Loggers:
    """Several loggers as one; the first failure of each is a warning and its last call."""

    def __init__(self, loggers: list[Logger]) -> None:
        self._loggers = loggers

    def write(self, record: Record) -> None:
        """Hand a record to each."""
        self._each(lambda logger: logger.write(record))

    def image(self, images: int, path: Path) -> None:
        """Hand a sample grid to each."""
        self._each(lambda logger: logger.image(images, path))

    def close(self) -> None:
        """Close each."""
        self._each(lambda logger: logger.close())

    def _each(self, call: Callable[[Logger], None]) -> None:
        for logger in list(self._loggers):
            try:
                call(logger)
            except Exception as error:
                self._loggers.remove(logger)
                with contextlib.suppress(Exception):
                    logger.close()
                warnings.warn(
                    f"{type(logger).__name__} stopped logging, training goes on: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of a log; a last line that a kill cut short is left out."""
    return read_lines(path)


def read_log_from(path: Path, place: Place = START) -> Part:
    """The records of a log after ``place``, for who watches it grow; see ``json_lines.read_on``."""
    return read_on(path, place)
