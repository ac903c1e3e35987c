"""Loggers behind one small protocol. None of them can stop a training run.

A logger gets one flat record a line, ``images`` first, and the path of each new sample grid. Where
a run goes on from a checkpoint, ``log.jsonl`` is cut back to its clock, and a ``Rewritable`` logger
writes all of that anew, so that a resumed log is the uninterrupted one.
"""

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ganvas import own_code
from ganvas.recipes.reading import registered
from ganvas.store.json_lines import START, Part, Place, read_lines, read_on

Record = Mapping[str, Any]
"""One line of a log: ``images`` first, then numbers by name, such as ``loss/generator``."""


@runtime_checkable
class Logger(Protocol):
    """What a logger does. One of a user's own is registered under a name; it is made with the path
    of the run folder::

        @register
        class Csv:
            def __init__(self, run: Path) -> None:
                self.path = run / "losses.csv"

            def clear(self) -> None:  # the run goes on: all that the log holds comes again
                self.path.unlink(missing_ok=True)

            def write(self, record: Record) -> None:
                with self.path.open("a") as file:
                    print(record["images"], record.get("loss/generator"), sep=",", file=file)

            def image(self, images: int, path: Path) -> None: ...

            def close(self) -> None: ...

    Where steps only go forward there is no ``clear``. A run that goes on then logs some steps
    again, the same numbers, which Weights & Biases passes over::

        @register
        class WandB:
            def __init__(self, run: Path) -> None:
                import wandb

                self.picture = wandb.Image
                self.run = wandb.init(project="gans", id=run.name, resume="allow")

            def write(self, record: Record) -> None:
                self.run.log(dict(record), step=record["images"])

            def image(self, images: int, path: Path) -> None:
                self.run.log({"samples": self.picture(str(path))}, step=images)

            def close(self) -> None:
                self.run.finish()
    """

    def write(self, record: Record) -> None:
        """Log one record."""
        ...

    def image(self, images: int, path: Path) -> None:
        """Log a new sample grid, a PNG file, at ``images`` seen."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


@runtime_checkable
class Rewritable(Logger, Protocol):
    """A logger that can begin anew. Where a run goes on, it is cleared first, then it gets every
    record and grid from before the checkpoint again, and then what follows."""

    def clear(self) -> None:
        """Forget, or delete, all that was logged."""
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

    Its files cannot be cut; where a run goes on they are written anew.

    Args:
        run: the run folder; what was in its ``tensorboard/`` is deleted.
    """

    def __init__(self, run: Path) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self._folder = run / "tensorboard"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writer = SummaryWriter(str(self._folder), max_queue=100)

    def clear(self) -> None:
        """There is nothing to forget: it began with an empty folder."""

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


LOGGERS: dict[str, Callable[[Path], Logger]] = {}
"""What plug-ins register: a class or a function that makes a logger of a run folder, by name."""


class LoggerMaker(NamedTuple):
    """name: for a warning. make: called with the run folder, once it is there."""

    name: str
    make: Callable[[Path], Logger]


TENSORBOARD = LoggerMaker("TensorBoard", TensorBoard)


def logger_makers(given: Iterable[Logger | str]) -> list[LoggerMaker]:
    """What makes these loggers, which are there already or are registered under a name.

    Raises:
        UsageError: no logger has this name.
    """
    return [
        LoggerMaker(each, registered(each, LOGGERS, "logger"))
        if isinstance(each, str)
        else LoggerMaker(type(each).__name__, lambda _, logger=each: logger)
        for each in given
    ]


def made_loggers(makers: Iterable[LoggerMaker], run: Path) -> list[Logger]:
    """The loggers of a run folder; one that cannot be made is a warning."""
    loggers = []
    for name, make in makers:
        try:
            loggers.append(make(run))
        except Exception as error:
            text = f"no {name} in this run: {own_code.described(error)}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
    return loggers


class Loggers:
    """Several loggers as one; the first failure of each is a warning and its last call."""

    def __init__(self, loggers: Iterable[Logger]) -> None:
        self._loggers = list(loggers)

    def rewrite(self, records: Sequence[Record], grids: Mapping[int, Path]) -> None:
        """Have those that can write the log so far anew.

        Args:
            records: of the log so far.
            grids: the sample grids so far, by images seen.
        """

        def anew(logger: Logger) -> None:
            if not isinstance(logger, Rewritable):
                return
            logger.clear()
            for record in records:
                logger.write(record)
            for images, path in sorted(grids.items()):
                logger.image(images, path)

        self._each(anew)

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
                    f"{type(logger).__name__} stopped logging, training goes on: "
                    f"{own_code.described(error)}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of a log; a last line that a kill cut short is left out."""
    return read_lines(path)


def read_log_from(path: Path, place: Place = START) -> Part:
    """The records of a log after ``place``, for who watches it grow; see ``json_lines.read_on``."""
    return read_on(path, place)
