"""The run writer: all that a session leaves in its run folder, and what it tells listeners."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ganvas.domains.pictures import enlarged, save_png
from ganvas.engine.engine import Engine
from ganvas.engine.schedule import at
from ganvas.errors import NonFinite
from ganvas.evaluation.result import Evaluation
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.length import fixed
from ganvas.store import checkpoint, evaluation_records
from ganvas.store.log import (
    TENSORBOARD,
    JsonLines,
    LoggerMaker,
    Loggers,
    made_loggers,
    read_log,
)
from ganvas.store.run_folder import grids, write_recipe
from ganvas.training.events import Announcer, News
from ganvas.training.run_pictures import SamplePicture
from ganvas.training.stopwatch import Stopwatch


@dataclass(frozen=True)
class Earlier:
    """What earlier sessions of a run left; by default nothing, as for a new run.

    log_bytes: how much of ``log.jsonl`` belongs to the clock from which the run goes on.
    seconds: trained so far.
    best: metric, value and clock of the best evaluation; None where there was none.
    evaluation_seconds: that the longest evaluation took.
    """

    log_bytes: int = 0
    seconds: float = 0.0
    best: dict[str, Any] | None = None
    evaluation_seconds: float = 0.0


class RunWriter:
    """Writes the log, sample grids, checkpoints and the recipe of a run folder.

    All of it is placed by the clock of images seen, so that a run continued from a checkpoint
    writes the same as one that was never stopped: what lies beyond that clock is cut off here.
    ``news`` is not: what it writes is placed by the clock on the wall.

    Args:
        path: the run folder, which the caller has locked.
        prepared: what the engine was built from.
        engine: at the clock from which to go on.
        earlier: what earlier sessions left; None begins a new run.
        announcer: knows the listeners, and what they were told before there was a folder.
        loggers: beside ``log.jsonl`` and TensorBoard.
    """

    def __init__(
        self,
        path: Path,
        prepared: Prepared,
        engine: Engine,
        earlier: Earlier | None = None,
        *,
        announcer: Announcer,
        loggers: Iterable[LoggerMaker] = (),
    ) -> None:
        is_new, earlier = earlier is None, earlier or Earlier()
        self.path = path
        self.recipe = prepared.recipe
        """As it stands in the folder, but for the minutes of this session."""
        self.engine = engine
        self.best = earlier.best
        self._picture = SamplePicture(prepared)
        for place in (path, path / "samples", path / "checkpoints"):
            checkpoint.clean(place)
        self._cut_samples()
        self._jsonl = JsonLines(path / "log.jsonl", keep_bytes=earlier.log_bytes)
        self._loggers = Loggers([self._jsonl, *made_loggers([TENSORBOARD, *loggers], path)])
        if not is_new:
            self._loggers.rewrite(read_log(path / "log.jsonl"), grids(path))
        self._saved_at = engine.images if self._checkpoint().is_dir() else None
        self._reason: str | None = None
        self.stopwatch = Stopwatch(engine.images, earlier.seconds, earlier.evaluation_seconds)
        self.news = News(path, engine, self.stopwatch, lambda: self.total, announcer.listeners)
        self.news.open("began" if is_new else "resumed", announcer.said)

    @property
    def total(self) -> int:
        """Images that will have been seen at the end: whole batches."""
        return -(-self.recipe.images // self.recipe.batch) * self.recipe.batch

    def has_samples(self) -> bool:
        """Whether there is a sample grid."""
        return bool(grids(self.path))

    def has_log(self) -> bool:
        """Whether there is a log line."""
        return bool(self._jsonl.bytes())

    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint of this clock."""
        return self._saved_at == self.engine.images

    def has_evaluation(self) -> bool:
        """Whether there are figures of this clock."""
        records = evaluation_records.read(self.path)
        return any(record.get("images_seen") == self.engine.images for record in records)

    def announce(self, *texts: str) -> None:
        """Tell the listeners how the run is played."""
        for text in texts:
            self.news.tell("chosen", text=text)

    def warn(self, problems: Iterable[str]) -> None:
        """Tell the listeners of each problem."""
        for problem in problems:
            self.news.tell("warning", text=problem)

    def warn_slower(self) -> None:
        """Say once why the engine plays in a slower way than was chosen."""
        if self.engine.reason not in (None, self._reason):
            self._reason = self.engine.reason
            self.warn([f"rounds are not recorded as graphs: {self._reason}"])

    def log(self) -> None:
        """Write a log line: the means since the last one, learning rates, the speed.

        Raises:
            NonFinite: a loss stopped being finite.
        """
        stats = self.engine.meter.read()
        self.warn_slower()
        if not self.engine.is_finite():
            self._stop_non_finite()
        images = self.engine.images
        speed = self.stopwatch.speed(images)
        rates = {
            f"lr/{player}": at(optimiser.lr, images)
            for player, optimiser in self.recipe.optimisers.items()
        }
        wall = {"images_per_second": round(speed, 1), "seconds": self._rounded_seconds()}
        self._loggers.write({"images": images, **stats, **rates, **wall})
        self.news.show()
        self.news.tell("progress", speed=speed, stats=stats)

    def evaluated(self, found: Evaluation, *, log: bool) -> None:
        """Tell of an evaluation, and write its figures into the log if that is asked for."""
        numbers = found.log_numbers()
        if log:
            wall = {"seconds": self._rounded_seconds()}
            self._loggers.write({"images": self.engine.images, **numbers, **wall})
        self.news.tell("evaluated", text=found.words() or found.listed(), stats=numbers)

    def sample(self, *, passing: bool = False) -> None:
        """Write a sample grid; one that cannot be written is a warning.

        passing: it only replaces ``samples.png``, which the end of the run replaces again.
        """
        images, picture = self.engine.images, self.picture()
        path = self.path / "samples" / f"{images:09d}.png"
        if passing:
            path, picture = self.path / "samples.png", enlarged(picture)
        try:
            save_png(picture, path)
        except OSError as error:
            warnings.warn(f"{path} was not written: {error}", RuntimeWarning, stacklevel=2)
            return
        if not passing:
            self._loggers.image(images, path)
        self.news.tell("sampled", path=path)

    def save(self, *, passing: bool = False) -> None:
        """Save a checkpoint, if there is none of this clock.

        Args:
            passing: it leaves no other trace, since time alone, or another process, asked for it:
                what a run writes must not depend on how long it took, or on who watches.

        Raises:
            NonFinite: a loss or a weight stopped being finite.
            UserError: the disk is full or cannot be written.
        """
        self.stopwatch.saved()
        if self.has_checkpoint():
            if not passing and checkpoint.let_last(self._checkpoint()):
                self.news.tell("saved", path=self._checkpoint())
            return
        tensors = self.engine.tensors()
        if not (self.engine.is_finite() and all_finite(tensors.values())):
            self._stop_non_finite()
        folder, images = self.path / "checkpoints", self.engine.images
        path = checkpoint.save(folder, images, tensors, self._numbers(), passing=passing)
        best = None if self.best is None else f"{self.best['images']:09d}"
        checkpoint.prune(folder, self.recipe.keep, best)
        self._saved_at = images
        self.news.has_newest("checkpoint", path=path)
        if not passing:
            self.news.tell("saved", path=path)

    def end_with(self, total: int) -> None:
        """Write down, everywhere, that the run and its schedules end with so many images."""
        images = self.engine.images
        self.recipe = fixed(self.recipe, total)
        seconds = self._rounded_seconds()
        self._loggers.write({"images": images, "total": total, "seconds": seconds})
        write_recipe(self.path, self.recipe)
        # Unless the recipe asked for this checkpoint too, it displaces none that it asks for.
        passing, self._saved_at = not self.has_checkpoint(), None
        self.save(passing=passing)
        self.announce(
            f"{images:,} images in the first tenth of the minutes: the run, and its schedule, "
            f"will end with {total:,}"
        )

    def picture(self) -> Image.Image:
        """The run's samples as they are now."""
        return self._picture.draw(self.engine)

    def close(self) -> None:
        """Close the logs."""
        self._loggers.close()

    def _checkpoint(self) -> Path:
        return self.path / "checkpoints" / f"{self.engine.images:09d}"

    def _numbers(self) -> dict[str, Any]:
        """What a resume needs beside the tensors."""
        return {
            **self.engine.clock(),
            "log_bytes": self._jsonl.bytes(),
            "seconds": self.stopwatch.seconds(),
            "best": self.best,
            "evaluation_seconds": self.stopwatch.longest_evaluation,
            "total": self.recipe.images,
        }

    def _rounded_seconds(self) -> float:
        return round(self.stopwatch.seconds(), 2)

    def _cut_samples(self) -> None:
        for images, path in grids(self.path).items():
            if images > self.engine.images:
                path.unlink()

    def _stop_non_finite(self) -> None:
        kept = [path.name for path in checkpoint.complete(self.path / "checkpoints")]
        raise NonFinite(
            f"a loss or a weight stopped being a finite number before image "
            f"{self.engine.images:,}; the last checkpoint, {kept[-1] if kept else 'none'}, is from "
            f"before that. Begin a new run with a lower learning rate, `clip_gradient=1`, "
            f"or `precision=fp32`"
        )


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether every floating-point number in ``tensors`` is finite."""
    return all(bool(torch.isfinite(t).all()) for t in tensors if t.is_floating_point())
