"""A session plays a run: rounds until the end, and what is due between them.

Everything it does between rounds is placed by the clock of images seen, so that a run continued
from a checkpoint writes the same log, samples and weights as one that was never stopped.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from ganvas.data import Dataset
from ganvas.data.plane import portrait
from ganvas.engine.engine import Engine
from ganvas.engine.schedule import at
from ganvas.errors import NonFinite
from ganvas.recipes.length import fixed
from ganvas.recipes.recipe import Recipe
from ganvas.report.point_picture import PointPicture
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.generate import sample
from ganvas.sampling.pictures import enlarged, grid, save_clip, save_png
from ganvas.sampling.sheet import GRID, sheet
from ganvas.store import checkpoint, evaluation_records
from ganvas.store.folder import grids, write_recipe
from ganvas.store.log import JsonLines, Logger, Loggers, read_log, tensorboard
from ganvas.training.evaluator import Evaluator
from ganvas.training.interrupt import Interrupt
from ganvas.training.promise import Promise

now = time.monotonic
"""Seconds of the clock on the wall."""

SAFE = 240.0
"""Seconds after which a checkpoint is saved whatever the recipe says: a power cut costs no more."""


@dataclass(frozen=True)
class Event:
    """What a session tells its listeners.

    kind: ``chosen`` (how it plays here, and how long), ``progress`` (a log line was written),
    ``sampled``, ``scored`` (in words), ``saved``, ``warning`` or ``ended``. images: the clock.
    total: where it ends. speed: images a second lately. seconds: trained so far, over all sessions.
    stats: the newest means. path: what was written. text: of those that say something in words.
    """

    kind: str
    images: int
    total: int
    speed: float = 0.0
    seconds: float = 0.0
    stats: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""


Listener = Callable[[Event], None]


class Session:
    """Plays the engine of one run folder, which the caller has locked.

    Args:
        path: the run folder.
        recipe: what the engine was built from.
        engine: at the clock from which to go on.
        log_bytes: how much of the log belongs to this clock; the rest is cut off.
        seconds: trained in earlier sessions.
        best: metric, value and clock of the best checkpoint so far.
        evaluator: evaluates the generator, where the recipe asks for it.
        conditions: of its data, where networks are told any.
        point_picture: how its samples are drawn, where they are points.
        listeners: called with every event.
        extra_loggers: beside ``log.jsonl`` and TensorBoard.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        engine: Engine,
        *,
        log_bytes: int = 0,
        seconds: float = 0.0,
        best: dict[str, Any] | None = None,
        evaluator: Evaluator | None = None,
        conditions: Conditions | None = None,
        point_picture: PointPicture | None = None,
        listeners: list[Listener] | None = None,
        extra_loggers: list[Logger] | None = None,
    ) -> None:
        self.path = path
        self.recipe = recipe
        self.engine = engine
        self.listeners = listeners or []
        self.sheet = sheet(recipe.seed, recipe.generator.latent, conditions)
        self.point_picture = point_picture
        self.best = best
        self.evaluator = evaluator
        for place in (path, path / "samples", path / "checkpoints"):
            checkpoint.clean(place)
        self._cut_samples()
        self._jsonl = JsonLines(path / "log.jsonl", keep_bytes=log_bytes)
        board = tensorboard(path / "tensorboard", read_log(path / "log.jsonl"), self.grids())
        self._loggers = Loggers([self._jsonl, *board, *(extra_loggers or [])])
        self._seconds_before = seconds
        self._began = now()
        self._lately = (self._began, engine.images)
        self._safe = self._began
        here = path / "checkpoints" / f"{engine.images:09d}"
        self._saved_at = engine.images if here.is_dir() else None
        self._told: str | None = None
        self._evaluation_seconds = 0.0

    @property
    def total(self) -> int:
        """Images that will have been seen at the end."""
        return -(-self.recipe.images // self.recipe.batch) * self.recipe.batch

    def play(self, deadline: float | None, asked: Interrupt) -> None:
        """Play until the recipe's images are seen, the deadline, or a signal.

        Args:
            deadline: ``time.monotonic()`` at which to stop; ``None`` for no limit.
            asked: knows of a signal that asks to stop, as soon as one has come.

        Raises:
            NonFinite: a loss stopped being finite; the last checkpoint is from before that.
        """
        try:
            self._begin()
            start, promise = self.engine.images, self._promise(deadline)
            while self.engine.images < self.total and asked.signal is None:
                late = deadline is not None and now() >= deadline - self._reserve()
                if late and self.engine.images > start:
                    break
                before = self.engine.images
                self.engine.round()
                self._after_round(before)
                if promise is not None and promise.is_due(now()):
                    self._fit_minutes(promise, self.engine.images - before)
                    promise = None
            self._save()
            self._warn_slower()
            if asked.signal is None and (self.engine.images > start or not self._is_measured()):
                self._evaluate(last=True)
        finally:
            self._loggers.close()
        self._tell("ended")

    def _begin(self) -> None:
        """Save the very start too, so that a run killed at any moment can be resumed."""
        if self.engine.images == 0 and not self.grids():
            self._sample()
        if self.engine.images == 0 and not self._jsonl.bytes():
            self._evaluate()
        if self._saved_at is None:
            self._save()
        self._safe = now()
        self._lately = (self._safe, self.engine.images)
        self._evaluation_seconds = 0.0

    def _promise(self, deadline: float | None) -> Promise | None:
        """What a run is held to that has yet to fit its minutes."""
        if deadline is None or not self.recipe.fit_minutes:
            return None
        return Promise(now(), deadline - self._reserve(), self.engine.images)

    def _fit_minutes(self, promise: Promise, step: int) -> None:
        """Fix the total, in whole rounds of ``step`` images, and the end of what ends with it;
        write both down before anything else is played."""
        pause = (
            self._reserve() / self.evaluator.settings.every if self.evaluator is not None else 0.0
        )
        images = self.engine.images
        total = promise.total(now(), images, evaluating=self._evaluation_seconds, pause=pause)
        total = min(total - (total - images) % step, self.recipe.images)
        self.engine.move_ends(self.recipe.images, total)
        self.recipe = fixed(self.recipe, total)
        seconds = round(self.seconds(), 2)
        self._loggers.write({"images": images, "total": total, "seconds": seconds})
        write_recipe(self.path, self.recipe)
        # Unless the recipe asked for this checkpoint too, it displaces none that it asks for.
        passing, self._saved_at = self._saved_at != images, None
        self._save(passing=passing)
        self._tell(
            "chosen",
            text=f"{images:,} images in the first tenth of the minutes: the run, and its schedule, "
            f"will end with {total:,}",
        )

    def warn(self, problems: list[str]) -> None:
        """Tell the listeners what was wrong with checkpoints that a resume passed over."""
        for problem in problems:
            self._tell("warning", text=problem)

    def announce(self, choices: str) -> None:
        """Tell the listeners how the machine is used."""
        self._tell("chosen", text=choices)

    def grids(self) -> dict[int, Path]:
        """The sample grids so far, by clock."""
        return grids(self.path)

    def _after_round(self, before: int) -> None:
        every, clock = self.recipe.every, self.engine.images
        if clock // every.log > before // every.log:
            self._log()
        if clock // every.samples > before // every.samples:
            self._sample()
        pace = self.evaluator.settings.every if self.evaluator is not None else self.total + 1
        if clock // pace > before // pace:
            self._evaluate()
        if clock // every.checkpoint > before // every.checkpoint:
            self._save()
        elif now() - self._safe >= SAFE:
            self._save(passing=True)

    def _log(self) -> None:
        stats = self.engine.meter.read()
        self._warn_slower()
        if not self.engine.is_finite():
            self._stop_non_finite()
        moment, images = now(), self.engine.images
        speed = (images - self._lately[1]) / max(moment - self._lately[0], 1e-9)
        self._lately = (moment, images)
        rates = {
            "lr/generator": at(self.recipe.generator_optimiser.lr, images),
            "lr/discriminator": at(self.recipe.discriminator_optimiser.lr, images),
        }
        wall = {"images_per_second": round(speed, 1), "seconds": round(self.seconds(), 2)}
        self._loggers.write({"images": images, **stats, **rates, **wall})
        self._tell("progress", speed=speed, stats=stats)

    def _warn_slower(self) -> None:
        """Say once why the engine plays in a slower way than was chosen."""
        if self.engine.reason not in (None, self._told):
            self._told = self.engine.reason
            self._tell("warning", text=f"rounds are not recorded as graphs: {self._told}")

    def _evaluate(self, *, last: bool = False) -> None:
        """Evaluate. The log and the best know the recipe's own clocks alone, not where a run that
        may be extended happened to end."""
        evaluator, images = self.evaluator, self.engine.images
        if evaluator is None or evaluator.clock == images:
            return
        began = now()
        found = evaluator.evaluate(self._generator(), images, str(self.path))
        moment, clock = self._lately  # an evaluation is no training: speeds leave it out
        self._lately = (moment + now() - began, clock)
        self._evaluation_seconds += now() - began
        numbers = found.log_numbers()
        if not last:
            wall = {"seconds": round(self.seconds(), 2)}
            self._loggers.write({"images": images, **numbers, **wall})
        self._tell("scored", text=found.words(), stats=numbers)
        if not last and evaluator.is_better(found, self.best):
            self.best = evaluator.summary(found)
            self._save()

    def _is_measured(self) -> bool:
        """Whether the run has kept the figures of this clock."""
        return any(
            r.get("images_seen") == self.engine.images for r in evaluation_records.read(self.path)
        )

    def _sample(self) -> None:
        path = self.path / "samples" / f"{self.engine.images:09d}.png"
        try:
            save_png(self.picture(), path)
        except OSError as error:
            warnings.warn(f"{path} was not written: {error}", RuntimeWarning, stacklevel=2)
            return
        self._loggers.image(self.engine.images, path)
        self._tell("sampled", path=path)

    def _save(self, *, passing: bool = False) -> None:
        """Save a checkpoint, if there is none of this clock. One that is ``passing`` leaves no
        other trace: what a run writes must not depend on how long it took."""
        self._safe = now()
        folder = self.path / "checkpoints"
        if self._saved_at == self.engine.images:
            path = folder / f"{self.engine.images:09d}"
            if checkpoint.let_last(path):
                self._tell("saved", path=path)
            return
        tensors = self.engine.tensors()
        if not (self.engine.is_finite() and all_finite(tensors.values())):
            self._stop_non_finite()
        numbers = {
            **self.engine.clock(),
            "log_bytes": self._jsonl.bytes(),
            "seconds": self.seconds(),
            "best": self.best,
            "evaluation_seconds": self._reserve(),
            "total": self.recipe.images,
        }
        path = checkpoint.save(folder, self.engine.images, tensors, numbers, passing=passing)
        best = None if self.best is None else f"{self.best['images']:09d}"
        checkpoint.prune(folder, self.recipe.keep, best)
        self._saved_at = self.engine.images
        if not passing:
            self._tell("saved", path=path)

    def picture(self) -> Image.Image:
        """The fixed latents as they are drawn now, on a sheet; points in their picture."""
        if self.point_picture is not None:
            discriminator = self.engine.game.networks().get("discriminator")
            return self.point_picture.draw(self._generator(), discriminator)
        return grid(self.draw_grid(), self.sheet.columns)

    def draw_grid(self) -> Tensor:
        """The fixed latents as the generator (its EMA copy, where kept) draws them now."""
        return sample(self._generator(), self.sheet.latents, self.sheet.conditions)

    def _generator(self) -> nn.Module:
        game = self.engine.game
        return {**game.networks(), **game.averages()}["generator"]

    def seconds(self) -> float:
        """Trained so far, over all sessions of this run."""
        return self._seconds_before + now() - self._began

    def _reserve(self) -> float:
        """Seconds that the evaluation at the end will take."""
        return 0.0 if self.evaluator is None else self.evaluator.seconds

    def _cut_samples(self) -> None:
        for images, path in self.grids().items():
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

    def _tell(self, kind: str, **more: Any) -> None:
        event = Event(kind, self.engine.images, self.total, seconds=self.seconds(), **more)
        for listener in self.listeners:
            listener(event)


def save_outcome(path: Path, final: Image.Image) -> None:
    """``samples.png``, the newest grid, and the time-lapse of all grids so far."""
    save_png(enlarged(final), path / "samples.png")
    frames = list(_readable(grids(path).values()))
    if len(frames) > 1:
        save_clip([enlarged(frame) for frame in frames], path / "timelapse.gif")


def _readable(paths: Iterable[Path]) -> Iterator[Image.Image]:
    for path in paths:
        try:
            with Image.open(path) as frame:
                yield frame.copy()
        except (OSError, SyntaxError):  # a grid that was damaged costs its frame, not the run
            continue


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether every floating-point number in ``tensors`` is finite."""
    return all(bool(torch.isfinite(t).all()) for t in tensors if t.is_floating_point())


def images_sheet(images: Dataset) -> Image.Image:
    """The first 64 training images, or 10,000 points, to look at beside the samples."""
    if images.are_points:
        return portrait(images)
    return enlarged(grid(images.pixels[:GRID].permute(0, 2, 3, 1).contiguous()))
