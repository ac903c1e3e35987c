"""``ganvas.resume``: continue a run."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganvas.engine.device import Device
from ganvas.recipes.build.choices import playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.own_parts import OwnPart
from ganvas.screen.training_screen import shown
from ganvas.store import record, run_folder
from ganvas.store.event import Listener, found_listeners
from ganvas.store.log import Logger, logger_makers
from ganvas.store.own import kept_code, plugins, registered
from ganvas.store.own.change import blaming
from ganvas.store.own.plugins import Plugin, PluginFiles
from ganvas.store.run import Run
from ganvas.training.evaluator import evaluator_of
from ganvas.training.events import Announcer
from ganvas.training.going_on import at_rest, check_changes, resumed_recipe
from ganvas.training.prepare import prepare_again
from ganvas.training.resolve import by_name
from ganvas.training.session import check_length, play
from ganvas.training.start import restore
from ganvas.training.writer import RunWriter


def resume(
    run: str | Path,
    *,
    data: Any = None,
    images: int | None = None,
    minutes: float | None = None,
    new_data: bool = False,
    device: Device | None = None,
    plugin: PluginFiles = None,
    accept_changed_plugin: bool = False,
    listeners: Iterable[Listener | str] = (),
    loggers: Iterable[Logger | str] = (),
    progress: Any = None,
    show: bool | None = None,
    began: float | None = None,
) -> Run:
    """Continue a run exactly where its newest whole checkpoint stands.

    Args:
        run: its folder.
        data: the images again, where they were given in memory; or the path they moved to; of a run
            with several sources, for each of these by name.
        images: a new total.
        minutes: stop after so many; the recipe's own limit is used again only where the run was to
            fit it and had not yet.
        new_data: go on although the data is not what the run was trained on.
        device: where to go on, if not where it was; precision, threads and kernels are then chosen
            anew, as for a run that begins there, and the resume is not exact to the last bit.
        plugin: the file of the user's own parts, where the run was made with one, or several.
        accept_changed_plugin: go on although the code of a plug-in, or of a part that was
            registered in Python, has changed; the resume is then not exact. Comments and docstrings
            are no code.
        listeners, loggers, progress, show, began: as for ``train``.

    Raises:
        UserError: as ``train``; also a run in use, or nothing whole to resume from.
        Stopped: a signal stopped it; everything is saved.
    """
    began = time.monotonic() if began is None else began
    check_length(images, minutes)
    path = run_folder.find(run)
    plugins.load(plugin)  # which may name listeners and loggers
    heard, makers = found_listeners(listeners), logger_makers(loggers)
    with run_folder.Lock(path), shown(show, heard, progress) as (watching, reading):
        old = Run(path, plugin=plugin)
        check_changes(old, accepted=accept_changed_plugin)
        recipe = resumed_recipe(old, images, minutes)
        tell = Announcer(watching, recipe.images)
        given = by_name(data)
        prepared = prepare_again(old, recipe, given, device, tell, reading, new_data=new_data)
        with playing(prepared.choices):
            with blaming(old.changes):
                engine = build_engine(prepared)
                earlier, problems = restore(engine, path, recipe.start)
            evaluator, missing = evaluator_of(prepared, engine.device, reading)
            _write_changes(old, prepared, engine.images, new_data=new_data)
            problems += at_rest(recipe, engine.images, path)
            problems += _differences(old, prepared, engine.images)
            writer = RunWriter(path, prepared, engine, earlier, announcer=tell, loggers=makers)
            writer.announce(prepared.choices.sentence())
            writer.warn([*problems, *prepared.warnings, *missing])
            return play(writer, evaluator, began)


def _differences(old: Run, prepared: Prepared, images: int) -> list[str]:
    """What of the software, the processor or the user's own code is not what the run began with,
    after that is written into the run, at this clock."""
    changes = []
    for change in old.changes:
        moved = None if change.kept is None else kept_code.until(change.kept, old.path, images)
        now = replace(change, kept=moved) if moved is not None and moved.is_file() else change
        changes.append(f"the resume is not exact: {now.words()}")
    return [*changes, *replace(old.record, choices=prepared.choices).differences()]


def _own_code(old: Run) -> tuple[list[Plugin], list[OwnPart]]:
    """The plug-ins with which a run goes on, and its parts that are of none; a part that a script
    registered may be one of a plug-in now."""
    named = old.record.code.named(old.path)
    parts = [part for each in old.record.own_parts if (part := each.now()) is not None]
    return registered.parted(parts, named, plugins.loaded())


def _write_changes(old: Run, prepared: Prepared, images: int, *, new_data: bool) -> None:
    """Write what holds from now on, at this clock, into the run's record and recipe, where that is
    new."""
    here = replace(old.record, choices=prepared.choices)
    if here != old.record:
        here = record.at_home(here)
    files, parts = _own_code(old)
    if old.changes or len(parts) < len(old.record.own_parts):
        kept_code.keep(old.path, files, images)
        registered.keep(old.path, parts, images)
        here = record.with_code(here, files, parts)
    if new_data:
        here = record.with_data(here, prepared)
    if here != old.record:
        record.write(here, old.path)
    recipe = replace(prepared.recipe, minutes=old.recipe.minutes)
    if recipe != old.recipe:
        run_folder.write_recipe(old.path, recipe)
