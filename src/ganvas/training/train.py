"""Begin a run, continue a run."""

import os
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ganvas.data import Dataset
from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.engine.device import Device, choose_device
from ganvas.engine.engine import Engine
from ganvas.errors import UsageError
from ganvas.recipes import recipe_table
from ganvas.recipes.build.batch import check_batch, with_fewer
from ganvas.recipes.build.choices import Choices, choose, playing
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.recipe import Recipe
from ganvas.report.point_picture import point_picture
from ganvas.report.run_page import write_report
from ganvas.sampling.pictures import save_png
from ganvas.store import checkpoint, evaluation_records, folder, plugins, record
from ganvas.store.log import Logger
from ganvas.store.run import IN_MEMORY, Run
from ganvas.training.evaluator import evaluator_of
from ganvas.training.going_on import at_rest, check_conditions, check_new_batch, going_on
from ganvas.training.interrupt import interruptible
from ganvas.training.session import Event, Listener, Session, images_sheet, save_outcome
from ganvas.training.start import begin_from
from ganvas.trial.batch_size import AUTO, fit_batch
from ganvas.trial.choose import try_out


class Stopped(Exception):
    """A signal stopped the run after its checkpoint was saved; ``signal`` is its name."""

    def __init__(self, run: Run, signal: str) -> None:
        super().__init__(signal)
        self.run = run
        self.signal = signal


def resolve(
    recipe: str | Path | Recipe | None = None,
    data: Any = None,
    overrides: dict[str, Any] | None = None,
    start: str | Path | None = None,
) -> Recipe:
    """The recipe that ``train`` would run, checked.

    Args:
        recipe: a name, a YAML file or a Recipe; by default ``folder`` with data, else ``mnist``.
        data: a path or built-in name, or images in memory.
        overrides: dotted keys and their values.
        start: a run whose weights to begin with; its recipe too, where none is given.

    Raises:
        UsageError: an unknown name or key, or a value that cannot be.
    """
    changes = dict(overrides or {})
    if data is not None and "data.source" in changes:
        raise UsageError("`data` and `data.source` are the same: say one of them")
    if start is not None:
        changes["start"] = str(folder.find(start).resolve())
        recipe = recipe if recipe is not None else f"{changes['start']}/recipe.yaml"
    chosen = recipe_table.find(
        recipe if recipe is not None else "mnist" if data is None else "folder"
    )
    if data is not None:
        changes["data.source"] = _place(data)
    if "images" in changes:
        changes.setdefault("minutes", None)
        changes.setdefault("fit_minutes", False)
    return recipe_table.change(chosen, changes)


def without_auto(overrides: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The overrides without ``batch: auto``, and whether that was among them.

    Raises:
        UsageError: it is, and ``accumulate`` too, which it would replace.
    """
    if overrides.get("batch") != AUTO:
        return overrides, False
    if "accumulate" in overrides:
        raise UsageError("`batch=auto` finds `accumulate` too: leave that away, or name the batch")
    return {key: value for key, value in overrides.items() if key != "batch"}, True


def _place(data: Any) -> str:
    """How a recipe names its source: a built-in name, or a path that any folder can resume from."""
    if not isinstance(data, str | Path):
        return IN_MEMORY
    if isinstance(data, str) and (data in BUILTIN or not os.path.exists(data)):
        return data  # a name, or a mistake to be told as it was typed
    return os.path.abspath(data)


def train(
    recipe: str | Path | Recipe | None = None,
    *,
    data: Any = None,
    out: str | Path = "runs",
    name: str | None = None,
    images: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    plugin: str | Path | None = None,
    start: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    listeners: Iterable[Listener] = (),
    loggers: Iterable[Logger] = (),
    progress: Any = None,
    began: float | None = None,
) -> Run:
    """Train a recipe in a new run folder.

    Args:
        recipe: a name, a YAML file or a Recipe; by default ``folder`` with data, else ``mnist``.
        data: what to train on instead of the recipe's own: a path or built-in name, a uint8 or
            float tensor or array [N, C, H, W] or [N, H, W, C], or a map-style torch Dataset.
        out: where run folders lie. name: this one's name, by default the recipe's.
        images: total images to see. minutes: stop after so many; a recipe that fits its minutes
            ends its schedule with them. seed: of everything.
        plugin: a Python file of the user's own parts.
        start: a run whose weights to begin with; its recipe too, where none is given.
        overrides: dotted keys and values, ``{"generator.width": 96}``; ``batch`` may be ``auto``.
            What is given by name (images, minutes, seed) goes before them.
        listeners: called with every event. loggers: beside JSON lines and TensorBoard.
        progress: called with (done, total) while data is read.
        began: ``time.monotonic()`` from which ``minutes`` count, by default now.

    Returns:
        The finished run.

    Raises:
        UserError: something the user can mend; see ``ganvas.errors``.
        Stopped: a signal stopped it; everything is saved.
    """
    began = time.monotonic() if began is None else began
    loaded = plugins.load_file(plugin) if plugin is not None else {}
    _check_length(images, minutes)
    shortcuts = {"images": images, "minutes": minutes, "seed": seed}
    changes = {key: value for key, value in shortcuts.items() if value is not None}
    changes, fit = without_auto({**(overrides or {}), **changes})
    chosen = resolve(recipe, data, changes, start)
    folder.check_name(name or chosen.name)
    choose(chosen)  # what cannot be had here is told before data is read
    source = None if data is None or isinstance(data, str | Path) else data
    given = data is not None or "data.source" in changes
    few = given and "batch" not in changes  # these may be too few for the recipe's
    found = load_data(chosen.data, source, progress)
    listeners = list(listeners)

    def tell(text: str) -> None:
        for listener in listeners:
            listener(Event("chosen", 0, chosen.images, text=text))

    if not fit and not few:
        check_batch(chosen, found)
    tell(found.words())
    if few and not fit:
        chosen, why = with_fewer(chosen, found)
        if why:
            tell(why)
    if fit:
        tell("finding a batch that suits this machine")
        chosen, why = fit_batch(chosen, found)
        tell(why)
    known = conditions_of(chosen, found)
    choices = try_out(chosen, found, tell=tell)
    with playing(choices):
        engine = build_engine(Prepared.of(chosen, found, choices))
        taken = begin_from(engine, chosen.start) if chosen.start is not None else None
        evaluator, problems = evaluator_of(
            chosen, found, source, engine.device, known, progress=progress
        )
        path = folder.create(Path(out), name or chosen.name)
        with folder.begun(path), folder.Lock(path):
            folder.write_recipe(path, chosen)
            record.write(record.describe(found, choices, loaded, known), path)
            save_png(images_sheet(found), path / "reals.png")
            session = Session(
                path,
                chosen,
                engine,
                evaluator=evaluator,
                conditions=known,
                point_picture=point_picture(chosen, found, known),
                listeners=listeners,
                extra_loggers=list(loggers),
            )
            session.announce(choices.sentence())
            if taken is not None:
                session.announce(taken)
            session.warn([*found.warnings, *problems])
            return _play(session, began)


def resume(
    run: str | Path,
    *,
    data: Any = None,
    images: int | None = None,
    minutes: float | None = None,
    new_data: bool = False,
    device: Device | None = None,
    plugin: str | Path | None = None,
    listeners: Iterable[Listener] = (),
    loggers: Iterable[Logger] = (),
    progress: Any = None,
    began: float | None = None,
) -> Run:
    """Continue a run exactly where its newest whole checkpoint stands.

    Args:
        run: its folder.
        data: the images again, where they were given in memory; or the path they moved to.
        images: a new total. minutes: stop after so many; the recipe's own limit is used again only
            where the run was to fit it and had not yet.
        new_data: go on although the data is not what the run was trained on.
        device: where to go on, if not where it was; precision, threads and kernels are then chosen
            anew, as for a run that begins there, and the resume is not exact to the last bit.
        plugin: the file of the user's own parts, where the run was made with one.
        listeners, loggers, progress, began: as for ``train``.

    Raises:
        UserError: as ``train``; also a run in use, or nothing whole to resume from.
        Stopped: a signal stopped it; everything is saved.
    """
    _check_length(images, minutes)
    began = time.monotonic() if began is None else began
    path = folder.find(run)
    with folder.Lock(path), ExitStack() as stack:
        old = Run(path, plugin=plugin)
        known = old.record
        if images is not None and images < min(old.images, old.recipe.images):
            raise UsageError(f"{path} has seen {old.images:,} images: `images` must be more")
        recipe = going_on(old, images, minutes)
        was: Any = torch.device(known.choices.device).type
        place = choose_device(was if device is None else device).type
        if recipe.data.source == IN_MEMORY and data is None:
            raise UsageError("this run was trained on images in memory: give them again as data=")
        if data is None:
            old.check_place()
        kept = recipe.data
        if not old.draws_points:
            kept = replace(kept, channels=known.shape[0])
        found = load_data(kept, data, progress)
        if new_data:
            check_conditions(old, conditions_of(recipe, found))
            check_new_batch(recipe, found, path)
        else:
            found = known.check_data(found)
        if isinstance(data, str | Path):  # where they lie now is where they will be sought
            recipe = replace(recipe, data=replace(recipe.data, source=_place(data)))
        listeners = list(listeners)
        choices = known.choices if place == was else _chosen_anew(recipe, found, place, listeners)
        stack.enter_context(playing(choices))
        engine = build_engine(Prepared.of(recipe, found, choices))
        numbers, problems = _restore(engine, path / "checkpoints", recipe.start)
        seconds = numbers.get("evaluation_seconds", 0.0)
        conditions = conditions_of(recipe, found)
        evaluator, missing = evaluator_of(
            recipe, found, data, engine.device, conditions, seconds, progress
        )
        here = replace(known, choices=choices)
        problems += [*at_rest(recipe, engine.images, path), *here.differences()]
        if place != was:
            record.write(here := record.at_home(here), path)
        if new_data:
            changed = {"fingerprint": found.fingerprint, "data": found.name, "count": len(found)}
            record.write(replace(here, **changed), path)
        kept = replace(recipe, minutes=old.recipe.minutes)
        if kept != old.recipe:
            folder.write_recipe(path, kept)
        session = Session(
            path,
            recipe,
            engine,
            log_bytes=numbers["log_bytes"],
            seconds=numbers["seconds"],
            best=numbers.get("best"),
            evaluator=evaluator,
            conditions=old.conditions,
            point_picture=point_picture(recipe, found, old.conditions),
            listeners=listeners,
            extra_loggers=list(loggers),
        )
        session.announce(choices.sentence())
        session.warn([*problems, *missing])
        return _play(session, began)


def _chosen_anew(
    recipe: Recipe, images: Dataset, device: Any, listeners: list[Listener]
) -> Choices:
    """How a run that began elsewhere plays on this device."""

    def tell(text: str) -> None:
        for listener in listeners:
            listener(Event("chosen", 0, recipe.images, text=text))

    graphs = recipe.compile if device == "cuda" else None
    return try_out(replace(recipe, device=device, compile=graphs), images, tell=tell)


def _check_length(images: int | None, minutes: float | None) -> None:
    if images is not None and minutes is not None:
        raise UsageError("`images` is not allowed with `minutes`: say how long in one of them")


def _play(session: Session, began: float) -> Run:
    minutes = session.recipe.minutes
    deadline = None if minutes is None else began + 60 * minutes - RESERVE
    with interruptible() as asked:  # what comes after the last round lets the report be written
        session.play(deadline, asked)
        save_outcome(session.path, session.picture())
        if session.evaluator is not None and session.evaluator.newest is not None:
            evaluation_records.append(session.evaluator.newest.records(), session.path)
        run = Run(session.path)
        write_report(run)
    if asked.signal is not None:
        raise Stopped(run, asked.signal)
    return run


RESERVE = 2.0
"""Seconds kept of ``minutes`` for the last checkpoint, the time-lapse and the report."""


def _restore(engine: Engine, place: Path, start: str | None) -> tuple[dict[str, Any], list[str]]:
    """Put the newest whole checkpoint into the engine; its numbers, and what was damaged.

    A run that was killed before its first checkpoint begins anew: its seed determines it.
    """
    if not list(checkpoint.complete(place)):
        if start is not None:
            begin_from(engine, start)
        return {"log_bytes": 0, "seconds": 0.0}, []
    path, tensors, numbers, problems = checkpoint.load_newest(place)
    checkpoint.restore(engine.tensors(), tensors, str(path))
    engine.set_clock(numbers)
    checkpoint.set_aside(place, newer_than=engine.images)
    return numbers, problems
